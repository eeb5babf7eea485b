"""Write the part of a script that reads a table of one's own by pandas, as the page has read it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from playground.data.digits import SIDE
from playground.data.split import hold_out
from playground.data.uploads.columns import class_name
from playground.data.uploads.features import NO_WORD
from playground.data.uploads.layout import MISSING
from playground.data.uploads.store import UploadRow

FILES = """\
from pathlib import Path

from safetensors.torch import load_file

TABLE, PREPARED = Path({table!r}), Path("{name}.safetensors")  # the one, or what leaves the page, beside this script
"""
TEXT = """\
    table = pd.read_csv(
        {source},
        sep={separator!r},
        decimal={decimal!r},
        thousands={thousands!r},
        encoding={encoding!r},
        compression={compression!r},
        skiprows={skipped},
        header={header},
        names=range({columns}),
        index_col=False,
        skipinitialspace=True,
        na_values=EMPTY,
        low_memory=False,
    )
"""
PARQUET = """\
    table = pd.read_parquet(TABLE).reset_index(drop=True)
    table.columns = range(table.shape[1])
"""
SHEET = "io.StringIO(pd.read_excel(TABLE, header=None, dtype=object).to_csv(index=False, header=False))"
HELPERS = '''\
EMPTY = {empty!r}
COLUMNS = {columns}


def stripped(cells):
    """Without spaces around words; a cell of spaces alone is empty."""
    if pd.api.types.is_numeric_dtype(cells):
        return cells
    cells = cells.astype(object).map(lambda cell: cell.strip() if isinstance(cell, str) else cell)
    return cells.where(~cells.isin(["", *EMPTY]), np.nan)


def numbers_of(cells):
    """In float64; True and False are 1 and 0."""
    truths = cells.astype(str).str.casefold().map({{"true": 1.0, "false": 0.0}})
    return truths if truths[cells.notna()].notna().all() else pd.to_numeric(cells).astype("float64")


'''
NUMBERS = """\
    used = [numbers_of(stripped(table[place])) for place in COLUMNS]
"""
WITH_WORDS = """\
    used = []
    for place, words in COLUMNS.items():
        cells = stripped(table[place])
        if words is None:
            used.append(numbers_of(cells))
            continue
"""
WORDS = """\
        used += [(cells.map(str) == word).astype(float).where(cells.notna()) for word in words]
"""
WORDS_AND_EMPTY = """\
        used += [(cells.where(cells.notna(), {word!r}).map(str) == word).astype(float) for word in words]
        if cells.isna().any():
            used.append(cells.isna().astype(float))
"""
STACKED = """\
    x = np.column_stack(used)
"""
LEAVE_OUT = """\
    kept = ~np.isnan(x).any(1)  # rows with an empty cell are left out
    x, labels = x[kept].astype(np.float32), stripped(table[{label}])[kept]
"""
MEAN = """\
    x = np.where(np.isnan(x), np.nanmean(x, axis=0), x).astype(np.float32)  # of its column
    labels = stripped(table[{label}])
"""
PIXELS = """\
    x = torch.from_numpy(x).view(-1, 1, {side}, {side})
    x = ((x / 255 if x.max() > 1 else x) * 255).round().byte().float() / 255
"""
CLASSES = """\
    y = torch.tensor([CLASSES.index(class_name(label)) for label in labels])
"""
QUANTITIES = """\
    y = torch.from_numpy(numbers_of(labels).to_numpy(np.float32))
"""
HELD_OUT = """\
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed({seed}))
    is_test = torch.zeros(len(y), dtype=torch.bool)
    for label in range(len(CLASSES)):  # a fifth of each class
        members = order[y[order] == label]
        is_test[members[: max(1, round({share} * len(members)))]] = True
"""
NUMBERS_HELD_OUT = """\
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed({seed}))
    is_test = torch.zeros(len(y), dtype=torch.bool)
    is_test[order[: max(1, round({share} * len(y)))]] = True
"""
END = """\
    return {"train_x": x[~is_test], "train_labels": y[~is_test], "test_x": x[is_test], "test_labels": y[is_test]}


data = load_file(PREPARED) if PREPARED.exists() else read_table()
train_x, train_y, test_x, test_y = data["train_x"], data["train_labels"], data["test_x"], data["test_labels"]
"""


def table_parts(row: UploadRow) -> Iterator[str]:
    """The code in parts that reads an upload which has a recipe: from its table, or where it stands there prepared."""
    recipe = row.told.recipe
    assert recipe is not None
    used = recipe["used"]
    has_words = any(words is not None for _, words in used)
    columns = dict(used) if has_words else [place for place, _ in used]
    file = recipe["file"]
    yield FILES.format(table=PurePosixPath(row.told.title.replace("\\", "/")).name, name=row.name)
    modules = ["io"] * (file["format"] == "sheet") + ["re"] * (not recipe["predicts_numbers"])
    yield "".join(f"import {module}\n" for module in modules) + "\nimport numpy as np\nimport pandas as pd\n"
    parts = [HELPERS.format(empty=list(MISSING), columns=columns)]
    if not recipe["predicts_numbers"]:
        parts += [f"CLASSES = {list(row.classes)}\n\n\n", inspect.getsource(class_name), "\n\n"]
    yield "".join([*parts, "def read_table():\n", _read(file), *_numbers(recipe, has_words), *_labels(recipe), END])


def _read(file: Mapping[str, Any]) -> str:
    if file["format"] == "parquet":
        return PARQUET
    chosen = dict(file) | {name: file[name] or None for name in ("thousands", "compression")}
    header = 0 if file["has_header"] else None
    return TEXT.format(source=SHEET if file["format"] == "sheet" else "TABLE", header=header, **chosen)


def _numbers(recipe: Mapping[str, Any], has_words: bool) -> Iterator[str]:
    is_mean = recipe["missing"] == "mean"
    if has_words:
        yield WITH_WORDS
        yield WORDS_AND_EMPTY.format(word=NO_WORD) if is_mean else WORDS
    else:
        yield NUMBERS
    yield STACKED
    yield (MEAN if is_mean else LEAVE_OUT).format(label=recipe["label"])
    yield PIXELS.format(side=SIDE) if recipe["are_pixels"] else "    x = torch.from_numpy(x)\n"


def _labels(recipe: Mapping[str, Any]) -> Iterator[str]:
    defaults = {name: one.default for name, one in inspect.signature(hold_out).parameters.items()}
    cut = {"share": defaults["share"], "seed": defaults["rng_seed"]}
    yield QUANTITIES if recipe["predicts_numbers"] else CLASSES
    yield (NUMBERS_HELD_OUT if recipe["predicts_numbers"] else HELD_OUT).format(**cut)
