"""What training through the app costs: beside the bare loop of tensors, and beside the loop of PyTorch's tutorial.

Every side gets the same net, data, seed, batches, evaluations and niceness, in a process that has imported everything,
has read the data and has trained for some steps; app and bare loop in a new fork of it each time. The sides take
turns, and only what is timed runs: a host has to wait for its turn too, or its polls of the queue would cost the
others. App and bare loop are timed in both settings of docs/hosting.md: for a class (as installed: half the cores for
a run, because two may run at once) and for one person (all cores, one run at a time). A pair of them that other users
of the machine disturbed is timed again. The tutorial's loop has all cores, as PyTorch takes them by itself. A run
through the app goes from `submit` to the row that says `finished`: queue, fork, records of the layers, database,
checkpoint. It needs the files of MNIST (PLAYGROUND_DATA).

    python -m benchmarks.training              # the tables, written to benchmarks/results/training.md
    python -m benchmarks.training --quick      # little data and two rounds, printed only
    python -m benchmarks.training --only times # or figures; printed only
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import nn

from benchmarks.undisturbed import STOLEN, undisturbed
from playground.data.dataset import Data
from playground.data.folders import data_folders
from playground.lessons.runs import RUNS, reported
from playground.runs.engine import LocalEngine
from playground.runs.host import NICE, in_fork
from playground.runs.limits import LIMITS
from playground.runs.lock import HostLock
from playground.runs.run import Run
from playground.runs.store import Store
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.model import model_of
from playground.training.records import TrainRecord

RESULTS = Path(__file__).resolve().parent / "results" / "training.md"
MOST_OF_BARE = 1.10
FIRST_RECORD = 1.0  # seconds
# Of app and bare loop; more where a run takes seconds only: two runs of the same program differ by a tenth and more on
# a virtual machine. Even, because each side is the first of its pair in every other round.
ROUNDS, SHORT_ROUNDS = 6, 20
TUTORIAL_ROUNDS = 6  # of the tutorial's loop, which takes minutes and is far away
BEST, WITHIN = 0.99, 120.0  # what the convolutional net reaches, seconds
# What the lectures' nets have to reach on MNIST: test accuracy at the end, from and to.
REACHED = {
    "L1.1": (0.91, 1.0),
    "L1.3a": (0.955, 1.0),
    "L2.1": (0.76, 0.82),
    "L2.2": (0.64, 0.70),
    "L2.3": (0.84, 0.90),
    "L2.4": (0.78, 0.93),  # its curve jumps: its third epoch ends where last bits lead it
    "L0.9c": (0.96, 1.0),
    "mnist-cnn": (BEST, 1.0),
}
STUCK = ("L0.9a", 2.2)  # the loss of the net that cannot learn stays above
FIRST_EPOCH = ("L4.6a", 0.095)  # the training error at its end is no more
# How many threads a run gets, and what sets it so.
CORES = os.cpu_count() or 1
SETTINGS = {
    "class": {},
    "one person": {"PLAYGROUND_RUNS_AT_ONCE": "1", "PLAYGROUND_RUNS_THREADS": str(CORES)},
}
FIRSTS = 9  # submissions of which the first record is timed
EVALUATED_AT_ONCE = 500


@dataclass(frozen=True)
class Case:
    """A net to train, and how many times faster than the tutorial's loop it should be (None: shown, no aim)."""

    name: str
    config: TrainConfig
    aim: float | None
    rounds: int = ROUNDS


def cases(examples: int = 0) -> list[Case]:
    """`examples`: to train on; 0 for all. The tutorial's loop goes through them once and is counted `epochs` times."""
    mlp = replace(RUNS.preset("L4.6a").document, epochs=5)
    small = replace(RUNS.preset("L3.1").document, epochs=4)
    pooled = replace(
        small,
        text="Conv2d(10, 5) ReLU MaxPool2d(2) Conv2d(20, 5) ReLU MaxPool2d(2) Flatten Linear(50) ReLU Linear(10)",
        batch=64,
        epochs=2,
    )
    named = [
        ("MLP 784-300-10 of L4.6, batch 50", mlp, 8.0),
        ("CNN of L3.1, batch 100", small, 3.0),
        ("CNN with unstrided convolutions and pooling, batch 64", pooled, None),
    ]
    return [
        Case(
            name,
            replace(one, normalise=True, record_every=0, device="cpu", train_size=examples),
            aim,
            2 if examples else SHORT_ROUNDS if one is mlp else ROUNDS,
        )
        for name, one, aim in named
    ]


