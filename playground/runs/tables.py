"""The tables of the store (SQLAlchemy Core), for SQLite and any other database that SQLAlchemy speaks to."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from platformdirs import user_data_path
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry

METADATA = sa.MetaData()
TURNS = 0x9A7E  # PostgreSQL's advisory lock, by number
BUSY = 10  # seconds that SQLite waits for a lock before it refuses
LONG_TEXT = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")  # where a TEXT ends at 64 KB

RUNS = sa.Table(
    "runs",
    METADATA,
    sa.Column("id", sa.String(24), primary_key=True),
    sa.Column("place", sa.Integer, nullable=False),  # in the queue; a run that is taken up again keeps its own
    sa.Column("config", LONG_TEXT, nullable=False),
    sa.Column("title", LONG_TEXT, nullable=False, default=""),
    sa.Column("owner", sa.String(64), nullable=False, default=""),
    sa.Column("status", sa.String(10), nullable=False),
    sa.Column("reason", LONG_TEXT, nullable=False, default=""),
    sa.Column("wanted", sa.String(5), nullable=False, default="run"),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("finished", sa.Double),
    sa.Column("step", sa.Integer, nullable=False, default=0),
    sa.Column("steps", sa.Integer, nullable=False, default=0),
    sa.Column("seconds", sa.Double, nullable=False, default=0.0),
    sa.Column("parameters", sa.Integer, nullable=False, default=0),
    sa.Column("device", sa.String(16), nullable=False, default=""),
    sa.Column("worker", sa.String(64), nullable=False, default=""),
    sa.Column("heartbeat", sa.Double, nullable=False, default=0.0),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("learning_rate", sa.Double),
    sa.Column("more_epochs", sa.Integer, nullable=False, default=0),
    sa.Column("samples", LONG_TEXT, nullable=False, default="[]"),
    sa.Column("threads", sa.Integer),  # NULL until a worker takes the run, and in older rows
    sa.Column("share", sa.Double),  # of a download that the run waits for; NULL: none, or nobody knows how long it is
)
sa.Index("runs_by_status", RUNS.c.status, RUNS.c.place)
sa.Index("runs_by_owner", RUNS.c.owner, RUNS.c.created)

RECORDS = sa.Table(
    "records",
    METADATA,
    sa.Column("run", sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("body", LONG_TEXT, nullable=False),
)

CHECKPOINTS = sa.Table(
    "checkpoints",
    METADATA,
    sa.Column("run", sa.ForeignKey("runs.id"), primary_key=True),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("content", sa.LargeBinary(2**32 - 1), nullable=False),  # without a length MySQL ends it at 64 KB
)


def database_url() -> str:
    """Name the database of runs: `PLAYGROUND_DB`, or an SQLite file in the user's data folder."""
    given = os.environ.get("PLAYGROUND_DB")
    return given or f"sqlite:///{user_data_path('playground', ensure_exists=True) / 'runs.db'}"


def without_secrets(url: str) -> str:
    """The address as everybody on the machine may read it: its password is hidden, and options may hold one too.

    >>> without_secrets("postgresql+psycopg://me:secret@server/runs?sslpassword=secret")
    'postgresql+psycopg://me:***@server/runs'
    """
    address = sa.make_url(url)
    return address.set(query={}).render_as_string() if address.password or address.query else url


def connect(url: str) -> sa.Engine:
    """An engine with its tables made. SQLite: write-ahead log, so that readers never wait for a writer."""
    address = sa.make_url(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    if (file := file_of(url)) is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(address, pool_pre_ping=not is_sqlite)
    if file is not None:
        _keep_private(file)
    if is_sqlite:
        sa.event.listen(engine, "connect", _prepare_sqlite)
    make(engine)
    return engine


def file_of(url: str) -> Path | None:
    """The file that an SQLite database is kept in; None for another database, one in memory, and one that is a URI."""
    address = sa.make_url(url)
    file = address.database or ""
    is_path = file not in ("", ":memory:") and not file.startswith("file:")
    return Path(file) if address.get_backend_name() == "sqlite" and is_path else None


def _keep_private(file: Path) -> None:
    """Make the file if it is not there, for its owner alone: the tokens of all owners are in it.

    SQLite gives the files beside it the same mode. What a group was allowed stays. A file that is there is not opened:
    to close it would let go of every lock that this process has on it (sqlite.org/howtocorrupt.html, 2.2).
    """
    with suppress(OSError):  # SQLite says better what is wrong with it
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    with suppress(OSError):  # another owner's file is another's concern
        if (mode := file.stat().st_mode & 0o777) & 0o007:
            file.chmod(mode & ~0o007)


def make(engine: sa.Engine) -> None:
    """Make what is not there yet. Looked at first: a database that can only be read may be complete."""
    if missing(engine) is None:
        return
    with engine.begin() as connection:
        take_turns(connection)  # another process may be about to make the same
        METADATA.create_all(connection)
        for column in missing(connection) or ():
            kind = column.type.compile(connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {RUNS.name} ADD COLUMN {column.name} {kind}")


def missing(bind: sa.Engine | sa.Connection) -> list[sa.Column[Any]] | None:
    """The columns that an older database does not have, all of which may be NULL; None where nothing is missing."""
    found = sa.inspect(bind)
    tables = set(found.get_table_names())
    there = {column["name"] for column in found.get_columns(RUNS.name)} if RUNS.name in tables else {*RUNS.c.keys()}
    columns = [column for column in RUNS.c if column.name not in there]
    return columns if columns or not METADATA.tables.keys() <= tables else None


def take_turns(connection: sa.Connection) -> None:
    """Wait until no other transaction that takes turns goes on, and hold others off until this one ends."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(TURNS)))


def now(connection: sa.Connection) -> Any:
    """Seconds since 1970, by a clock that all machines of a database share: PostgreSQL's own, else this one's."""
    if connection.dialect.name == "postgresql":
        return sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)
    return time.time()


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={1000 * BUSY}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _write_ahead(cursor: DBAPICursor) -> None:
    """Turn the write-ahead log on, which stays on in the file.

    Two connections that turn it on at once may each hold the lock that the other waits for; SQLite then refuses one of
    them without waiting (https://sqlite.org/c3ref/busy_handler.html), and the other one gets through.
    """
    until = time.monotonic() + BUSY
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(random.uniform(0, BUSY / 1000))
        else:
            return
