"""The gallery of the train page."""

from __future__ import annotations

from playground.lessons.gallery import Gallery, Preset
from playground.training.config import TrainConfig

RunPreset = Preset[TrainConfig]
_GALLERY = Gallery("runs.toml", TrainConfig.from_fields)
run_presets = _GALLERY.presets
run_preset = _GALLERY.preset
