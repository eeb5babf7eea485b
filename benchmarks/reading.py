"""What it takes to read a file of one's own, beside the library that reads it.

A table of 100,000 rows and 100 columns beside `pandas.read_csv` alone, and 10,000 small pictures in a zip beside a
plain loop of Pillow. Ours decides how the table is written and what each column is, checks every cell, holds out the
test examples, and keeps the result under its digest; the peers do none of that. Processor seconds of one thread, in
turn, so that other programs count for little; the memory is that of a process of its own, above what it took before.

    python -m benchmarks.reading
    python -m benchmarks.reading --rounds 15
"""

from __future__ import annotations

import argparse
import gc
import io
import multiprocessing
import os
import statistics
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pandas as pd
import PIL
import psutil
import torch
from PIL import Image

from playground.data.path import from_path

ROWS, COLUMNS, PICTURES, SIDE = 100_000, 100, 10_000, 28
MOST = {"table": 1.5, "pictures": 1.2}  # times the peer's seconds
MOST_MEMORY = 3.0  # times the data
DATA = {"table": ROWS * COLUMNS * 8, "pictures": PICTURES * SIDE * SIDE * 4}  # bytes, as pandas and PyTorch hold them
WATCHED = 0.001  # seconds between two looks at the memory


def table() -> bytes:
    """Numbers of four digits behind the point, and a label of three classes."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(ROWS, COLUMNS)).round(4)).add_prefix("c")
    return bytes(frame.assign(label=np.array(list("abc"))[rng.integers(0, 3, ROWS)]).to_csv(index=False).encode())


def pictures() -> bytes:
    """Grey PNGs of ten classes, smooth as photographs are."""
    rng = np.random.default_rng(0)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(PICTURES):
            small = Image.fromarray(rng.integers(0, 256, (7, 7), dtype=np.uint8))
            content = io.BytesIO()
            small.resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(content, "PNG")
            archive.writestr(f"{number % 10}/{number}.png", content.getvalue())
    return packed.getvalue()


def pandas_alone(path: Path) -> None:
    """The table, as whoever knows its layout reads it."""
    pd.read_csv(path)


def pillow_alone(path: Path) -> None:
    """The pictures, as whoever knows their folders reads them."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        found = [
            np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("L").resize((SIDE, SIDE))) for name in names
        ]
    torch.from_numpy(np.stack(found)[:, None]).float().div_(255)


# By name: the file's ending, what makes its content, and the peer.
CASES: dict[str, tuple[str, Callable[[], bytes], Callable[[Path], None]]] = {
    "table": (".csv", table, pandas_alone),
    "pictures": (".zip", pictures, pillow_alone),
}


def seconds(read: Callable[[Path], object], path: Path) -> float:
    """Processor seconds of one reading."""
    before = time.process_time()
    read(path)
    return time.process_time() - before


def _watched(path: Path, answer: Connection) -> None:
    torch.set_num_threads(1)
    own = psutil.Process()
    before = most = own.memory_info().rss
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(WATCHED):
            most = max(most, own.memory_info().rss)

    thread = threading.Thread(target=watch)
    thread.start()
    from_path(path)
    done.set()
    thread.join()
    answer.send(most - before)


def memory(path: Path) -> int:
    """Bytes that a process of its own takes for a reading."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_watched, args=(path, theirs))
    process.start()
    found = int(ours.recv())
    process.join()
    return found


def measured(name: str, rounds: int, folder: Path) -> tuple[str, bool]:
    """The line of one case, and whether it keeps within its limits."""
    ending, make, peer = CASES[name]
    path = folder / f"{name}{ending}"
    path.write_bytes(make())
    pairs = [(seconds(from_path, path), seconds(peer, path)) for _ in range(rounds)]
    ratio = statistics.median(own / other for own, other in pairs)
    own, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    times = memory(path) / DATA[name]
    what = f"{ROWS:,} x {COLUMNS}" if name == "table" else f"{PICTURES:,} of {SIDE} x {SIDE}"
    figures = f"{own:.2f} s | {other:.2f} s | {ratio:.2f} | {MOST[name]:g} | {times:.2f} | {MOST_MEMORY:g}"
    return f"| {name}, {what} | {figures} |", ratio <= MOST[name] and times <= MOST_MEMORY


def main() -> None:
    """Print the table; the exit status says whether all limits are kept."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", choices=tuple(CASES))
    given = parser.parse_args()
    torch.set_num_threads(1)
    gc.freeze()  # as the program that reads for the page does; the peers gain by it, too
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        found = [measured(name, given.rounds, Path(cache)) for name in CASES if given.only in (None, name)]
    print(
        f"# What it takes to read a file of one's own\n\nPython {sys.version.split()[0]}, pandas {pd.__version__}, "
        f"Pillow {PIL.__version__}; median of {given.rounds} rounds in turn, processor seconds of one thread.\n"
    )
    print("| | the app | alone | ratio | at most | memory, times the data | at most |\n|---|---|---|---|---|---|---|")
    for line, _ in found:
        print(line)
    sys.exit(not all(is_met for _, is_met in found))


if __name__ == "__main__":
    main()
