"""`train`: train a net in a notebook or a terminal, with a progress bar; `TrainedRun` shows and saves itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from tqdm.auto import tqdm

from playground.computing.device import device_of
from playground.data.path import from_path, is_path
from playground.errors import PlaygroundError
from playground.runs.limits import LIMITS
from playground.training import loop
from playground.training.checkpoint import weights
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.export.result import RunResult, table_of
from playground.training.learner import Learner
from playground.training.records import TrainRecord
from playground.unforeseen import explained
from playground.views.charts.curves import charts, columns, figure, layers_of
from playground.views.charts.run_exports import RUN_EXPORTS
from playground.views.export import exports_of

MOST_THREADS = 1024  # a slip of the pen would ask the system for millions

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


@dataclass(eq=False)
class TrainedRun:
    """A run and what it has learned. `is_interrupted`: stopped by Ctrl-C; `problem`: why it could not go on."""

    config: TrainConfig
    learner: Learner
    threads: int  # that it was trained with: sums in another order give other bits
    records: list[TrainRecord] = field(default_factory=list)
    is_interrupted: bool = False
    problem: PlaygroundError | None = None

    @property
    def model(self) -> nn.Module:
        """The trained net."""
        return self.learner.model

    def frame(self) -> list[dict[str, Any]]:
        """Return a dict per record, as `pandas.DataFrame` takes them; a layer's numbers: `linear1.gradient_norm`."""
        return table_of(self.records)

    @explained
    def plot(self, chart: str = "loss", x: str = "step", log: bool = False) -> Figure:
        """A chart: loss, accuracy, error, learning_rate, gradient_norm, update_ratio, weight_norm, zeros or dead.

        `error`: of numbers that are predicted, in place of the accuracy. `x`: step, epoch or seconds. PlaygroundError
        names what there is.
        """
        from plotly.graph_objects import Figure

        drawn = {found["id"]: found for found in charts(["run"], [layers_of(self.records)])}
        if chart not in drawn or x not in ("step", "epoch", "seconds"):
            hint = f"{', '.join(drawn)}, over step, epoch or seconds"
            raise PlaygroundError(f"there is no chart {chart!r} over {x!r}", hint=hint)
        return Figure(figure(drawn[chart], {"run": columns(self.records)}, x=x, log=log))

    def result(self) -> RunResult:
        """The run as it is exported."""
        return RunResult(self.config, tuple(self.records), weights(self.learner), threads=self.threads)

    @explained
    def save(
        self, folder: str | Path, kinds: tuple[str, ...] = ("csv", "json", "weights", "script", "data")
    ) -> list[Path]:
        """Write the files of these kinds (of RUN_EXPORTS) into a folder, which is made; what was written."""
        known = [export.kind for export in RUN_EXPORTS]
        unknown = [kind for kind in kinds if kind not in known]
        if unknown:
            raise PlaygroundError(f"a run is not saved as {unknown[0]!r}", hint=", ".join(known))
        result, written = self.result(), []
        Path(folder).mkdir(parents=True, exist_ok=True)
        for export in exports_of(RUN_EXPORTS, result):
            if export.kind in kinds:
                written.append(Path(folder, export.name_for(result)))
                written[-1].write_bytes(export.content(result))
        return written

    def __repr__(self) -> str:
        last = self.records[-1] if self.records else None
        tested = ""
        if last is not None and last.test_loss is not None:
            tested = f", test {_score(last.test_accuracy, last.test_error)}"
        loss = "" if last is None else f", loss {last.loss:.4f}"
        return f"<TrainedRun: {self.learner.step} of {self.learner.steps} steps{loss}{tested}>"


@explained
def train(
    config: TrainConfig | Mapping[str, Any] | str | None = None,
    *,
    progress: bool = True,
    threads: int = LIMITS.threads,
    reading: Mapping[str, Any] | None = None,
    **settings: Any,
) -> TrainedRun:
    """Train a net here and now, and return the run; Ctrl-C ends it early with what there is.

    `config`: layers as text or the text of a class, settings by name, or a TrainConfig; `settings` change it. `data` is
    a data set's name or the path of data of one's own: a folder or a zip with one folder of pictures per class, or a
    CSV table; `reading` says how that is read: `{"side": 64, "colour": True}`, `{"label": "kind"}`. With as many
    `threads` as the train page takes on this machine the numbers are the page's to the last bit; afterwards PyTorch has
    as many as before. Raises PlaygroundError for what cannot be read or trained, and for a loss that is not finite.
    (`playground.training.loop.train` is the loop itself: a generator of records, without bar and data.)

    >>> run = train("Flatten Linear(10)", train_size=100, steps=3, progress=False)
    >>> len(run.records), run.model.linear1.weight.shape
    (3, torch.Size([10, 784]))
    """
    run = carry_out(chosen_config(config, settings, reading, progress=progress), progress=progress, threads=threads)
    if run.problem is not None:
        raise run.problem
    return run


