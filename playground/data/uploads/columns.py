"""What each column of a table is taken for: the label, numbers, words, or nothing, with the reason in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from playground.data.digits import SIDE
from playground.errors import PlaygroundError

Role = Literal["label", "numbers", "words", "left out"]

PIXELS = SIDE * SIDE
MOST_WORDS = 20  # different words of a column that becomes a column of 0 and 1 for each
MOST_MISSING = 0.5  # of a column that is used
LONGEST = 40  # characters of a cell that are shown
FEW = 20  # different numbers that may well be classes
# Names of a label in English, German, French and Spanish: those that say nothing else, and those that may.
LABELS = (
    *("label", "labels", "class", "target", "output", "outcome", "response", "ground_truth"),
    *("klasse", "zielwert", "ziel", "zielvariable", "etikett", "kennzeichen"),
    *("classe", "étiquette", "etiquette", "cible", "clase", "etiqueta", "objetivo"),
)
LIKELY = frozenset(
    {
        *("y", "species", "category", "kind", "digit", "diagnosis", "survived", "type", "variety", "quality", "grade"),
        *("art", "kategorie", "sorte", "gattung", "typ", "ziffer", "diagnose", "qualität", "note"),
        *("espèce", "espece", "catégorie", "categorie", "chiffre", "qualité", "variété", "genre"),
        *("especie", "categoría", "categoria", "tipo", "calidad", "dígito", "digito", "diagnóstico", "variedad"),
    }
)
_IDS = re.compile(
    r"id|.*[_ .-]id|.*[a-zà-ÿ]I[dD]|ID.?|index|idx|row|rowid|row_?(num|number|nr)|nr\.?|no\.?|nummer|lfd\.? ?nr\.?"
    r"|zeile|num|numéro|numero|número|fila|ligne|unnamed: 0",
)
_DATE = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}\.\d{1,2}\.\d{2,4}|\d{1,2}/\d{1,2}/\d{2,4})([T ].*)?"
)
_TRUTH = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: where it stands, what it is taken for, why, and how many of its cells are empty."""

    name: str
    place: int
    role: Role
    why: str
    missing: int = 0

    @property
    def shown(self) -> str:
        """Its name as messages say it: `` column 2 (`height`) ``."""
        return called(self.place) + (f" (`{self.name}`)" if self.name else "")


class BadCell(Exception):
    """A cell of a column of numbers that is none; the row is counted from 0, without the header."""

    def __init__(self, row: int, column: Column, cell: str) -> None:
        super().__init__(cell)
        self.row, self.column, self.cell = row, column, cell


def columns_of(frame: pd.DataFrame, label: str = "", names: Sequence[str] = ()) -> list[Column]:
    """The columns of a table; `names`: '' of those that have none. PlaygroundError: there is no such label."""
    place, why = _named(names, label) if label else _guessed(frame, names)
    if _is_nested(frame.iloc[:, place].dropna()):
        shown = Column(names[place], place, "label", why).shown
        raise PlaygroundError(f"{shown} holds lists", hint="A label is a number or a word.")
    return list(_described(frame, names, place, why))


def holds_quantities(series: pd.Series) -> bool:
    """Tell whether a column of labels measures something, so that its numbers are to be predicted, and are no classes.

    So it is with numbers of which nearly each is another, and with more than a few that are no numbering of classes.
    """
    present = series.dropna()
    if pd.api.types.is_bool_dtype(present) or _is_time(present) or not len(present):
        return False
    numbers = pd.to_numeric(pd.Series(present.unique()), errors="coerce")
    different = numbers.nunique()
    if numbers.isna().any() or different < 3:
        return False
    if different > len(present) / 2:
        return True
    low, high = numbers.min(), numbers.max()
    is_numbering = low in (0, 1) and high - low + 1 == different and bool((numbers % 1 == 0).all())
    return bool(different > FEW and not is_numbering)


def called(place: int) -> str:
    """What a column without a name is called.

    >>> called(2)
    'column 3'
    """
    return f"column {place + 1}"


def _named(names: Sequence[str], label: str) -> tuple[int, str]:
    wanted = label.strip().casefold()
    found = [place for place, name in enumerate(names) if (name or called(place)).casefold() == wanted]
    if not found:
        known = [name for name in names if name]
        hint = f"The columns are {', '.join(known[:20])}." if known else "The first row names no columns."
        raise PlaygroundError(f"there is no column `{label[:LONGEST]}`", hint=hint)
    return found[0], "chosen"


