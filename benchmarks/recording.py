"""What a recording costs, beside the same run in plain PyTorch and beside four peers.

Every method gets the same module and the same inputs, in turn, so that whatever else the machine does meets them all;
times are CPU times of one thread, medians, with a garbage collection before each. A peer that is not installed is left
out. A ratio is the median of the ratios to plain forward + backward of the same round.

    python -m benchmarks.recording            # the tables, written to benchmarks/results/recording.md
    python -m benchmarks.recording --quick    # a few rounds, printed only
    python -m benchmarks.recording --earlier /path/to/checkout

The last also times an earlier build, a checkout with its own `.venv`, in processes that take turns with this build's.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import importlib.metadata
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from playground import record, run

if TYPE_CHECKING:
    from playground.trace.trace import Trace

RESULTS = Path(__file__).resolve().parent / "results" / "recording.md"
BATCH = 64
MOST_OF_PLAIN = 1.5  # a recording of a convolutional net, in times of plain forward + backward
MOST_FOR_TEXT = 5.0  # milliseconds from the typed text of L0.4 to its finished trace
MOST_OF_EARLIER = {  # CPU time, in times of the earlier build's
    "chain of 200: record()": 0.6,
    "MLP 784-300-10: record()": 0.7,
    "L0.4, 5 calls: picture()": 1.15,
    "L2.4, batch 64: picture()": 1.15,
}
PAIRS = 5  # processes of each build
L04 = "f = log(x1) + x1*x2 - sin(x2)"

Columns = dict[str, dict[str, list[float]]]  # case -> method -> milliseconds of each round


class Expression(nn.Module):
    """L0.4 as a module, which the peers need."""

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return torch.log(x1) + x1 * x2 - torch.sin(x2)


class Chain(nn.Module):
    """200 scalar operations, one after the other."""

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(50):
            x = torch.log(torch.exp(torch.sin(x) * 1.01))
        return x


class Classifier(nn.Module):
    """A network with its loss: the output is one number."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.network(x), labels)


