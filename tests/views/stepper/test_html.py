"""What the one file of the stepper leaves out is truly the same."""

from __future__ import annotations

import json

from playground.views.stepper.html import change
from tests.views.offline import changed


def test_a_change_tells_numbers_by_kind_and_sign() -> None:
    old = {"a": [0, {"b": 0.0}], "c": [1, 2], "d": 1, "e": {}}
    new = {"a": [False, {"b": -0.0}], "c": [1, 2], "d": True, "e": {}}
    made = json.loads(json.dumps(change(old, new)))
    assert json.dumps(changed(old, made)) == json.dumps(new)
    assert made.keys() == {"a", "d"}