def _guessed(frame: pd.DataFrame, names: Sequence[str]) -> tuple[int, str]:
    """The column that is most likely the label, and why."""
    lowered = [name.casefold() for name in names]
    for name in LABELS:
        if name in lowered:
            return lowered.index(name), "by its name"
    likely = [place for place, name in enumerate(lowered) if name in LIKELY]
    if likely:
        return likely[-1], "by its name"
    last = frame.shape[1] - 1
    if last == PIXELS:
        few = [frame.iloc[:, place].nunique() for place in (0, last)]
        largest = [_largest(frame.iloc[:, place]) for place in (0, last)]
        is_last = largest[1] < 10 < largest[0] or (few[1] < few[0] and largest[1] <= largest[0])
        return (last, "the last of 785 columns") if is_last else (0, "the first of 785 columns")
    words = [place for place in range(last + 1) if _is_words(frame.iloc[:, place])]
    few_words = [place for place in words if frame.iloc[:, place].nunique() <= max(FEW, len(frame) // 10)]
    for place, why in ((last, "the last column, of words"), (0, "the first column, of words")):
        if place in few_words:
            return place, why
    if len(few_words) == 1:
        return few_words[0], "the only column of words"
    return last, "the last column"


def _largest(series: pd.Series) -> float:
    numbers = pd.to_numeric(series, errors="coerce")
    return float(numbers.max()) if numbers.notna().any() else float("inf")


def _is_words(series: pd.Series) -> bool:
    present = series.dropna()
    if not len(present) or pd.api.types.is_numeric_dtype(present) or pd.api.types.is_bool_dtype(present):
        return False
    if _is_time(present) or _is_nested(present):
        return False
    return not _are_numbers(present) and not _are_dates(present) and not _are_truths(present)


def _is_time(present: pd.Series) -> bool:
    """Tell whether a typed column holds dates or durations, which count nanoseconds."""
    return present.dtype.kind in "mM"


def _is_nested(present: pd.Series) -> bool:
    """Tell whether the cells of a typed column are lists, or have parts with names."""
    return bool(len(present)) and isinstance(present.iloc[0], list | dict | np.ndarray)


def _are_numbers(present: pd.Series) -> bool:
    return bool(pd.to_numeric(present, errors="coerce").notna().sum() >= len(present) / 2)


def _are_dates(present: pd.Series) -> bool:
    sample = present.astype(str).head(100)
    return bool(sample.str.fullmatch(_DATE.pattern).mean() > 0.8)


def _are_truths(present: pd.Series) -> bool:
    return set(present.astype(str).str.casefold().unique()) <= _TRUTH.keys()


def _described(frame: pd.DataFrame, names: Sequence[str], label: int, why: str) -> Iterator[Column]:
    for place in range(frame.shape[1]):
        series = frame.iloc[:, place]
        name, missing = names[place], int(series.isna().sum())
        role: Role = "label"
        reason = why
        if place != label:
            role, reason = _role(series, name, place, missing)
        yield Column(name, place, role, reason, missing)


def _role(series: pd.Series, name: str, place: int, missing: int) -> tuple[Role, str]:
    present = series.dropna()
    if not len(present):
        return "left out", "it is empty"
    if missing > MOST_MISSING * len(series):
        return "left out", f"{missing:,} of its {len(series):,} cells are empty"
    if _numbers_rows(present, name, place) and not missing:
        return "left out", "it numbers the rows"
    if _is_nested(present):
        return "left out", "it holds lists"
    if _is_time(present):
        return "left out", "it holds dates" if present.dtype.kind == "M" else "it holds durations"
    if pd.api.types.is_numeric_dtype(present) or _are_truths(present) or _are_numbers(present):
        return "numbers", ""
    if _are_dates(present):
        return "left out", "it holds dates"
    different = present.nunique()
    if different > MOST_WORDS:
        return "left out", f"it holds {different:,} different words"
    return "words", f"{different} different words"


def _numbers_rows(present: pd.Series, name: str, place: int) -> bool:
    """Tell whether a column tells the rows apart and nothing else."""
    if len(present) < 3:
        return False
    if _IDS.fullmatch(name) or _IDS.fullmatch(name.casefold()):
        return bool(present.is_unique)
    if name or place or not pd.api.types.is_integer_dtype(present):
        return False
    return bool((present.diff().dropna() == 1).all()) and present.iloc[0] in (0, 1)


def numbers_of(series: pd.Series, column: Column) -> pd.Series:
    """The numbers of a column in float64, NaN where it is empty. BadCell at the first cell that is no number."""
    present = series.notna()
    if pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
        return series.astype("float64")
    if _is_time(series):
        raise BadCell(int(present.to_numpy().argmax()), column, str(series[present].iloc[0]))
    truths = series.astype(str).str.casefold().map(_TRUTH)
    if truths[present].notna().all():
        return truths.where(present)
    numbers = pd.to_numeric(series, errors="coerce").astype("float64")
    bad = (present & numbers.isna()).to_numpy()
    if bad.any():
        row = int(bad.argmax())
        raise BadCell(row, column, str(series.iloc[row]))
    return numbers


def class_name(value: object) -> str:
    """1 and 1.0 are one class.

    >>> class_name(1.0), class_name("1.0"), class_name("a "), class_name(2.5)
    ('1', '1', 'a', '2.5')
    """
    text = str(value).strip()
    if re.fullmatch(r"[+-]?\d+\.0+", text):
        return text.partition(".")[0]
    return text
