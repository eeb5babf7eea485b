"""How long a run would take, in words, before it is begun: a few of its steps are timed in a process of their own."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace

from playground.computing.processes import PROCESSES
from playground.data.datasets import DATASETS
from playground.data.uploads import store
from playground.errors import PlaygroundError
from playground.runs.limits import LIMITS
from playground.training.config import TrainConfig
from playground.training.model import document_of
from playground.training.pace import seconds_of, steps_of
from playground.training.size import size_of
from playground.ui.shared.apart import has_process, in_process
from playground.ui.train.captions import duration
from playground.ui.train.net_check import check
from playground.unforeseen import tried

MOST = 20_000_000_000  # multiplications of a forward pass that is timed: with its backward pass seconds of one core
KEPT = 200  # nets whose pace is remembered
_ROWS = {row.name: row for row in DATASETS}
_paces: OrderedDict[TrainConfig, float | None] = OrderedDict()  # seconds of a step; None where it cannot be timed
_lock = threading.Lock()


def steps_said(config: TrainConfig) -> str:
    """How many steps a run would take; '' where it cannot be trained."""
    if check(config)["problem"] is not None:
        return ""
    steps = steps_of(config, _sizes(config)[0])
    return f"{steps:,} step{'s' if steps > 1 else ''}"


def expected(config: TrainConfig) -> str:
    """The same with the time that it would take here; this takes up to a second for a net that nobody has timed.

    Where there is no process for that, or one step alone would take seconds, only the steps are said.
    """
    said = steps_said(config)
    pace = _pace(config) if said else None
    return said if pace is None else f"{said}, about {duration(seconds_of(config, *_sizes(config), pace))} here"


def is_loading() -> bool:
    """Tell whether the processes that time a net are on their way."""
    return PROCESSES.is_on and not has_process()


def _sizes(config: TrainConfig) -> tuple[int, int]:
    """Training and test examples."""
    row = store.describe(config.data) if store.is_upload(config.data) else _ROWS[config.data]
    train = config.train_size or row.train_size
    if config.folds:
        return max(1, train - train // config.folds), train // config.folds
    return train, config.test_size or row.test_size


def _pace(config: TrainConfig) -> float | None:
    """Seconds of a step; None where that cannot be measured."""
    if not has_process():
        return None
    key = _timed_as(config)
    with _lock:
        if key in _paces:
            _paces.move_to_end(key)
            return _paces[key]
    found = tried(lambda: _measured(key))
    pace = None if isinstance(found, PlaygroundError) else found
    with _lock:
        _paces[key] = pace
        while len(_paces) > KEPT:
            _paces.popitem(last=False)
    return pace


def _measured(config: TrainConfig) -> float | None:
    row = store.describe(config.data) if store.is_upload(config.data) else _ROWS[config.data]
    size = size_of(document_of(config, row.input_shape, len(row.classes)))
    if size.multiplications * config.batch > MOST:
        return None
    given = {
        "config": config.fields(),
        "input_shape": list(row.input_shape),
        "classes": len(row.classes),
        "threads": LIMITS.threads,
    }
    seconds: float = in_process("training-pace", given)["seconds"]
    return seconds


def _timed_as(config: TrainConfig) -> TrainConfig:
    """The settings that decide how long a step takes; the rest as it is by default."""
    decides = ("text", "data", "loss", "optimizer", "momentum", "batch", "clip", "device")
    return replace(TrainConfig(), **{name: getattr(config, name) for name in decides})