def chosen_config(
    config: TrainConfig | Mapping[str, Any] | str | None,
    settings: Mapping[str, Any],
    reading: Mapping[str, Any] | None = None,
    *,
    progress: bool = False,
) -> TrainConfig:
    """The settings of a run, the later ones over the earlier; data named by a path is read and kept as an upload."""
    if not isinstance(config, TrainConfig | Mapping | str | None) or not isinstance(reading, Mapping | None):
        kind = type(config if isinstance(reading, Mapping | None) else reading).__name__
        hint = "layers as text, settings by name, or a TrainConfig; `reading` by name"
        raise PlaygroundError(f"a {kind} says no settings", hint=hint)
    if isinstance(config, TrainConfig):
        given: dict[str, Any] = config.fields()
    else:
        given = {"text": config} if isinstance(config, str) else dict(config or {})
    given |= settings
    if is_path(given.get("data", TrainConfig().data)):
        with tqdm(unit=" pictures", disable=not progress, leave=False) as bar:
            given["data"] = from_path(
                given["data"], on_progress=lambda count: bar.update(count - bar.n), **(reading or {})
            ).name
    elif reading:
        hint = f"{', '.join(reading)} say how data of your own is read: give the path of a folder, a zip or a CSV file"
        raise PlaygroundError("the data set is read in one way only", hint=hint)
    return TrainConfig.from_fields(given)


def carry_out(
    config: TrainConfig,
    *,
    progress: bool = True,
    threads: int = LIMITS.threads,
    on_record: Callable[[TrainRecord, Learner], None] | None = None,
) -> TrainedRun:
    """Train to the end, to Ctrl-C, or to a loss that is not finite, which is the run's `problem`; a net or data that
    cannot be used raise PlaygroundError."""
    with computing_with(threads):
        device = device_of(config.device)
        with downloads(progress) as told:
            data = data_of(config, told)
        learner = Learner(config, data, device)
        run = TrainedRun(config, learner, threads)
        name = f"{config.data} on {device}"
        with (
            tqdm(desc=name, total=learner.steps, unit=" steps", disable=not progress) as bar,
            interrupts() as was_asked,
        ):
            try:
                for record in loop.train(config, data, device, learner):
                    run.records.append(record)
                    bar.update(record.step - bar.n)
                    score = _score(record.accuracy, record.error)
                    bar.set_postfix_str(f"loss {record.loss:.4f}, {score}", refresh=False)
                    if on_record is not None:
                        on_record(record, learner)
                    if was_asked() and learner.step < learner.steps:
                        run.is_interrupted = True
                        break
            except PlaygroundError as error:
                run.problem = error
    return run


@contextmanager
def downloads(progress: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar of each file that is downloaded inside."""
    with ExitStack() as bars:
        found: dict[str, tqdm] = {}

        def told(file: str, done: int, total: int) -> None:
            if file not in found:
                bar = tqdm(desc=file, unit="B", unit_scale=True, disable=not progress)
                found[file] = bars.enter_context(bar)
            found[file].total = total or None
            found[file].update(done - found[file].n)

        yield told


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Let PyTorch take so many threads inside; PlaygroundError for a number of them that cannot be."""
    if type(threads) is not int or not 1 <= threads <= MOST_THREADS:
        raise PlaygroundError(f"{threads!r} threads", hint=f"a whole number from 1 to {MOST_THREADS}")
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def interrupts() -> Iterator[Callable[[], bool]]:
    """Only remember the first Ctrl-C inside, so that no step is cut in two; the second acts as ever."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = signal.getsignal(signal.SIGINT)

    def remember(*_: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, remember)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _score(accuracy: float | None, error: float | None) -> str:
    return f"error {error:.4g}" if error is not None else f"accuracy {accuracy:.4f}"
