"""The arrays of an .npz file as data: examples and their labels, by name or by shape."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pandas as pd
import torch

from playground.data.dataset import Data
from playground.data.split import hold_out
from playground.data.uploads.columns import class_name, holds_quantities
from playground.data.uploads.labels import class_names
from playground.data.uploads.table_file import MOST_CELLS
from playground.errors import PlaygroundError

LABELS = ("y", "label", "labels", "target", "targets")
EXAMPLES = ("x", "data", "images", "features")


def arrays_of(content: bytes, predict: str = "") -> Data:
    """The arrays of an .npz: the examples and their labels, by name or by shape. `predict`: as in `from_table`."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files[:20]}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise PlaygroundError("the arrays cannot be read", hint="Write them with numpy.savez, no objects.") from error
    labels = next((array for name, array in arrays.items() if name.lower() in LABELS), None)
    if labels is None:
        labels = next((array for array in arrays.values() if array.ndim == 1), None)
    x = next((array for name, array in arrays.items() if name.lower() in EXAMPLES), None)
    if x is None:
        x = next((array for array in arrays.values() if array.ndim >= 2 and array is not labels), None)
    if x is None or labels is None or labels.ndim != 1 or len(x) != len(labels) or x.ndim not in (2, 3, 4):
        named = ", ".join(f"{name} {array.shape}" for name, array in list(arrays.items())[:8])
        hint = f"x (N, F), (N, H, W) or (N, H, W, C) and y (N,) are needed; there are {named or 'none'}."
        raise PlaygroundError("the examples and their labels are not found", hint=hint)
    if x.dtype.kind not in "fiub":
        raise PlaygroundError(f"the examples are {x.dtype}", hint="Numbers are needed.")
    if not 0 < x.size <= MOST_CELLS:
        raise PlaygroundError(f"the examples have {x.size:,} numbers", hint=f"1 to {MOST_CELLS:,} are allowed.")
    labels = _known(labels)
    with np.errstate(over="ignore"):  # what is too large is refused below
        numbers = torch.from_numpy(np.ascontiguousarray(x.astype(np.float32)))
    if numbers.ndim == 3:
        numbers = numbers[:, None]
    elif numbers.ndim == 4 and numbers.shape[-1] in (1, 3) and numbers.shape[1] not in (1, 3):
        numbers = numbers.permute(0, 3, 1, 2).contiguous()
    if not bool(torch.isfinite(numbers).all()):
        raise PlaygroundError("a number of the examples is not finite", hint="Replace NaN and infinity first.")
    if numbers.ndim == 4:
        if numbers.min() < 0 or numbers.max() > 255:
            raise PlaygroundError("pixels are 0 to 255, or 0 to 1", hint="Scale the pictures first.")
        numbers = numbers / 255 if numbers.max() > 1 else numbers
    if predict == "numbers" or (not predict and holds_quantities(pd.Series(labels))):
        return hold_out(numbers, _to_predict(labels), ())
    classes, found = class_names([class_name(value) for value in labels.tolist()])
    return hold_out(numbers, found, classes)


def _known(labels: np.ndarray) -> np.ndarray:
    """The labels (N,) in this computer's order of bytes, and as text where they are bytes; each is there."""
    if labels.dtype.kind not in "fiubUS":
        raise PlaygroundError(f"the labels are {labels.dtype}", hint="Numbers or words are needed.")
    missing = np.isnan(labels) if labels.dtype.kind == "f" else np.zeros(len(labels), dtype=bool)
    if missing.any():
        hint = "Every example needs a label: write it, or remove the example."
        raise PlaygroundError(f"example {int(missing.argmax()) + 1} has no label", hint=hint)
    if labels.dtype.kind == "S":
        return np.char.decode(labels, "utf-8", "replace")
    return labels.astype(labels.dtype.newbyteorder("="))


def _to_predict(labels: np.ndarray) -> torch.Tensor:
    if labels.dtype.kind not in "fiub":
        hint = "To predict takes numbers; other labels are classes."
        raise PlaygroundError(f"the labels are {labels.dtype}", hint=hint)
    with np.errstate(over="ignore"):
        found = torch.from_numpy(labels.astype(np.float32))
    if not bool(torch.isfinite(found).all()):
        raise PlaygroundError("a number to predict is not finite", hint="Replace NaN and infinity first.")
    return found
