"""The numbers that a table's columns become, the labels beside them, and what was done to come to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from playground.data.uploads.columns import LONGEST, PIXELS, BadCell, Column, class_name, holds_quantities, numbers_of
from playground.data.uploads.labels import class_names
from playground.data.uploads.recipe import Recipe
from playground.data.uploads.table_file import MOST_CELLS, MOST_COLUMNS, Table
from playground.errors import PlaygroundError

Missing = Literal["leave out", "mean"]
Words = Literal["one-hot", "leave out"]
Predict = Literal["", "classes", "numbers"]

ROWS_AT_ONCE = 4096
NO_WORD = "(empty)"  # the word of an empty cell among words


class Features:
    """The numbers and the labels of a table, and what was done to come to them."""

    def __init__(
        self, table: Table, columns: Sequence[Column], missing: Missing, words: Words, predict: Predict
    ) -> None:
        self._table, self._columns = table, columns
        self._missing, self._words = missing, words
        self._label = next(column for column in columns if column.role == "label")
        self._are_numbers = self._is_predicted(predict)
        self._used: list[tuple[Column, list[str] | None]] = []  # with the words that become columns
        pairs: list[tuple[Column, np.ndarray]] = []
        for column in columns:
            if column.role in ("numbers", "words"):
                pairs += [(column, one) for one in self._column(column)]
                self._check_size(len(pairs))
        used = [one for _, one in pairs]
        if not used:
            raise PlaygroundError("no column but the label can be computed with", hint="A column of numbers is needed.")
        kept, self._filled = np.ones(len(used[0]), dtype=bool), 0
        for place, one in enumerate(used):
            empty = np.isnan(one)
            if missing == "leave out":
                kept &= ~empty
            elif empty.any():
                self._filled += int(empty.sum())
                used[place] = np.where(empty, np.nanmean(one), one)
        self.left_out = int((~kept).sum())
        if not kept.any():
            raise PlaygroundError("every row has an empty cell", hint="Let empty cells become their column's mean.")
        x = _stacked(used, kept)
        self.x: Tensor = torch.from_numpy(x)
        self._kept = kept
        self.are_pixels = len(used) == PIXELS == len([one for one in columns if one.role == "numbers"])
        self._check(x, kept, [column for column, _ in pairs])
        self.said = tuple(self._told(self._label))

    def labels(self) -> tuple[tuple[str, ...], Tensor]:
        """The classes, () where there are numbers to predict, and the labels of the rows that are used (N,)."""
        series = self._written(self._label)
        if self._are_numbers:
            try:
                numbers = numbers_of(series, self._label).to_numpy()[self._kept]
            except BadCell as bad:
                raise self._bad(bad.row, self._label, bad.cell) from None
            with np.errstate(over="ignore"):
                found = numbers.astype(np.float32)
            if not np.isfinite(found).all():
                row = int(np.flatnonzero(self._kept)[(~np.isfinite(found)).argmax()])
                place = f"{self._table.place(row)}, {self._label.shown}"
                raise PlaygroundError(f"{place}: the number is not finite", hint="Write a number, or remove the row.")
            return (), torch.from_numpy(found)
        codes, different = pd.factorize(series[self._kept])
        classes, indices = class_names([class_name(value) for value in different.tolist()])
        return classes, indices[torch.from_numpy(codes)]

    def _written(self, label: Column) -> pd.Series:
        series = self._table.frame.iloc[:, label.place]
        empty = series.isna().to_numpy()
        if empty.any():
            place = f"{self._table.place(int(empty.argmax()))}, {label.shown}"
            hint = "Every row needs a label: write it, or remove the row."
            raise PlaygroundError(f"{place}: the label is missing", hint=hint)
        return series

    def _is_predicted(self, predict: Predict) -> bool:
        """Tell whether the labels are numbers to predict."""
        return predict == "numbers" or (not predict and holds_quantities(self._written(self._label)))

    def _column(self, column: Column) -> list[np.ndarray]:
        """The columns of numbers that one becomes."""
        series = self._table.frame.iloc[:, column.place]
        if column.role == "numbers":
            self._used.append((column, None))
            try:
                return [numbers_of(series, column).to_numpy()]
            except BadCell as bad:
                raise self._bad(bad.row, column, bad.cell) from None
        if self._words == "leave out":
            return []
        empty = series.isna()
        known = sorted(map(str, series.dropna().unique()))
        text = series.astype(object).where(~empty, NO_WORD).map(str)
        made = [np.where(empty & (self._missing == "leave out"), np.nan, text == word) for word in known]
        self._used.append((column, known))
        if self._missing == "mean" and empty.any():
            made.append(empty.to_numpy())
        return [one.astype(np.float64) for one in made]

    def recipe(self, compression: str) -> Recipe:
        """How to come to the same numbers from the file, which is compressed so, if at all."""
        places = self._table.places
        used = [(places[column.place], words) for column, words in self._used]
        label = places[self._label.place]
        file = {**self._table.source, "compression": compression}
        return Recipe(file, used, label, self._missing, self._are_numbers, self.are_pixels)

    def _check_size(self, columns: int) -> None:
        """Words become columns: a table that can be read may become one that is too large."""
        if columns > MOST_COLUMNS or columns * len(self._table.frame) > MOST_CELLS:
            hint = f"{MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells are allowed: leave columns of words out."
            raise PlaygroundError("with a column for each word the table is too large", hint=hint)

    def _bad(self, row: int, column: Column, cell: str) -> PlaygroundError:
        comma = " with a decimal point, not a comma" if re.fullmatch(r"[+-]?\d+,\d+", cell) else ""
        hint = f"The other cells of the column are numbers{comma}."
        place = f"{self._table.place(row)}, {column.shown}"
        return PlaygroundError(f"{place}: {cell[:LONGEST]!r} is not a number", hint=hint)

    def _check(self, x: np.ndarray, kept: np.ndarray, owners: Sequence[Column]) -> None:
        bad = ~np.isfinite(x) | ((x < 0) | (x > 255) if self.are_pixels else False)
        if not bad.any():
            return
        row, place = (int(index) for index in np.argwhere(bad)[0])
        where = f"{self._table.place(int(np.flatnonzero(kept)[row]))}, {owners[place].shown}"
        if np.isfinite(x[row, place]):
            hint = f"{PIXELS} numbers are the pixels of a picture, each 0 to 255."
            raise PlaygroundError(f"{where}: {x[row, place]:g} is no pixel", hint=hint)
        raise PlaygroundError(f"{where}: the number is not finite", hint="Write a number, or leave the cell empty.")

    def _told(self, label: Column) -> list[str]:
        """What was done, in sentences."""
        said = [f"The label is {label.shown}: {label.why}."]
        if self._are_numbers:
            said.append("Its numbers are predicted: they are no classes.")
        out = [f"{one.shown} ({one.why})" for one in self._columns if one.role == "left out"]
        words = [one.shown for one in self._columns if one.role == "words"]
        if words and self._words == "leave out":
            out += [f"{name} (words)" for name in words]
        elif words:
            said.append(f"A column of 0 and 1 stands for each word of {_listed(words)}.")
        if out:
            said.append(f"Left out: {_listed(out)}.")
        if self.left_out:
            rows = "row has an empty cell and is" if self.left_out == 1 else "rows have empty cells and are"
            said.append(f"{self.left_out:,} {rows} left out.")
        if self._filled:
            cells = "empty cell" if self._filled == 1 else "empty cells"
            said.append(f"{self._filled:,} {cells} became the mean of the column.")
        return said


def _stacked(columns: Sequence[np.ndarray], kept: np.ndarray) -> np.ndarray:
    """The rows that are kept (N, F), float32, of columns (M,); a part of the rows at a time, for the memory's sake."""
    found = np.empty((int(kept.sum()), len(columns)), np.float32)
    end = 0
    with np.errstate(over="ignore"):  # what is too large for float32 is not finite, and refused afterwards
        for start in range(0, len(kept), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            part = np.stack([one[rows] for one in columns], axis=1)[kept[rows]]
            found[end : end + len(part)] = part
            end += len(part)
    return found


def _listed(names: Sequence[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")
