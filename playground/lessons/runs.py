"""The gallery of the train page, and what the lectures report of its runs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from playground.lessons.gallery import Gallery, Preset
from playground.lessons.reported import Reported
from playground.training.config import TrainConfig

RunPreset = Preset[TrainConfig]
_FILE = "runs.toml"


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Examples that are trained by one click, to be looked at in one chart."""

    id: str
    title: str
    about: str
    presets: tuple[RunPreset, ...]

    @property
    def lecture(self) -> str:
        """Which system of the lectures it shows."""
        return self.id


def _config(fields: dict[str, object]) -> TrainConfig:
    return TrainConfig.from_fields({name: content for name, content in fields.items() if name != "reported"})


_GALLERY = Gallery(_FILE, _config)
run_presets = _GALLERY.presets
run_preset = _GALLERY.preset


@cache
def run_groups() -> tuple[RunGroup, ...]:
    """All groups.

    >>> [preset.id for preset in run_groups()[0].presets]
    ['L2.1', 'L2.2', 'L2.3', 'L2.4']
    """
    return tuple(
        RunGroup(entry["id"], entry["title"], entry["about"], tuple(map(run_preset, entry["presets"])))
        for entry in _read()["together"]
    )


def reported(config: TrainConfig) -> tuple[Reported, ...]:
    """What a lecture says of runs with these settings; nothing where it says nothing.

    >>> [(one.metric, one.when, one.value) for one in reported(run_preset("L1.1").document)]
    [('test accuracy', 'after 1 epoch', 0.915)]
    """
    return _reported().get(config, ())


@cache
def _reported() -> dict[TrainConfig, tuple[Reported, ...]]:
    entries = {entry["id"]: entry.get("reported", []) for entry in _read()["preset"]}
    return {preset.document: tuple(Reported(**one) for one in entries[preset.id]) for preset in run_presets()}


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(_FILE).read_text(encoding="utf-8"))


__all__ = ["RunGroup", "RunPreset", "reported", "run_groups", "run_preset", "run_presets"]
