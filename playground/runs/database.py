"""`Database`: the connection to the database of runs, and the errors for where it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from playground.errors import PlaygroundError
from playground.runs.tables import connect, database_url, file_of


class Database:
    """A database with the tables of runs. PlaygroundError where it refuses."""

    def __init__(self, url: str | None = None) -> None:
        self.url = url or database_url()
        try:
            self.engine = connect(self.url)
            self._file = file_of(self.url)
            self._identity = _identity(self._file)
        except (SQLAlchemyError, ImportError, OSError) as error:
            raise _refused(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        self._check_file()
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise _refused(error) from error

    def _check_file(self) -> None:
        """PlaygroundError where the file is gone: SQLite would write on into what nobody finds any more, or begin an
        empty one in its place. One that was put there since is opened."""
        now = _identity(self._file)
        if now == self._identity:
            return
        if now is None:
            hint = "put it back, or start the server again for an empty one"
            raise PlaygroundError(f"the runs' database {self._file} was moved or deleted", hint=hint)
        self.engine.dispose()
        self._identity = now


def _identity(file: Path | None) -> tuple[int, int] | None:
    """Tell one file from another in the same place; None where there is none."""
    if file is None:
        return None
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    except OSError:  # SQLite says what is wrong
        return (0, 0)
    return found.st_dev, found.st_ino


def _refused(error: Exception) -> PlaygroundError:
    origin = getattr(error, "orig", None) or error
    hint = "runs are kept in a database (PLAYGROUND_DB); it has to be there, writable, and its disk not full"
    return PlaygroundError(
        f"the runs' database refuses: {(str(origin).splitlines() or [type(origin).__name__])[0][:120]}", hint=hint
    )
