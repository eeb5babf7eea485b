"""`Database`: the connection to the database of runs, and the errors for where it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from playground.errors import PlaygroundError
from playground.runs.tables import connect, database_url


class Database:
    """A database with the tables of runs. PlaygroundError where it refuses."""

    def __init__(self, url: str | None = None) -> None:
        self.url = url or database_url()
        try:
            self.engine = connect(self.url)
        except (SQLAlchemyError, ImportError, OSError) as error:
            raise _refused(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _refused(error) from error


def _refused(error: Exception) -> PlaygroundError:
    origin = getattr(error, "orig", None) or error
    hint = "runs are kept in a database (PLAYGROUND_DB); it has to be there, writable, and its disk not full"
    return PlaygroundError(
        f"the runs' database refuses: {(str(origin).splitlines() or [type(origin).__name__])[0][:120]}", hint=hint
    )
