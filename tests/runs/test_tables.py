"""The tables as other databases make them: compiled only, which needs no driver."""

from __future__ import annotations

import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.schema import CreateTable

from playground.runs.tables import CHECKPOINTS, METADATA, RECORDS, RUNS

DIALECTS = (mysql.dialect(), postgresql.dialect(), sqlite.dialect())


def test_mysql_cuts_neither_checkpoints_nor_texts_off_at_64_kb() -> None:
    made = {table.name: str(CreateTable(table).compile(dialect=mysql.dialect())) for table in METADATA.sorted_tables}
    assert "content BLOB(4294967295) NOT NULL" in made[CHECKPOINTS.name]  # the smallest type of that length: LONGBLOB
    assert "body MEDIUMTEXT" in made[RECORDS.name]
    assert all(f"{name} MEDIUMTEXT" in made[RUNS.name] for name in ("config", "samples", "title", "reason"))
    assert not any(" TEXT" in text for text in made.values())


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_times_are_kept_to_the_millisecond(dialect: Dialect) -> None:
    # a FLOAT of MySQL has 24 bits: seconds since 1970 would be right to two minutes, and silence is counted in seconds
    made = str(CreateTable(RUNS).compile(dialect=dialect))
    assert all(f"{name} DOUBLE" in made for name in ("created", "finished", "heartbeat", "seconds", "learning_rate"))


def test_other_databases_make_what_they_made() -> None:
    for dialect, binary in ((postgresql.dialect(), "BYTEA"), (sqlite.dialect(), "BLOB")):
        assert f"content {binary} NOT NULL" in str(CreateTable(CHECKPOINTS).compile(dialect=dialect))
        assert "body TEXT NOT NULL" in str(CreateTable(RECORDS).compile(dialect=dialect))
