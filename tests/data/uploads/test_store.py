"""An upload is found by the digest of its content, and refused when it is no longer that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from playground.data.dataset import Data
from playground.data.split import hold_out
from playground.data.uploads import store
from playground.data.uploads.store import keep, load
from playground.errors import PlaygroundError


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "playground" / "own"


def table(shift: float = 0) -> Data:
    return hold_out(torch.arange(20.0).view(10, 2) + shift, torch.arange(10) % 2, ("ä", "<b>"))


@pytest.mark.slow
def test_another_process_finds_it() -> None:
    name = keep(table()).name
    code = "import sys; from playground.data.datasets import load; print(load(sys.argv[1]).train.x.sum().item())"
    printed = subprocess.check_output([sys.executable, "-c", code, name], text=True)
    assert float(printed) == float(load(name).train.x.sum())


def test_the_name_follows_from_the_content_and_the_classes() -> None:
    data = table()
    assert keep(data).name == keep(table()).name != keep(table(1)).name
    renamed = Data("", data.train, data.test, ("a", "b"))
    assert keep(renamed).name != keep(data).name
    exchanged = Data("", data.test, data.train, data.classes)
    assert keep(exchanged).name != keep(data).name


def test_what_is_damaged_is_named_and_not_loaded(own_cache: Path) -> None:
    name = keep(table()).name
    path = own_cache / f"{name}.safetensors"
    content = path.read_bytes()
    changed = bytearray(content)
    changed[-1] ^= 1
    for bad in (content[:-1], content[:20], b"", b"cos\nsystem\n.", bytes(changed)):
        path.write_bytes(bad)
        with pytest.raises(PlaygroundError, match="is damaged") as caught:
            load(name)
        assert str(path) in caught.value.message and caught.value.hint
    assert keep(table()).name == name  # as the hint says
    assert torch.equal(load(name).train.x, table().train.x)


@pytest.mark.parametrize("name", ["own-0123456789abcdef", "own-../../x", "own-", "own-0123456789ABCDEF", "own-1\n"])
def test_names_that_nothing_was_kept_under(name: str) -> None:
    with pytest.raises(PlaygroundError, match="there is no data set") as caught:
        load(name)
    assert "digits" in caught.value.hint


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(PlaygroundError, match="cannot be written"):
        keep(table())


def test_what_was_not_used_for_longest_makes_room(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [keep(table(shift)).name for shift in range(3)]
    paths = [own_cache / f"{name}.safetensors" for name in names]
    for age, path in enumerate(reversed(paths)):
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    load(names[0])  # now the one used last
    monkeypatch.setattr(store, "MOST_BYTES", 3 * max(path.stat().st_size for path in paths))
    newest = keep(table(3)).name
    assert {path.stem for path in own_cache.glob("*.safetensors")} == {names[0], names[2], newest}
    monkeypatch.setattr(store, "MOST_BYTES", 0)
    assert load(keep(table(4)).name).classes == ("ä", "<b>")  # never the one just given
