"""What the layers page costs in-process: shapes after an edit, a recorded batch to a drawn graph, a deep net.

The peer is what a person would write instead: the same net built and run once, forward and backward, in plain PyTorch.

    python -m benchmarks.layers            # the table, written to benchmarks/results/layers.md
    python -m benchmarks.layers --quick    # one round, printed only
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import torch

from playground.layers.analysis import analyse
from playground.layers.build import build
from playground.layers.document import StackDocument
from playground.layers.edits import edited
from playground.layers.module_notes import module_notes
from playground.layers.run import Recorded, run_stack
from playground.layers.warnings import cautions
from playground.lessons.stacks import stack_preset
from playground.training.digits import digit_batch
from playground.views.opening import Opening
from playground.views.stepper import picture

RESULTS = Path(__file__).resolve().parent / "results" / "layers.md"
ROUNDS = 7
THIRTY = StackDocument("Conv2d(8, 3, padding=1) BatchNorm2d ReLU " * 9 + "AdaptiveAvgPool2d Flatten Linear(10)")
BLOCK = (
    "Residual(Conv2d(16, 3, padding=1, bias=False) BatchNorm2d ReLU Conv2d(16, 3, padding=1, bias=False) BatchNorm2d)"
)
RESNET = StackDocument(
    "Conv2d(16, 3, padding=1) BatchNorm2d ReLU " + f"{BLOCK} ReLU " * 24 + "AdaptiveAvgPool2d Flatten Linear(10)",
    batch=16,
)


def milliseconds(call: Callable[[], object], rounds: int) -> float:
    """The median of some calls, after one that is not counted."""
    call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def recorded(document: StackDocument) -> Recorded:
    return run_stack(document, *digit_batch(document.batch, document.rng_seed))


def drawn(document: StackDocument) -> object:
    return picture(recorded(document).trace, document.graph)


def opener(document: StackDocument) -> Callable[[], object]:
    """Opens another block each time: the trace is kept, the graph is laid out and drawn anew."""
    kept, numbers = recorded(document), count(1)
    notes = module_notes(kept, document.batch)
    return lambda: picture(kept.trace, document.graph, opening=Opening.of([f"+residual{next(numbers)}"]), notes=notes)


def plain(document: StackDocument) -> None:
    """The same net, forward and backward once, nothing recorded."""
    x, labels = digit_batch(document.batch, document.rng_seed)
    torch.nn.functional.cross_entropy(build(analyse(document.stack()))(x), labels).backward()


def edit() -> None:
    after, _ = edited(THIRTY, {"name": "set", "path": [0], "argument": "kernel_size", "content": 5})
    cautions(after.analysis())


def table(rounds: int) -> list[str]:
    two = stack_preset("L2.4").document
    rows = [
        ("edit to shapes and warnings, 30 layers", milliseconds(edit, rounds), 50, None),
        ("L2.4, batch 64: to a drawn graph", milliseconds(lambda: drawn(two), rounds), 1500, two),
        ("ResNet of 50 layers, batch 16: to a drawn graph", milliseconds(lambda: drawn(RESNET), rounds), 3000, RESNET),
        ("open one block of the ResNet", milliseconds(opener(RESNET), rounds), 1000, None),
    ]
    lines = ["| what | median ms | limit ms | plain forward + backward ms | ratio |", "|---|---:|---:|---:|---:|"]
    for what, time_, limit, document in rows:
        peer = None if document is None else milliseconds(partial(plain, document), rounds)
        beside = "| | |" if peer is None else f"| {peer:,.0f} | {time_ / peer:.1f} |"
        lines.append(f"| {what} | {time_:,.1f} | {limit:,} {beside}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one round, printed only")
    quick = parser.parse_args().quick
    head = [
        "# What the layers page costs",
        "",
        f"`python -m benchmarks.layers`: PyTorch {torch.__version__.partition('+')[0]}, "
        f"{torch.get_num_threads()} threads, in-process, warm.",
        "",
    ]
    text = "\n".join([*head, *table(1 if quick else ROUNDS)]) + "\n"
    print(text)
    if not quick:
        RESULTS.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
