"""The gallery of the train page, and what the lectures report of its runs."""

from __future__ import annotations

from functools import cache

from playground.lessons.gallery import Gallery
from playground.lessons.reported import Reported
from playground.training.config import TrainConfig


def _config(fields: dict[str, object]) -> TrainConfig:
    return TrainConfig.from_fields({name: content for name, content in fields.items() if name != "reported"})


RUNS = Gallery(
    "runs.toml",
    _config,
    {"L0 and L1": ("L0", "L1"), "L2 · Convolutions": ("L2",), "L3 and L4": ("L3", "L4"), "Classics": ("",)},
)


def reported(config: TrainConfig) -> tuple[Reported, ...]:
    """Return what a lecture says of runs with these settings; nothing where it says nothing.

    >>> [(one.metric, one.when, one.value) for one in reported(RUNS.preset("L1.1").document)]
    [('test accuracy', 'after 1 epoch', 0.915)]
    """
    return _reported().get(config, ())


@cache
def _reported() -> dict[TrainConfig, tuple[Reported, ...]]:
    entries = zip(RUNS.presets, RUNS.entries["preset"], strict=True)
    return {preset.document: tuple(Reported(**one) for one in entry.get("reported", [])) for preset, entry in entries}