# The other sides, each in a process of its own ---------------------------------------------------------------------


def fit(
    config: TrainConfig, data: Data, batches: Callable[[], Iterator[Any]], tests: Callable[[], Iterator[Any]]
) -> None:
    """The loop that everyone writes: one line a step, the test set after every epoch."""
    model = model_of(config, data.input_shape, len(data.classes))
    optimizer = torch.optim.SGD(model.parameters(), lr=config.learning_rate)
    criterion = nn.CrossEntropyLoss()
    for _ in range(config.epochs):
        for x, labels in batches():
            loss = criterion(model(x), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            found = [(model(x), labels) for x, labels in tests()]
            output, right = torch.cat([one for one, _ in found]), torch.cat([labels for _, labels in found])
            print(float(criterion(output, right)), float((output.argmax(1) == right).float().mean()), file=sys.stderr)
        model.train()


def bare(config: TrainConfig) -> Callable[[TrainConfig], None]:
    """On tensors in memory."""
    torch.set_num_threads(1)  # a fork of a process with threads would hang
    data = data_of(config)

    def work(config: TrainConfig) -> None:
        generator = torch.Generator().manual_seed(config.rng_seed)
        x, labels = data.train.x, data.train.labels

        def batches() -> Iterator[Any]:
            order = torch.randperm(len(labels), generator=generator)
            return ((x[chosen], labels[chosen]) for chosen in order.split(config.batch))

        def tests() -> Iterator[Any]:
            return zip(data.test.x.split(EVALUATED_AT_ONCE), data.test.labels.split(EVALUATED_AT_ONCE), strict=True)

        fit(config, data, batches, tests)

    return work


def tutorial(config: TrainConfig, workers: int) -> Callable[[TrainConfig], None]:
    """With torchvision's data set, a DataLoader, and the two transforms of PyTorch's own MNIST example
    (github.com/pytorch/examples, mnist/main.py)."""
    from torch.utils.data import DataLoader, Subset
    from torchvision import datasets, transforms

    data = data_of(replace(config, train_size=100, test_size=100))
    root = unpacked()
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    sets = [datasets.MNIST(root, train=part, transform=transform) for part in (True, False)]
    training = Subset(sets[0], range(config.train_size)) if config.train_size else sets[0]

    def work(config: TrainConfig) -> None:
        generator = torch.Generator().manual_seed(config.rng_seed)
        loader: Any = DataLoader(training, config.batch, shuffle=True, generator=generator, num_workers=workers)
        test: Any = DataLoader(sets[1], EVALUATED_AT_ONCE, num_workers=workers)
        fit(config, data, lambda: iter(loader), lambda: iter(test))

    return work


def unpacked() -> str:
    """A folder with MNIST as torchvision keeps it."""
    from torchvision import datasets

    root = os.environ["PLAYGROUND_BENCHMARK_DATA"]
    raw = Path(root, "MNIST", "raw")
    if not raw.is_dir():
        raw.mkdir(parents=True)
        packed = next(folder for folder in data_folders() if (folder / "MNIST" / "raw").is_dir())
        for file in (packed / "MNIST" / "raw").glob("*.gz"):
            (raw / file.name).symlink_to(file)
        datasets.MNIST(root, download=True)
    return root


TUTORIALS = {f"tutorial, num_workers={workers}": workers for workers in (0, 2)}


def side_of(side: str, config: TrainConfig) -> Callable[[TrainConfig], None]:
    """What is timed, ready to go."""
    return bare(config) if side == "bare" else tutorial(config, TUTORIALS[side])


def serve_side(side: str, case: int, examples: int) -> None:
    """A process of one side: reads the data, trains a little, then once for every line that it is sent."""
    if side != "bare":  # its forks are nice
        os.nice(NICE)
    config = cases(examples)[case].config
    work = side_of(side, config)
    if side == "bare":
        work(replace(config, epochs=1))
    else:
        config = replace(config, epochs=1)

    def once() -> None:
        start = time.perf_counter()
        work(config)
        print(time.perf_counter() - start, flush=True)

    def forked() -> None:
        torch.set_num_threads(LIMITS.threads)
        once()

    print("ready", flush=True)
    for _ in sys.stdin:
        if side == "bare":  # as a worker is
            os.waitpid(in_fork(forked), 0)
        else:
            once()


@contextmanager
def side_process(
    side: str, case: int, examples: int, folder: str, setting: str = "class"
) -> Iterator[Callable[[], float]]:
    """Seconds of one run of another side, each time it is called."""
    command = [sys.executable, "-m", "benchmarks.training", "--side", side, str(case), str(examples)]
    environment = os.environ | {"PLAYGROUND_BENCHMARK_DATA": folder} | SETTINGS[setting]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        start_new_session=True,  # as a worker has: Linux shares the processor among sessions first
    ) as process:
        asked, answers = process.stdin, process.stdout
        assert asked is not None and answers is not None
        said = answers.readline().strip()
        if said != "ready":
            raise RuntimeError(f"the process of {side} ended: run {' '.join(command[1:])}")

        def once() -> float:
            print("", file=asked, flush=True)
            return float(answers.readline())

        yield once
        asked.close()


