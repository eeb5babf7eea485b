"""The file of the runs: for its owner alone, missed where it is gone, and with one checkpoint of what has ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from playground.errors import PlaygroundError
from playground.runs.store import Store
from playground.runs.tables import CHECKPOINTS
from playground.training.config import TrainConfig

CONFIG = TrainConfig(steps=2)


def modes(folder: Path) -> set[int]:
    return {file.stat().st_mode & 0o777 for file in folder.iterdir() if file.name.startswith("runs.db")}


def test_nobody_else_reads_the_tokens_of_owners(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'runs.db'}")
    store.submit(CONFIG, owner="me")
    assert modes(tmp_path) == {0o600} and len(list(tmp_path.iterdir())) > 1, "the log beside it, too"


def test_an_older_file_is_closed_to_others_and_its_group_keeps_what_it_had(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    Store(f"sqlite:///{file}").engine.dispose()
    file.chmod(0o664)
    Store(f"sqlite:///{file}")
    assert file.stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize(
    "ask",
    [lambda store: store.submit(CONFIG), lambda store: store.runs(), lambda store: store.claim("a")],
    ids=["submit", "runs", "claim"],
)
def test_a_file_that_is_gone_is_missed_and_not_begun_anew(tmp_path: Path, ask: Callable[[Store], object]) -> None:
    file, away = tmp_path / "runs.db", tmp_path / "away"
    store = Store(f"sqlite:///{file}")
    run = store.submit(CONFIG)
    store.engine.dispose()
    away.mkdir()
    for part in list(tmp_path.glob("runs.db*")):
        part.rename(away / part.name)
    with pytest.raises(PlaygroundError, match="was moved or deleted") as caught:
        ask(store)
    assert caught.value.hint and not file.exists()
    for part in list(away.iterdir()):
        part.rename(tmp_path / part.name)
    assert store.run(run.id).config == CONFIG


def test_another_file_in_its_place_is_opened(tmp_path: Path) -> None:
    file, other = tmp_path / "runs.db", tmp_path / "other.db"
    store, backup = Store(f"sqlite:///{file}"), Store(f"sqlite:///{other}")
    kept = backup.submit(CONFIG)
    backup.engine.dispose()
    store.submit(CONFIG)
    other.rename(file)
    for part in tmp_path.glob("runs.db-*"):
        part.unlink()
    assert [run.id for run in store.runs()] == [kept.id]


def test_one_checkpoint_stays_of_a_run_that_has_ended(store: Store) -> None:
    def kept() -> int:
        with store.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(CHECKPOINTS)) or 0

    run = store.submit(CONFIG)
    store.claim("a")
    for step in (1, 2, 3):
        store.save_checkpoint(run.id, "a", step, bytes([step]))
    assert kept() == 2, "one more while it goes on, in case that the newest is damaged"
    store.release(run.id, "another", "finished")
    assert kept() == 2
    store.release(run.id, "a", "finished")
    assert kept() == 1 and store.checkpoint(run.id) == bytes([3])
