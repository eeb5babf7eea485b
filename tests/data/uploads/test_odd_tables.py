"""Odd tables and arrays: each becomes numbers that are right, or is refused by name before it takes memory."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from playground.data.uploads import table_file
from playground.data.uploads.columns import Column
from playground.data.uploads.store import describe
from playground.data.uploads.table import from_table
from playground.errors import PlaygroundError

TWO = np.arange(20) % 2
X = np.random.default_rng(0).random((20, 3))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def parquet(**columns: Any) -> bytes:
    content = io.BytesIO()
    pd.DataFrame(columns).to_parquet(content)
    return content.getvalue()


def npz(x: Any, y: Any) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, x=x, y=y)
    return content.getvalue()


def roles(content: bytes) -> list[tuple[str, str]]:
    return [(one["role"], one["why"]) for one in describe(from_table(content).name).told.columns]


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ([[1, 2]] * 20, "it holds lists"),
        ([{"a": 1}] * 20, "it holds lists"),
        (pd.date_range("2020", periods=20), "it holds dates"),
        (pd.to_timedelta(range(20), unit="s"), "it holds durations"),
    ],
)
def test_what_is_neither_a_number_nor_a_word_is_left_out(cells: Any, why: str) -> None:
    content = parquet(a=range(20), b=cells, label=list("xy") * 10)
    assert roles(content) == [("numbers", ""), ("left out", why), ("label", "by its name")]


def test_dates_are_no_numbers_to_predict() -> None:
    content = parquet(a=range(40), label=list(pd.date_range("2020", periods=20)) * 2)
    assert len(from_table(content).classes) == 20
    with pytest.raises(PlaygroundError, match=r"row 1, column 2 \(`label`\): '2020-01-01 00:00:00' is not a number"):
        from_table(content, predict="numbers")


LABELS = np.zeros(20, dtype=[("a", "f4"), ("b", "i4")])
REFUSED = [
    (parquet(a=range(20), label=[[1]] * 20), r"column 2 \(`label`\) holds lists"),
    (npz(X, LABELS), "the labels are"),
    (npz(X, TWO.astype("datetime64[D]")), "the labels are datetime64"),
    (npz(X, TWO + 1j), "the labels are complex128"),
    (npz(X, np.where(TWO, 1.0, np.nan)), "example 1 has no label"),
    (npz(np.zeros((20, 0)), TWO), "the examples have 0 numbers"),
    (npz(np.zeros((20, 0, 5)), TWO), "the examples have 0 numbers"),
    (npz(np.zeros((2_000_001, 50), np.uint8), np.arange(2_000_001) % 2), "the examples have 100,000,050 numbers"),
    ("a,b,label\n1,2,x\n3,4,y\n".encode("utf-32"), "the file is no text"),
    ("sep=é\naéb\n1éx\n2éy\n".encode(), "`é` separates the cells"),
    (b"a,label\n1,x\n2,y\n", "there is no column `n{40}`"),
]


@pytest.mark.parametrize(("content", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_it_is_refused_and_nothing_stays(content: bytes, words: str) -> None:
    with pytest.raises(PlaygroundError, match=words) as caught:
        from_table(content, label="n" * 1000 if "column `" in words else "")
    assert caught.value.hint
    assert not [file for _, _, files in os.walk(os.environ["XDG_CACHE_HOME"]) for file in files]


@pytest.mark.parametrize("y", [TWO.astype(">i8"), TWO.astype(np.longdouble), np.array([b"0", b"1"] * 10)])
def test_labels_of_another_computer_are_the_same(y: np.ndarray) -> None:
    data, plain = from_table(npz(X.astype(">f8"), y)), from_table(npz(X, TWO))
    assert data.classes == plain.classes == ("0", "1")
    assert torch.equal(data.train.x, plain.train.x) and torch.equal(data.train.labels, plain.train.labels)


def test_words_do_not_become_more_than_a_table_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.data.uploads.features.MOST_COLUMNS", 10)
    rows = "".join(f"{n % 2},{'abcdef'[n % 6]},{'ghijkl'[n % 6]}\n" for n in range(60))
    content = f"label,b,c\n{rows}".encode()
    with pytest.raises(PlaygroundError, match="with a column for each word the table is too large") as caught:
        from_table(content)
    assert "leave columns of words out" in caught.value.hint
    monkeypatch.setattr("playground.data.uploads.features.MOST_COLUMNS", table_file.MOST_COLUMNS)
    assert from_table(content).input_shape == (12,)


def test_the_columns_are_not_compared_with_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 10,000 there would be fifty million pairs."""
    compared: list[Column] = []

    def equal(one: Column, other: object) -> bool:
        compared.append(one)
        return one is other

    monkeypatch.setattr(Column, "__eq__", equal)
    rows = "".join(",".join(map(str, [*range(n, n + 299), n % 2])) + "\n" for n in range(20))
    from_table((",".join(f"c{n}" for n in range(299)) + ",label\n" + rows).encode())
    assert len(compared) < 300