# The app's side ----------------------------------------------------------------------------------------------------


@contextmanager
def app(setting: str = "class", data: str = "MNIST") -> Iterator[LocalEngine]:
    """An engine on an empty database, whose host has read `data`, is warm and sleeps; it ends with the block."""
    with tempfile.TemporaryDirectory() as folder:
        engine = LocalEngine(Store(f"sqlite:///{folder}/runs.db"))
        try:
            with patch.dict(os.environ, SETTINGS[setting]):  # from where the host takes them
                engine.ensure()
            with awake(engine):
                for _ in range(2):
                    ended(engine, engine.submit(replace(cases(1000)[0].config, data=data, epochs=1)))
            yield engine
        finally:
            if engine._started is not None:
                engine._started.send_signal(signal.SIGCONT)
                engine._started.terminate()
                engine._started.wait()
            with suppress(FileNotFoundError):
                HostLock(engine.store.url).path.unlink()


@contextmanager
def awake(engine: LocalEngine) -> Iterator[LocalEngine]:
    """Its host works within the block, and sleeps afterwards."""
    host = engine._started
    assert host is not None
    host.send_signal(signal.SIGCONT)
    try:
        yield engine
    finally:
        host.send_signal(signal.SIGSTOP)


def ended(engine: LocalEngine, run: Run) -> Run:
    """The run when it is over. RuntimeError where it did not finish."""
    while not (found := engine.store.run(run.id)).has_ended:
        time.sleep(1.0)  # the row knows when it ended, and looking takes time from the run
    if found.status != "finished":
        raise RuntimeError(f"{found.config.text}: {found.status}: {found.reason}")
    return found


def through_the_app(engine: LocalEngine, config: TrainConfig) -> tuple[float, float]:
    """Seconds from submit to finished, and those that the loop itself took."""
    with awake(engine):
        start = time.time()
        run = ended(engine, engine.submit(config))
    assert run.finished is not None
    return run.finished - start, run.seconds


def first_record(engine: LocalEngine, config: TrainConfig) -> float:
    """Seconds from submit until a page can read the first record."""
    start = time.perf_counter()
    run = engine.submit(config)
    while not engine.store.records(run.id):
        time.sleep(0.005)
    found = time.perf_counter() - start
    ended(engine, run)
    return found


# The tables --------------------------------------------------------------------------------------------------------


@dataclass
class Times:
    """Seconds of every round by side."""

    case: Case
    rows: dict[str, list[float]] = field(default_factory=dict)
    again: int = 0  # pairs that were timed again

    def add(self, side: str, seconds: float) -> None:
        """One round's."""
        self.rows.setdefault(side, []).append(seconds)

    def ratios(self, over: str, under: str) -> list[float]:
        """Of the rounds that both were in."""
        return [a / b for a, b in zip(self.rows[over], self.rows[under], strict=False)]

    def ratio(self, over: str, under: str) -> float:
        """Their median."""
        return statistics.median(self.ratios(over, under))


