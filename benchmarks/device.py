"""What a device computes and how long it takes, beside the CPU: recordings, and steps of training.

Every row is done on the CPU and on the device in turn, from the same seeds; "differs by" is the largest difference of a
number of the trace (a loss of the run), in parts of the largest number of its tensor. The device has passed where that
stays below what float32 explains.

    scripts/check_device              # the fastest device that is there
    scripts/check_device cuda:1
    python -m benchmarks.device lazy  # PyTorch's second device of its ordinary build: to try this file
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice

import torch
from torchvision.models import resnet18

from playground.computing.device import CPU, described, device_of, using
from playground.layers.net.net import net_of, record_net
from playground.layers.run.settings import batch_of
from playground.lessons.presets import EXPRESSIONS, STACKS
from playground.lessons.runs import RUNS
from playground.recorder.record import record
from playground.trace.trace import Trace
from playground.training.examples import data_of
from playground.training.learner import Learner
from playground.training.loop import train

ROUNDS = 5
STEPS = 50  # of each run
TRAINED = ("L1.1", "L2.3", "mnist-cnn")  # presets of the train page, on the bundled digits
MOST = 1e-3  # relative difference that sums in another order, and fewer bits of a product, explain

Numbers = list[torch.Tensor]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; times in milliseconds, medians."""

    name: str
    cpu: float
    device: float
    differs: float

    @property
    def text(self) -> str:
        """The line in Markdown."""
        verdict = "" if self.differs <= MOST else " **too much**"
        times = f"{self.cpu:.1f} | {self.device:.1f} | {self.cpu / self.device:.2f}"
        return f"| {self.name} | {times} | {self.differs:.1e}{verdict} |"


def recorded(make: Callable[[], Trace]) -> Numbers:
    """Every value and every adjoint of a recording."""
    trace = make()
    arrays = [array for value in trace.values for array in (value.data, value.adjoint) if array is not None]
    return [array.dense() for array in arrays if array.dtype.startswith("float")]


def expression() -> Trace:
    """L0.4."""
    return EXPRESSIONS.preset("L0.4").document.run()


def stack() -> Trace:
    """L2.4 with the batch of its preset."""
    document = STACKS.preset("L2.4").document
    return record_net(net_of(document), *batch_of(document)).trace


def residual(device: torch.device) -> Trace:
    """ResNet-18 of torchvision, four pictures of 64 x 64."""
    torch.manual_seed(0)
    net = resnet18(num_classes=10).to(device)
    return record(net, torch.randn(4, 3, 64, 64).to(device), names=("x",))


def losses(preset: str, device: torch.device) -> Numbers:
    """The losses of the first steps of a run."""
    config = replace(
        RUNS.preset(preset).document, data="digits", train_size=1000, test_size=100, steps=STEPS, record_every=1
    )
    learner = Learner(config, data_of(config), device)
    return [torch.tensor([one.loss for one in islice(train(config, data_of(config), device, learner), STEPS)])]


def cases(device: torch.device) -> dict[str, Callable[[], Numbers]]:
    """The rows by name, each as it is done on a device."""
    return {
        "L0.4, recorded": lambda: recorded(expression),
        "L2.4, recorded": lambda: recorded(stack),
        "ResNet-18, 4 pictures of 64 x 64, recorded": lambda: recorded(lambda: residual(device)),
        **{f"{name}, {STEPS} steps": (lambda name=name: losses(name, device)) for name in TRAINED},
    }


def timed(device: torch.device, name: str, rounds: int) -> tuple[float, Numbers]:
    """The median time in milliseconds, and the numbers."""
    case, taken, numbers = cases(device)[name], [], []
    with using(device):
        for _ in range(rounds):
            began = time.perf_counter()
            numbers = case()
            taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken), numbers


def difference(numbers: Numbers, others: Numbers) -> float:
    """The largest difference, in parts of the largest number of its tensor; infinite where shapes differ."""
    if [one.shape for one in numbers] != [one.shape for one in others]:
        return float("inf")
    found = 0.0
    for one, other in zip(numbers, others, strict=True):
        if one.numel():
            size = float(other.double().abs().max())
            found = max(found, float((one.double() - other.double()).abs().max()) / max(size, 1e-6))
    return found


def row(device: torch.device, name: str, rounds: int = ROUNDS) -> Row:
    """Do one case on both, the device first once to wake it."""
    timed(device, name, 1)
    there, numbers = timed(device, name, rounds)
    here, expected = timed(CPU, name, rounds)
    return Row(name, here, there, difference(numbers, expected))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("device", nargs="?", default="auto")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    device = device_of(options.device)
    if device == CPU:
        print("There is no other device here than the CPU: nothing to compare.")
        return
    torch.ones(1, device=device)
    print(f"torch {torch.__version__}, Python {platform.python_version()}, {described(str(device))} beside the CPU\n")
    print("| | CPU, ms | device, ms | CPU / device | differs by |\n|---|--:|--:|--:|--:|")
    for name in cases(device):
        print(row(device, name, options.rounds).text, flush=True)


if __name__ == "__main__":
    main()
