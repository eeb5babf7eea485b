"""A store in a file of its own, and another database where one is there."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.runs.store import Store
from playground.runs.tables import METADATA


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'runs.db'}"
        return
    named = os.environ.get("PLAYGROUND_TEST_DB")
    if not named:
        pytest.skip("PLAYGROUND_TEST_DB names no PostgreSQL database that the tests may empty")
    with Path(tempfile.gettempdir(), "playground-test-db.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # there is one for all tests, which may run side by side
        made = Store(named)
        METADATA.drop_all(made.engine)
        made.engine.dispose()
        yield named


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    made = Store(url)
    yield made
    made.engine.dispose()