def measure(number: int, examples: int, engines: dict[str, LocalEngine], folder: str) -> Times:
    """The sides in turn, the app and the bare loop in every setting."""
    case = cases(examples)[number]
    times = Times(case)
    with ExitStack() as stack:

        def other(side: str, setting: str = "class") -> Callable[[], float]:
            return stack.enter_context(side_process(side, number, examples, folder, setting))

        bare_loops = {setting: other("bare", setting) for setting in SETTINGS}
        tutorials = {side: other(side) for side in TUTORIALS}
        for turn in range(case.rounds):
            for setting, engine in engines.items():

                def pair(setting: str = setting, engine: LocalEngine = engine, turn: int = turn) -> dict[str, float]:
                    alone = [bare_loops[setting]()] if turn % 2 else []
                    whole, loop = through_the_app(engine, case.config)
                    [other] = alone or [bare_loops[setting]()]
                    return {f"app, {setting}": whole, f"its loop alone, {setting}": loop, f"bare, {setting}": other}

                found, tries = undisturbed(pair)
                times.again += tries - 1
                for side, seconds in found.items():
                    times.add(side, seconds)
            for side, once in tutorials.items() if turn < TUTORIAL_ROUNDS else ():
                times.add(side, case.config.epochs * once())
    return times


def times_table(all_times: list[Times]) -> list[str]:
    lines = ["| | " + " | ".join(times.case.name for times in all_times) + " |", "|---" * (len(all_times) + 1) + "|"]
    for side in all_times[0].rows:
        limit = f"bare, {side.rpartition(', ')[2]}" if side not in TUTORIALS else "bare, class"
        cells = [f"{statistics.median(t.rows[side]):.2f} s ({t.ratio(side, limit):.2f}×)" for t in all_times]
        lines.append(f"| {side} | " + " | ".join(cells) + " |")
    return lines


def quartiles(numbers: Sequence[float]) -> tuple[float, float]:
    """Half of the numbers lie between these."""
    low, _, high = statistics.quantiles(numbers, n=4, method="inclusive")
    return low, high


def verdicts(all_times: list[Times], first: float) -> list[tuple[bool, str]]:
    """The aims, and whether this run met them."""
    found = [(first <= FIRST_RECORD, f"first record after {first:.2f} s (at most {FIRST_RECORD:g})")]
    for times in all_times:
        for setting in SETTINGS:
            name, app_side = f"{times.case.name}, {setting}", f"app, {setting}"
            cost, rounds = times.ratio(app_side, f"bare, {setting}"), times.ratios(app_side, f"bare, {setting}")
            spread = f"half of the rounds {' to '.join(f'{end:.2f}' for end in quartiles(rounds))}"
            found.append(
                (cost <= MOST_OF_BARE, f"{name}: {cost:.3f}× the bare loop (at most {MOST_OF_BARE:.2f}; {spread})")
            )
            for side in TUTORIALS:
                gain, aim = times.ratio(side, app_side), times.case.aim
                wanted = f" (at least {aim:g})" if aim else ""
                found.append((gain >= (aim or 0), f"{name}: {gain:.1f}× faster than the {side}{wanted}"))
    return found


def reached(trained: dict[str, tuple[Run, list[TrainRecord]]]) -> list[tuple[bool, str]]:
    """What the runs of the examples, by their ids, had to reach, and whether they did."""
    accuracy = {preset: records[-1].test_accuracy or 0.0 for preset, (_, records) in trained.items()}
    found = [
        (low <= accuracy[preset] <= high, f"{preset}: {100 * accuracy[preset]:.1f} % ({100 * low:g} to {100 * high:g})")
        for preset, (low, high) in REACHED.items()
    ]
    order = ("L2.2", "L2.1", "L2.4")
    rising = [accuracy[preset] for preset in order]
    found.append((rising == sorted(rising), f"in this order: {' < '.join(order)}"))
    lowest = min(record.loss for record in trained[STUCK[0]][1])
    found.append((lowest > STUCK[1], f"{STUCK[0]}: loss never below {lowest:.2f} (above {STUCK[1]})"))
    error = 1 - (trained[FIRST_EPOCH[0]][1][-1].accuracy or 0.0)
    found.append(
        (error <= FIRST_EPOCH[1], f"{FIRST_EPOCH[0]}: {100 * error:.1f} % error (at most {FIRST_EPOCH[1]:.1%})")
    )
    seconds = trained["mnist-cnn"][0].seconds
    found.append((seconds <= WITHIN, f"mnist-cnn: {seconds:.0f} s, beside another run (at most {WITHIN:g})"))
    return found


