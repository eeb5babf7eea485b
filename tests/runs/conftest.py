"""A store in a file of its own, and another database where one is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.runs.store import Store
from playground.runs.tables import METADATA


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        yield Store(f"sqlite:///{tmp_path / 'runs.db'}")
        return
    url = os.environ.get("PLAYGROUND_TEST_DB")
    if not url:
        pytest.skip("PLAYGROUND_TEST_DB names no PostgreSQL database that the tests may empty")
    made = Store(url)
    METADATA.drop_all(made.engine)
    METADATA.create_all(made.engine)
    yield made
    made.engine.dispose()
