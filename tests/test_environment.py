"""Limits from the environment."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from playground.environment import from_environment
from playground.errors import PlaygroundError
from playground.language.limits import LanguageLimits
from playground.layers.limits import LayerLimits as OfLayers
from playground.runs.limits import ServerLimits
from playground.training.limits import TrainingLimits


@pytest.mark.parametrize("kind", [LanguageLimits, OfLayers, ServerLimits, TrainingLimits])
def test_each_limit_is_overridable(kind: type[Any]) -> None:
    assert from_environment(kind, "X", {"OTHER": "1", "X_ALSO": "2"}) == kind()
    for field in fields(kind):
        assert from_environment(kind, "X", {f"X_{field.name.upper()}": "7"}) == kind(**{field.name: 7})


@pytest.mark.parametrize(
    ("name", "text"), [("SECONDS", "ten"), ("SECONDS", "1.5"), ("SILENCE", "long"), ("SECONDS", "")]
)
def test_what_is_no_number_is_named(name: str, text: str) -> None:
    with pytest.raises(PlaygroundError) as caught:
        from_environment(ServerLimits, "PLAYGROUND_RUNS", {f"PLAYGROUND_RUNS_{name}": text})
    assert f"PLAYGROUND_RUNS_{name}" in caught.value.message and "number" in caught.value.hint