def figures(engine: LocalEngine) -> tuple[list[str], list[tuple[bool, str]]]:
    """Every example on MNIST of which a lecture reports something, trained through the app, two at once."""
    chosen = [entry for entry in RUNS.presets if entry.document.data == "MNIST"]
    runs = [(entry, engine.submit(entry.document, title=entry.title)) for entry in chosen]
    lines = ["| | | lecture | here | when | training |", "|---|---|---:|---:|---|---:|"]
    trained: dict[str, tuple[Run, list[TrainRecord]]] = {}
    for entry, run in runs:
        run = ended(engine, run)
        records = engine.store.records(run.id)
        trained[entry.id] = run, records
        for figure in reported(entry.document):
            here = figure.shown(figure.of(records))
            row = [entry.id, entry.title, figure.shown(figure.value), f"{here} {figure.metric}", figure.when]
            lines.append(f"| {' | '.join(row)} | {run.seconds:.0f} s |")
        if not reported(entry.document):
            here = f"{100 * (records[-1].test_accuracy or 0):.2f} % test accuracy"
            when = f"after {entry.document.epochs} epochs"
            lines.append(f"| {entry.id} | {entry.title} | – | {here} | {when} | {run.seconds:.0f} s |")
    return lines, reached(trained)


def load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def told(found: list[tuple[bool, str]]) -> list[str]:
    return [f"- {'met' if met else 'NOT MET'}: {message}" for met, message in found]


def report(before: str, all_times: list[Times], first: float, lines: list[str], goals: list[tuple[bool, str]]) -> str:
    """The page of results."""
    epochs = ", ".join(f"{times.case.config.epochs} epochs of the {times.case.name}" for times in all_times)
    found = [
        "# What training through the app costs",
        "",
        f"Python {platform.python_version()}, torch {torch.__version__}; {os.cpu_count()} cores; load average at the"
        f" start {before}, at the end {load()}. Threads of a run and of the bare loop: {LIMITS.threads} in the setting"
        f" for a class, {CORES} in that for one person (docs/hosting.md); the tutorial's loop has {CORES}.",
        "",
    ]
    if all_times:
        rounds = ", ".join(str(times.case.rounds) for times in all_times)
        found += [
            f"Median of {rounds} rounds in turn ({TUTORIAL_ROUNDS} of the tutorial's), {epochs};",
            "in brackets the median of the ratios to the bare loop of the same setting (the tutorial's: to that of the",
            "setting for a class). The app's row goes from submit to finished: queue,",
            "fork, a record every few steps with gradient norms, update ratios and dead units of each layer, database,",
            "checkpoint. The bare loop keeps nothing. Both evaluate the test set after every epoch; the tutorial's ran",
            "one epoch, which is counted as often as the others ran.",
            "",
            f"Pairs of app and bare loop that were timed again, because of a virtual machine's processors its host took"
            f" more than {STOLEN:.0%} meanwhile: {', '.join(str(times.again) for times in all_times)}.",
            "",
            *times_table(all_times),
            "",
            *told(verdicts(all_times, first)),
            "",
        ]
    if lines:
        found += [
            "The lectures' figures beside ours, from runs through the app, two at once:",
            "",
            *lines,
            "",
            *told(goals),
            "",
        ]
    return "\n".join(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 where an aim is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="little data, two rounds, and no file")
    parser.add_argument("--only", choices=("times", "figures"), help="one part, and no file")
    parser.add_argument("--side", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.side:
        serve_side(given.side[0], int(given.side[1]), int(given.side[2]))
        return 0
    examples, before = (6000 if given.quick else 0), load()
    all_times: list[Times] = []
    first, lines, goals = 0.0, list[str](), list[tuple[bool, str]]()
    with app() as engine, app("one person") as alone, tempfile.TemporaryDirectory() as folder:
        engines = dict(zip(SETTINGS, (engine, alone), strict=True))
        if given.only != "figures":
            short = replace(cases()[0].config, steps=50)
            with awake(engine):
                first = statistics.median(first_record(engine, short) for _ in range(FIRSTS))
            all_times = [measure(number, examples, engines, folder) for number in range(len(cases()))]
        if given.only != "times" and not given.quick:
            with awake(engine):
                lines, goals = figures(engine)
    found = report(before, all_times, first, lines, goals)
    print(found)
    if not given.quick and not given.only:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(found, encoding="utf-8")
    return int(not all(met for met, _ in [*verdicts(all_times, first), *goals]))


if __name__ == "__main__":
    sys.exit(main())
