"""Tables as they exist in the world: sixty files in the layouts of UCI, Kaggle, OpenML and of spreadsheets in three
languages, each with what is meant."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pandas as pd

CLASSES = ("rot", "grün", "bleu")
ROWS = 30
LANGUAGES = {
    "en": ("width", "height", "species"),
    "de": ("Länge", "Breite", "Klasse"),
    "fr": ("largeur", "hauteur", "espèce"),
}


@dataclass(frozen=True)
class File:
    """A file, the numbers and classes that are meant, and the name of the column that is the label."""

    name: str
    content: bytes
    numbers: np.ndarray
    classes: Sequence[str]
    label: str
    said: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.name


def meant(seed: int) -> tuple[np.ndarray, list[str]]:
    generator = np.random.default_rng(seed)
    return generator.normal(5, 3, (ROWS, 2)).round(2), [CLASSES[number % 3] for number in range(ROWS)]


def written(number: float, decimal: str) -> str:
    return f"{number:.2f}".replace(".", decimal)


def text_files() -> Iterator[File]:
    """Separator, decimal mark, header, place of the label, language and encoding in turn."""
    for count, (separator, header, first) in enumerate(
        product((",", ";", "\t", "|", " "), (True, False), (True, False))
    ):
        for decimal in (".", ",") if separator in ";\t|" else (".",):
            language = list(LANGUAGES)[count % 3]
            numbers, classes = meant(count)
            *names, label = LANGUAGES[language]
            rows = [[label, *names] if first else [*names, label]] if header else []
            for pair, name in zip(numbers.tolist(), classes, strict=True):
                cells = [written(one, decimal) for one in pair]
                rows.append([name, *cells] if first else [*cells, name])
            gap = "   " if separator == " " else separator
            text = "\r\n".join(gap.join(row) for row in rows) + "\r\n"
            encoding = ("utf-8", "cp1252", "utf-8-sig", "utf-16")[count % 4]
            kind = {",": "csv", ";": "csv", "\t": "tsv", "|": "txt", " ": "data"}[separator]
            form = f"{decimal}{'-header' if header else ''}{'-first' if first else ''}"
            name = f"{count}-{language}-{encoding}-{form}.{kind}"
            yield File(name, text.encode(encoding), numbers, classes, label if header else "")


def other_files() -> Iterator[File]:
    numbers, classes = meant(99)
    frame = pd.DataFrame(numbers, columns=["width", "height"])
    labelled = frame.assign(species=classes)
    plain = labelled.to_csv(index=False)
    yield File("gzip.csv.gz", gzip.compress(plain.encode()), numbers, classes, "species")
    yield File("frame-with-index.csv", labelled.to_csv().encode(), numbers, classes, "species", "it numbers the rows")
    with_id = labelled.assign(Id=range(1, ROWS + 1))[["Id", "width", "height", "species"]]
    yield File(
        "kaggle-id.csv", with_id.to_csv(index=False).encode(), numbers, classes, "species", "it numbers the rows"
    )
    passenger = labelled.assign(PassengerId=range(500, 500 + ROWS))
    yield File(
        "kaggle-passenger.csv", passenger.to_csv(index=False).encode(), numbers, classes, "species", "numbers the"
    )
    kunde = labelled.assign(Kunden_ID=[f"K{number}" for number in range(ROWS)])
    yield File("kunden.csv", kunde.to_csv(index=False, sep=";", decimal=",").encode(), numbers, classes, "species")
    dated = labelled.assign(when=[f"2024-01-{day + 1:02}" for day in range(ROWS)])
    yield File("dates.csv", dated.to_csv(index=False).encode(), numbers, classes, "species", "it holds dates")
    german = labelled.assign(Datum=[f"{day + 1:02}.01.2024" for day in range(ROWS)])
    yield File("datum.csv", german.to_csv(index=False, sep=";").encode(), numbers, classes, "species", "it holds dates")
    yield File(
        "excel-sep.csv", ("sep=;\r\n" + labelled.to_csv(index=False, sep=";")).encode(), numbers, classes, "species"
    )
    trailing = "\n".join(line + "," for line in plain.splitlines())
    yield File("comma-at-the-end.csv", trailing.encode(), numbers, classes, "species")
    gaps = plain.replace("\n", "\n\n")
    yield File("empty-lines.csv", gaps.encode(), numbers, classes, "species")
    spaced = plain.replace(",", " , ")
    yield File("spaces-around.csv", spaced.encode(), numbers, classes, "species")
    quoted = "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in plain.splitlines())
    yield File("quoted.csv", quoted.encode(), numbers, classes, "species")
    counted = labelled.set_axis(["0", "1", "2"], axis=1).to_csv(index=False)
    yield File("numbered-header.csv", counted.encode(), numbers, classes, "2")
    by_target = frame.assign(target=[CLASSES.index(name) for name in classes])[["target", "width", "height"]]
    targets = [str(CLASSES.index(name)) for name in classes]
    yield File("target-first.csv", by_target.to_csv(index=False).encode(), numbers, targets, "target")
    as_floats = by_target.assign(target=by_target["target"].astype(float))
    yield File("float-classes.csv", as_floats.to_csv(index=False).encode(), numbers, targets, "target")
    mixed = plain.replace("rot", "1").replace("grün", "1.0")
    merged = ["1" if name != "bleu" else name for name in classes]
    yield File("1-and-1.0.csv", mixed.encode(), numbers, merged, "species")
    large = (numbers * 1000).round(2)
    grouped = "\n".join(f"{a:,.2f};{b:,.2f};{name}".replace(",", "x").replace(".", ",").replace("x", ".")
                        for (a, b), name in zip(large.tolist(), classes, strict=True))  # fmt: skip
    yield File("tausender.csv", ("Länge;Breite;Klasse\n" + grouped).encode(), large, classes, "Klasse")
    grouped = "\n".join(f'"{a:,.2f}","{b:,.2f}",{name}' for (a, b), name in zip(large.tolist(), classes, strict=True))
    yield File("thousands.csv", ("width,height,species\n" + grouped).encode(), large, classes, "species")
    for suffix, word in (("uci", "?"), ("r", "NA"), ("sql", "NULL"), ("empty", ""), ("python", "nan")):
        broken = plain.replace(f"{numbers[0, 0]},", f"{word},", 1)
        keep = [True] * ROWS
        keep[0] = False
        yield File(f"missing-{suffix}.csv", broken.encode(), numbers[keep], classes[1:], "species", "is left out")
    hole = frame.copy()
    hole.loc[3, "width"] = np.nan
    mean = hole.fillna(hole.mean()).to_numpy()
    content = hole.assign(species=classes).to_csv(index=False).encode()
    yield File("missing-mean.csv", content, mean, classes, "species", "the mean of the column", {"missing": "mean"})
    mostly = labelled.assign(cabin=["C85", *[""] * (ROWS - 1)])
    yield File("mostly-empty.csv", mostly.to_csv(index=False).encode(), numbers, classes, "species", "cells are empty")
    named = labelled.assign(name=[f"Person {number}, Mr." for number in range(ROWS)])
    yield File("names.csv", named.to_csv(index=False).encode(), numbers, classes, "species", "30 different words")
    island = labelled.assign(island=["x", "y"] * (ROWS // 2))
    hot = np.column_stack([numbers, np.resize([1.0, 0.0], ROWS), np.resize([0.0, 1.0], ROWS)])
    content = island[["width", "height", "island", "species"]].to_csv(index=False).encode()
    yield File("one-hot.csv", content, hot, classes, "species", "0 and 1 stands for each word")
    yield File("words-out.csv", content, numbers, classes, "species", "(words)", {"words": "leave out"})
    truth = labelled.assign(alive=[True, False] * (ROWS // 2))
    with_truth = np.column_stack([numbers, np.resize([1.0, 0.0], ROWS)])
    content = truth[["width", "height", "alive", "species"]].to_csv(index=False).encode()
    yield File("true-false.csv", content, with_truth, classes, "species")
    yield File("chosen.csv", content, with_truth, classes, "species", "chosen", {"label": "Species"})
    for engine in ("openpyxl",):
        buffer = io.BytesIO()
        labelled.to_excel(buffer, index=False, engine=engine)
        yield File("sheet.xlsx", buffer.getvalue(), numbers, classes, "species")
    buffer = io.BytesIO()
    labelled.to_parquet(buffer)
    yield File("frame.parquet", buffer.getvalue(), numbers, classes, "species")


FILES = [*text_files(), *other_files()]
