"""Settings come from links and files: whatever they say, they are understood or refused by name."""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.errors import PlaygroundError
from playground.training.config import SETTINGS, TrainConfig
from playground.training.model import WEIGHT_INITS
from playground.training.optimizers import OPTIMIZERS, SCHEDULES

HOSTILE: list[Any] = [
    None, True, -1, 0.5, 1e308, float("nan"), float("inf"), 10**400, "", "'; DROP TABLE runs; --", "../../etc/passwd",
    "<script>alert(1)</script>", "own-../../x", "own-zz", [], {}, ["SGD"], {"lr": 1}, b"bytes", "\0", "９",
]  # fmt: skip


def test_every_setting_has_its_row() -> None:
    assert list(SETTINGS) == [field.name for field in fields(TrainConfig)]
    assert SETTINGS["optimizer"].choices == tuple(row.name for row in OPTIMIZERS)
    assert SETTINGS["schedule"].choices == tuple(row.name for row in SCHEDULES)
    assert SETTINGS["initial"].choices == tuple(WEIGHT_INITS)


@pytest.mark.parametrize("name", SETTINGS)
def test_hostile_contents_are_understood_or_refused_by_name(name: str) -> None:
    refused = 0
    for content in HOSTILE:
        try:
            config = TrainConfig.from_fields({name: content})
        except PlaygroundError as error:
            refused += 1
            assert name in error.message or error.message.startswith(("Nesterov", "fold"))
            assert error.hint
        else:
            assert TrainConfig.from_fields(json.loads(json.dumps(config.fields()))) == config
    assert refused >= (12 if name != "text" else 10)


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(PlaygroundError, match="no setting is called '__class__'"):
        TrainConfig.from_fields({"__class__": 1})


@given(
    st.dictionaries(
        st.sampled_from(list(SETTINGS)), st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    )
)
def test_nothing_else_is_ever_raised(given: dict[str, Any]) -> None:
    with contextlib.suppress(PlaygroundError):
        TrainConfig.from_fields(given)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "epochs": st.integers(1, 200),
            "batch": st.integers(1, 4096),
            "learning_rate": st.floats(1e-8, 1000),
            "optimizer": st.sampled_from([row.name for row in OPTIMIZERS]),
            "normalise": st.booleans(),
            "text": st.text(),
        },
    )
)
def test_changed_settings_are_enough(given: dict[str, Any]) -> None:
    config = TrainConfig.from_fields(given)
    assert TrainConfig.from_fields(config.changed()) == config