class Residual(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        same = before == after and stride == 1
        self.around = nn.Identity() if same else nn.AvgPool2d(stride, stride, ceil_mode=True)
        self.padding = after - before

    def forward(self, x: Tensor) -> Tensor:
        around = F.pad(self.around(x), (0, 0, 0, 0, 0, self.padding)) if self.padding else x
        return F.relu(self.body(x) + around)


def fifty_layers() -> nn.Module:
    """48 convolutions in residual pairs, one before and a linear layer after."""
    layers: list[nn.Module] = [nn.Conv2d(1, 16, 3, 1, 1), nn.BatchNorm2d(16), nn.ReLU()]
    before = 16
    for after, stride in ((16, 1), (32, 2), (64, 2)):
        layers += [Residual(before if index == 0 else after, after, stride if index == 0 else 1) for index in range(8)]
        before = after
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def images(*shape: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(BATCH, *shape, generator=generator), torch.randint(0, 10, (BATCH,), generator=generator)


@dataclass(frozen=True)
class Case:
    """One program to run, and how many rounds it gets."""

    name: str
    module: nn.Module
    inputs: tuple[Tensor, ...]
    rounds: int
    calls: int = 1  # calls per round, of which the mean is taken
    is_convolutional: bool = False


def cases() -> list[Case]:
    torch.manual_seed(0)
    scalars = torch.tensor(2.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
    dense = nn.Sequential(nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 10))
    two_convolutions = nn.Sequential(
        nn.Conv2d(1, 10, 7), nn.ReLU(), nn.Conv2d(10, 55, 2), nn.ReLU(), nn.Flatten(), nn.Linear(24255, 10)
    )
    return [
        Case("L0.4, 5 calls", Expression(), scalars, 40, calls=40),
        Case("chain of 200", Chain(), (torch.tensor(0.5, requires_grad=True),), 20, calls=4),
        Case("MLP 784-300-10", Classifier(dense), images(784), 30, calls=8),
        Case("two convolutions", Classifier(two_convolutions), images(1, 28, 28), 20, is_convolutional=True),
        Case("50-layer CNN", Classifier(fifty_layers()), images(1, 28, 28), 9, is_convolutional=True),
    ]


@dataclass
class Method:
    """One way to look at a run. `before` and `after` are not timed."""

    name: str
    call: Callable[[Case], object]
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None
    most_rounds: int = 1_000
    times: list[float] = field(default_factory=list)  # milliseconds


def plain(case: Case) -> None:
    case.module(*case.inputs).backward()


def clear(case: Case) -> None:
    case.module.zero_grad()
    for tensor in case.inputs:
        tensor.grad = None


def looked_at(case: Case) -> None:
    record(case.module, *case.inputs, passes=0)


def recorded(case: Case) -> None:
    record(case.module, *case.inputs)


def read(case: Case) -> None:
    everything(record(case.module, *case.inputs))


def everything(trace: Trace) -> object:
    """Every record of a trace: they are laid out when one of them is first read."""
    return trace.values, trace.ops, trace.nodes, trace.passes, trace.steps, trace.notes


def checked(case: Case) -> None:
    _ = record(case.module, *case.inputs).checks


def written(case: Case) -> None:
    record(case.module, *case.inputs).to_json()


def ours() -> list[Method]:
    return [
        Method("plain forward + backward", plain),
        Method("record()", recorded),
        Method("record(), every record read", read),
        Method("record(passes=0): forward, and the graph of backward", looked_at),
        Method("record() + finite differences", checked, most_rounds=10),
        Method("record() + finite differences + JSON", written, most_rounds=10),
    ]


def peers() -> list[Method]:
    """Each peer at its fullest; those that are not installed are named and left out."""
    found: list[Method] = []
    with suppress(ImportError):
        import torchviz

        def parameters(case: Case) -> dict[str, Tensor]:
            return dict(case.module.named_parameters())

        def bare(case: Case) -> object:
            return torchviz.make_dot(case.module(*case.inputs), parameters(case))

        def with_saved(case: Case) -> object:
            output = case.module(*case.inputs)
            return torchviz.make_dot(output, parameters(case), show_attrs=True, show_saved=True)

        found += [Method("torchviz", bare), Method("torchviz, saved tensors", with_saved)]
    with suppress(ImportError):
        import torchview

        def view(case: Case) -> object:
            return torchview.draw_graph(case.module, input_data=case.inputs, expand_nested=True, mode="train")

        found.append(Method("torchview", view))
    with suppress(ImportError):
        import torchlens
        from torchlens.backends.torch.wrappers import unwrap_torch, wrap_torch
        from torchlens.options import CaptureOptions

        def forward(case: Case) -> object:
            return torchlens.trace(case.module, list(case.inputs))

        def both(case: Case) -> object:
            log = torchlens.trace(case.module, list(case.inputs), capture=CaptureOptions(save_grads="all"))
            return log.log_backward(log[log.output_layers[0]].out)

        # It replaces PyTorch's functions while it works; the others are timed on PyTorch as it is.
        found += [
            Method("torchlens, forward", forward, wrap_torch, unwrap_torch, most_rounds=10),
            Method("torchlens, forward + backward", both, wrap_torch, unwrap_torch, most_rounds=10),
        ]
    with suppress(ImportError):
        import torchvista

        def shown(case: Case) -> None:
            with redirect_stdout(io.StringIO()):  # where a notebook would show it
                torchvista.trace_model(case.module, case.inputs)

        found.append(Method("torchvista", shown))
    return found


def measure(case: Case, methods: list[Method], rounds: int) -> None:
    """Every method in turn, round after round."""
    for method in methods:
        method.times.clear()
    for number in range(-1, rounds):  # the first round only warms up
        for method in methods:
            if number >= method.most_rounds:
                continue
            method.before()
            gc.collect()
            spent = sum(once(method, case) for _ in range(case.calls))
            method.after()
            if number >= 0:
                method.times.append(spent / case.calls * 1e3)


def once(method: Method, case: Case) -> float:
    """Seconds of CPU for one call, which finds every `.grad` empty."""
    clear(case)
    start = time.process_time()
    method.call(case)
    return time.process_time() - start


def text_to_trace(rounds: int) -> float:
    """Milliseconds of CPU from the typed text of L0.4 to its finished trace, every record read, once warm; median."""
    leaves = {"x1": 2.0, "x2": 5.0}
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        everything(run(L04, leaves))
        times.append((time.thread_time() - start) * 1e3)
    return statistics.median(times)


def trace_to_picture(case: Case, rounds: int) -> float:
    """Milliseconds of CPU from a trace whose records are read to its picture, its graph laid out before; median."""
    try:
        picture = importlib.import_module("playground.views.stepper.picture").picture
    except ModuleNotFoundError:  # where an earlier build has it
        picture = importlib.import_module("playground.views.stepper").picture
    times = []
    for _ in range(1 + rounds):
        clear(case)
        trace = record(case.module, *case.inputs)
        everything(trace)
        gc.collect()
        start = time.process_time()
        picture(trace)
        times.append((time.process_time() - start) * 1e3)
    return statistics.median(times[1:])


def before_affine_layers() -> Case:
    """L2.4: two convolutions in front of the three affine layers."""
    torch.manual_seed(0)
    affine = [nn.Linear(24255, 600), nn.ReLU(), nn.Linear(600, 600), nn.ReLU(), nn.Linear(600, 10)]
    layers = [nn.Conv2d(1, 10, 7), nn.ReLU(), nn.Conv2d(10, 55, 2), nn.ReLU(), nn.Flatten(), *affine]
    return Case("L2.4", Classifier(nn.Sequential(*layers)), images(1, 28, 28), 5)


def own_times() -> dict[str, float]:
    """Milliseconds of CPU of this build: what `compared` asks each build for."""
    found: dict[str, float] = {}
    for case in cases():
        if f"{case.name}: record()" in MOST_OF_EARLIER:
            methods = [Method("record()", recorded), Method("record(), every record read", read)]
            measure(case, methods, rounds=15)
            found |= {f"{case.name}: {method.name}": statistics.median(method.times) for method in methods}
    found |= {"text of L0.4 to finished trace": text_to_trace(200)}
    found["L0.4, 5 calls: picture()"] = trace_to_picture(cases()[0], 60)
    found["L2.4, batch 64: picture()"] = trace_to_picture(before_affine_layers(), 5)
    return found


def compared(earlier: Path) -> dict[str, list[tuple[float, float]]]:
    """What is timed -> the earlier build's time and this one's, for each pair of processes."""
    found: dict[str, list[tuple[float, float]]] = {}
    here = Path(__file__).resolve().parent.parent
    for number in range(PAIRS):
        print(f"comparing with the earlier build, pair {number + 1} of {PAIRS}", file=sys.stderr)
        theirs, ours_ = _times_in(earlier), _times_in(here)
        for name, time_ in theirs.items():
            found.setdefault(name, []).append((time_, ours_[name]))
    return found


def _times_in(checkout: Path) -> dict[str, float]:
    """`own_times` of the build in this folder."""
    command = [str(checkout / ".venv/bin/python"), __file__, "--times"]
    around = os.environ | {"PYTHONPATH": str(checkout)}
    answer = subprocess.run(command, cwd=checkout, env=around, capture_output=True, text=True, check=True)
    times: dict[str, float] = json.loads(answer.stdout)
    return times


def commit(checkout: Path) -> str:
    """The short name of what is checked out there."""
    command = ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def comparison(pairs: dict[str, list[tuple[float, float]]], name: str) -> list[str]:
    """Markdown: a row for each thing that is timed; the ratio is the median of the pairs'."""
    lines = [f"| CPU time | {name} | this build | ratio | at most |", "|---|---|---|---|---|"]
    for what, times in pairs.items():
        before, after = (milliseconds(statistics.median(side)) for side in zip(*times, strict=True))
        limit = MOST_OF_EARLIER.get(what, "")
        lines.append(f"| {what} | {before} | {after} | {_ratio_of(times):.2f} | {limit} |")
    return lines


def _ratio_of(times: list[tuple[float, float]]) -> float:
    return statistics.median(after / before for before, after in times)


def against_earlier(pairs: dict[str, list[tuple[float, float]]]) -> list[tuple[bool, str]]:
    """The aims beside the earlier build, and whether this run met them."""
    found = []
    for what, most in MOST_OF_EARLIER.items():
        cost = _ratio_of(pairs[what])
        found.append((cost <= most, f"{what} takes {cost:.2f} of the earlier build's time (at most {most})"))
    return found


def ratio(times: list[float], base: list[float]) -> float:
    """How many times the base, round by round: what slows the machine down for a while slows both."""
    return statistics.median(mine / theirs for mine, theirs in zip(times, base, strict=False))


def table(columns: Columns) -> list[str]:
    """Markdown: a row per method, a column per case: milliseconds, and the ratio to the first row."""
    methods = list(next(iter(columns.values())))
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for method in methods:
        cells = []
        for times in columns.values():
            cell = f"{milliseconds(statistics.median(times[method]))}" if times.get(method) else "–"
            if times.get(method) and method != methods[0]:
                cell += f" ({ratio(times[method], times[methods[0]]):.2f}×)"
            cells.append(cell)
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return lines


def milliseconds(time_: float) -> str:
    """Three digits: `0.806 ms`, `29.9 ms`, `1,080 ms`."""
    return f"{float(f'{time_:.3g}'):,g} ms"


def versions() -> str:
    names = ["torch", "torchviz", "torchview", "torchlens", "torchvista"]
    known = []
    for name in names:
        try:
            known.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            known.append(f"{name} not installed")
    return f"Python {platform.python_version()}, {', '.join(known)}; {os.cpu_count()} cores, one thread used"


def verdicts(columns: Columns, text: float) -> list[tuple[bool, str]]:
    """The aims, and whether this run met them."""
    found = [(text < MOST_FOR_TEXT, f"text of L0.4 to finished trace: {text:.2f} ms (under {MOST_FOR_TEXT:g})")]
    for case in cases():
        times = columns[case.name]
        if case.is_convolutional:
            cost = ratio(times["record()"], times["plain forward + backward"])
            found.append((cost <= MOST_OF_PLAIN, f"{case.name}: {cost:.2f}× plain (at most {MOST_OF_PLAIN:g})"))
    return found


def measure_all(rounds: int | None) -> Columns:
    methods = ours() + peers()
    columns: Columns = {}
    for case in cases():
        print(f"measuring {case.name}", file=sys.stderr)
        measure(case, methods, case.rounds if rounds is None else min(rounds, case.rounds))
        columns[case.name] = {method.name: list(method.times) for method in methods}
    return columns


def report(columns: Columns, text: float, beside: list[str], met_or_not: list[tuple[bool, str]]) -> str:
    lines = [
        "# What a recording costs",
        "",
        f"{versions()}.",
        f"Median CPU time per run, batches of {BATCH}; in brackets the ratio to plain forward + backward.",
        "",
        *table(columns),
        "",
        "torchviz, torchview and torchvista run no backward pass and keep no numbers (torchviz lists saved tensors if",
        "asked to; most of torchvista's time is the page that it writes with its scripts in it);",
        "`record(passes=0)` is what compares with them, and keeps the numbers. `record()` keeps every value, adjoint,",
        "contribution of an edge and saved tensor, and the engine's order; torchlens keeps most values and adjoints.",
        "A recording lays its records out when one of them is first read: the row below `record()` has both.",
        "Finite differences are left out where a second run in float64 would take too long.",
        "",
        *([*beside, ""] if beside else []),
        *[f"- {'met' if met else 'NOT MET'}: {message}" for met, message in met_or_not],
        "",
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 where an aim is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recording", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="three rounds, and no file")
    parser.add_argument("--earlier", type=Path, metavar="CHECKOUT", help="an earlier build with its own .venv")
    parser.add_argument("--times", action="store_true", help=argparse.SUPPRESS)  # of one build, as JSON
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")  # the peers'
    torch.set_num_threads(1)
    if given.times:
        print(json.dumps(own_times()))
        return 0
    columns = measure_all(3 if given.quick else None)
    text = text_to_trace(20 if given.quick else 200)
    aims, beside = verdicts(columns, text), []
    if given.earlier is not None:
        pairs = compared(given.earlier.resolve())
        aims, beside = [*aims, *against_earlier(pairs)], comparison(pairs, commit(given.earlier))
    found = report(columns, text, beside, aims)
    print(found)
    if not given.quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(found, encoding="utf-8")
    return int(not all(met for met, _ in aims))


if __name__ == "__main__":
    sys.exit(main())
