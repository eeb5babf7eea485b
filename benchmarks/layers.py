"""What the layers page costs in-process: shapes after an edit, a recorded batch to a drawn graph, a deep net.

Each row takes the page's own way, to the data as JSON that the browser gets; nothing that the page remembers is used.

The peer is what a person would write instead: the same net built and run once, forward and backward, in plain PyTorch.

    python -m benchmarks.layers            # the table, written to benchmarks/results/layers.md
    python -m benchmarks.layers --quick    # one round, printed only
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from itertools import count
from pathlib import Path

import torch

from playground.data.digits import digit_batch
from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.edits import edited
from playground.layers.net.net import net_of
from playground.layers.stack.analysis import analyse
from playground.layers.stack.build import build
from playground.lessons.presets import STACKS
from playground.ui.layers import frames
from playground.ui.layers.frames import Answer, show_stack, stack_frame
from playground.views.graph.unfolding import UNTOUCHED, Unfolding

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


def sent(document: StackDocument, unfolding: Unfolding = UNTOUCHED) -> str:
    """Everything that the browser gets for a document: the list, the numbers, the drawn graph."""
    net = net_of(document)
    shown = show_stack(net, unfolding)
    if isinstance(shown, PlaygroundError):
        raise shown
    frame = stack_frame(net, [], shown, Answer())
    return json.dumps([frame, asdict(shown.drawn)])


def drawn(document: StackDocument) -> str:
    frames._show_stack.cache_clear()
    frames._recorded.cache_clear()
    return sent(document)


def opener(document: StackDocument) -> Callable[[], object]:
    """Opens another block each time: the trace is kept, the graph is laid out and drawn anew."""
    numbers = count(1)
    return lambda: sent(document, Unfolding.of([f"+residual{next(numbers)}"]))


def plain(document: StackDocument) -> None:
    """The same net, forward and backward once, nothing recorded."""
    x, labels = digit_batch(document.batch, document.rng_seed)
    torch.nn.functional.cross_entropy(build(analyse(document.stack()))(x), labels).backward()


def editor() -> Callable[[], object]:
    """Changes the first layer, each time to another document: the list with its shapes and warnings."""
    before = show_stack(net_of(THIRTY))
    if isinstance(before, PlaygroundError):
        raise before
    widths = count(9)

    def edit() -> str:
        after, _ = edited(THIRTY, {"name": "set", "path": [0], "argument": "out_channels", "content": next(widths)})
        net = net_of(after)
        frame = stack_frame(net, [], before, Answer())
        net.cautions()
        return json.dumps(frame)

    return edit


def table(rounds: int) -> list[str]:
    two = STACKS.preset("two-convolutions").document
    rows = [
        ("edit to shapes and warnings, 30 layers", milliseconds(editor(), rounds), 50, None),
        ("two convolutions, batch 64: to a drawn graph", milliseconds(lambda: drawn(two), rounds), 1500, two),
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
