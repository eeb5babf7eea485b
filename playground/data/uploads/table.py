"""Tables as data: a row for each example, in the formats and layouts that are about. 784 pixels are a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pandas as pd

from playground.data.dataset import Data
from playground.data.digits import SIDE
from playground.data.split import hold_out
from playground.data.uploads import store
from playground.data.uploads.arrays import arrays_of
from playground.data.uploads.columns import LONGEST, Column, called, columns_of
from playground.data.uploads.features import Features, Missing, Predict, Words
from playground.data.uploads.table_file import GZIP, Table, is_zip_with, read_table, unpacked
from playground.errors import PlaygroundError

ENDINGS = (".csv", ".tsv", ".txt", ".data", ".tab", ".csv.gz", ".xlsx", ".parquet", ".npz")
SHOWN, MOST_SHOWN = 6, 50  # rows and columns of the preview


def is_table(file_name: str) -> bool:
    """Tell whether a file of this name is read as a table.

    >>> [is_table(name) for name in ("a.CSV", "iris.data", "a.csv.gz", "pets.zip")]
    [True, True, True, False]
    """
    return file_name.lower().endswith(ENDINGS)


def from_table(
    content: bytes,
    *,
    file_name: str = "",
    label: str = "",
    missing: Missing = "leave out",
    words: Words = "one-hot",
    predict: Predict = "",
) -> Data:
    """Read a data set from the rows of a table: text with any usual separator, decimal mark and encoding, with or
    without names in its first row, .xlsx, .parquet or .npz; also compressed with gzip.

    `label`: the column of the classes; else it is guessed by names and values, and `store.describe` says which and
    why. `predict`: whether the labels are classes or numbers to predict; else their values say it. `missing`: rows with
    empty cells are left out, or the cells become the mean of their column (a word of their own among words). `words`:
    other columns of a few different words become columns of 0 and 1, or are left out. Ids, dates, and columns that are
    mostly empty are left out, which is said. 784 columns, each 0 to 255 (or all 0 to 1),
    become a picture (1, 28, 28); others stay (F,), in their own units. A fifth of each class is held out as test
    examples. The result is kept, and `datasets.load` finds it by its name. Raises PlaygroundError, which names line
    and column.
    """
    _check_options(missing=missing, words=words, predict=predict)
    is_compressed, content = content.startswith(GZIP), unpacked(content)
    if is_zip_with(content, ".npy"):
        return store.keep(arrays_of(content, predict), store.Told(file_name))
    table = read_table(content)
    columns = columns_of(table.frame, label, table.names)
    found = Features(table, columns, missing, words, predict)
    classes, labels = found.labels()
    x, are_pixels = found.x, found.are_pixels
    recipe = found.recipe("gzip" if is_compressed else "").to_json()
    told = store.Told(file_name, found.said, *_preview(table, columns), recipe)
    del table, found  # takes more memory than what it has become
    if are_pixels:
        x = (x / 255 if x.max() > 1 else x).view(-1, 1, SIDE, SIDE)
    return store.keep(hold_out(x, labels, classes), told)


def _check_options(**given: str) -> None:
    for name, choices in (("missing", Missing), ("words", Words), ("predict", Predict)):
        known = get_args(choices)
        if given[name] not in known:
            hint = f"One of {', '.join(filter(None, known))}."
            raise PlaygroundError(f"{name}: {str(given[name])[:LONGEST]!r} is unknown", hint=hint)


def _preview(table: Table, columns: Sequence[Column]) -> tuple[list[dict[str, str]], list[list[str]]]:
    """What the columns are taken for, and the first rows."""
    described = [
        {"name": one.name or called(one.place), "role": one.role, "why": one.why} for one in columns[:MOST_SHOWN]
    ]
    beginning = table.frame.iloc[:SHOWN, :MOST_SHOWN]
    rows = [[_shown(cell) for cell in row] for row in beginning.itertuples(index=False)]
    return described, rows


def _shown(cell: object) -> str:
    return "" if pd.api.types.is_scalar(cell) and pd.isna(cell) else str(cell)[:LONGEST]
