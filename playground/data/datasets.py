"""The data sets by name: their shapes, classes and sizes, and `load`, which reads one."""

from __future__ import annotations

import difflib
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

from playground.data import archives
from playground.data.dataset import Data
from playground.data.digits import digits
from playground.data.download import Progress
from playground.data.folders import cache_folder, data_folders
from playground.data.split import hold_out
from playground.data.uploads import store
from playground.data.xor import xor
from playground.errors import PlaygroundError

CACHED = 2  # data sets in memory at once; the largest takes 740 MB


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """One data set: `input_shape` is that of one example, (channels, height, width) or (features,);
    `download_bytes` is what is fetched. `batch` and `epochs` suit it: a small net then learns within a minute."""

    name: str
    title: str
    input_shape: tuple[int, ...]
    classes: tuple[str, ...]
    train_size: int
    test_size: int
    batch: int
    epochs: int
    download_bytes: int = 0

    @property
    def needs_download(self) -> bool:
        """Tell whether its files have to be on this computer or be fetched."""
        return self.download_bytes > 0


_TEN = tuple("0123456789")

DATASETS: tuple[DatasetRow, ...] = (
    # E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI, 1998 (CC BY 4.0)
    DatasetRow("digits", "Digits (bundled with scikit-learn)", (1, 28, 28), _TEN, 1438, 359, 20, 10),
    DatasetRow("XOR", "XOR, four points", (2,), ("0", "1"), 4, 4, 4, 200),
    # Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits, 1998 (CC BY-SA 3.0)
    DatasetRow("MNIST", "MNIST", (1, 28, 28), _TEN, 60_000, 10_000, 100, 2, 11_594_722),
    # H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017 (MIT)
    DatasetRow(
        "Fashion-MNIST",
        "Fashion-MNIST",
        (1, 28, 28),
        ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        60_000,
        10_000,
        100,
        3,
        30_878_645,
    ),
    # T. Clanuwat et al.: Deep Learning for Classical Japanese Literature, arXiv:1812.01718, 2018 (CC BY-SA 4.0)
    DatasetRow(
        "KMNIST",
        "Kuzushiji-MNIST",
        (1, 28, 28),
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        60_000,
        10_000,
        100,
        3,
        21_240_888,
    ),
    # A. Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009 (no licence stated; cite the source)
    DatasetRow(
        "CIFAR-10",
        "CIFAR-10",
        (3, 32, 32),
        ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        50_000,
        10_000,
        100,
        3,
        170_498_071,
    ),
)
DATA_NAMES = tuple(row.name for row in DATASETS)

_rows = {row.name: row for row in DATASETS}
_cached: OrderedDict[tuple[object, ...], Data] = OrderedDict()
_changing = threading.Lock()
_reading = threading.Lock()


def row_of(name: str) -> DatasetRow:
    """The row of this name; KeyError if there is none."""
    return _rows[name]


def load(name: str, *, on_progress: Progress | None = None) -> Data:
    """The whole data set of that name, or `own-<digest>`; of the last two, the same object again.

    `on_progress(file, bytes so far, bytes in all or 0)` is called while a file is downloaded, by this session or by
    another that this one waits for. Raises PlaygroundError for a name that is none, a file that is missing and cannot
    be had, and one that is truncated or wrong.
    """
    if name not in _rows and not store.is_upload(name):
        written = {one.casefold(): one for one in _rows}
        near = difflib.get_close_matches(name.casefold(), written, n=1)
        hint = f"Did you mean {written[near[0]]}?" if near else f"There are {', '.join(_rows)}, and data of your own."
        raise PlaygroundError(f"there is no data set `{name}`", hint=hint)
    key = (name, data_folders(), cache_folder())
    with _changing:
        if key in _cached:
            _cached.move_to_end(key)
            return _cached[key]
    row = _rows.get(name)
    files = archives.obtain(name, on_progress) if row and row.needs_download else []
    with _reading:  # one at a time, for each takes hundreds of megabytes
        if key not in _cached:
            with _changing:
                while len(_cached) >= CACHED:
                    _cached.popitem(last=False)
            data = _read(name, row, files)
            with _changing:
                _cached[key] = data
        return _cached[key]


def _read(name: str, row: DatasetRow | None, files: list[Path]) -> Data:
    if row is None:
        return store.load(name)
    if row.needs_download:
        return replace(archives.read(name, files), classes=row.classes)
    return xor() if name == "XOR" else replace(hold_out(*digits(), row.classes), name=name)
