"""Tables as they exist in the world: sixty files in the layouts of UCI, Kaggle, OpenML and of spreadsheets in three
languages are read as they were meant; and what a table is taken for is said."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
import torch

from playground.data.dataset import Data
from playground.data.uploads import store
from playground.data.uploads.table import from_table
from playground.errors import PlaygroundError
from tests.data.uploads.table_files import FILES, File


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def examples(data: Data) -> list[tuple[tuple[float, ...], str]]:
    """Every example with its class, sorted: which are held out is another matter."""
    return sorted(
        (tuple(x.flatten().tolist()), data.classes[label])
        for part in (data.train, data.test)
        for x, label in zip(part.x, part.labels.tolist(), strict=True)
    )


def test_there_are_sixty() -> None:
    assert len(FILES) >= 60
    assert len({file.name for file in FILES}) == len(FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.id)
def test_a_file_is_read_as_it_was_meant(file: File) -> None:
    data = from_table(file.content, file_name=file.name, **file.options)  # type: ignore[arg-type]
    rows = torch.tensor(file.numbers, dtype=torch.float32).tolist()
    assert examples(data) == sorted(zip(map(tuple, rows), file.classes, strict=True))
    told = store.describe(data.name).told
    assert told.title == file.name
    (label,) = [column for column in told.columns if column["role"] == "label"]
    assert label["name"] == (file.label or f"column {1 if '-first' in file.name else 3}")
    assert file.said in " ".join(told.said)
    assert told.said[0].startswith("The label is column ")
    assert len(told.rows) == 6 and len(told.rows[0]) == len(told.columns)


def test_arrays_of_numpy() -> None:
    buffer = io.BytesIO()
    x = np.arange(8 * 4 * 4, dtype=np.uint8).reshape(8, 4, 4)
    np.savez(buffer, images=x, labels=np.arange(8) % 2)
    data = from_table(buffer.getvalue(), file_name="small.npz")
    assert data.input_shape == (1, 4, 4) and data.classes == ("0", "1")
    assert len(data.train) + len(data.test) == 8


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": np.ones((3, 2))}, "are not found"),
        ({"x": np.ones((3, 2)), "y": np.ones(4)}, "are not found"),
        ({"x": np.full((4, 2), np.nan), "y": np.arange(4) % 2}, "not finite"),
        ({"x": np.full((4, 2, 2), 300.0), "y": np.arange(4) % 2}, "0 to 255"),
        ({"x": np.full((4, 2), "a"), "y": np.arange(4) % 2}, "the examples are <U1"),
    ],
)
def test_arrays_that_are_no_examples(arrays: dict[str, np.ndarray], words: str) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    with pytest.raises(PlaygroundError, match=words):
        from_table(buffer.getvalue())


def test_objects_are_never_loaded() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([{"a": 1}, {"b": 2}], dtype=object), y=np.array([0, 1]))
    with pytest.raises(PlaygroundError, match="cannot be read"):
        from_table(buffer.getvalue())


def test_what_unpacks_to_too_much_is_refused_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.data.uploads.table_file.MOST_BYTES", 1000)
    with pytest.raises(PlaygroundError, match="the file has"):
        from_table(gzip.compress(b"1,a\n" * 10_000))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=np.zeros((1000, 2)), y=np.zeros(1000))
    with pytest.raises(PlaygroundError, match="unpacks to too much"):
        from_table(buffer.getvalue()[:])


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08\x00broken", b"PAR1 nothing PAR1"])
def test_a_damaged_file_is_told(content: bytes) -> None:
    with pytest.raises(PlaygroundError) as refused:
        from_table(content)
    assert refused.value.hint
