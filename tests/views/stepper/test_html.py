"""What the one file of the stepper cannot be made of is an error, and what it leaves out is truly the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playground.views.stepper.html import bundle, change
from tests.views.offline import changed


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ({"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\n'}, "a.js is imported by"),
        ({"a.js": 'import { b } from "./b.js";\n', "b.js": 'import * as c from "./c.js";\n'}, "b.js cannot be joined"),
        ({"a.js": "const a = 1;\nexport { a };\n"}, "a.js cannot be joined"),
    ],
)
def test_modules_that_cannot_be_joined_are_an_error(tmp_path: Path, modules: dict[str, str], message: str) -> None:
    for name, text in modules.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        bundle(tmp_path, "a.js")


def test_a_change_tells_numbers_by_kind_and_sign() -> None:
    old = {"a": [0, {"b": 0.0}], "c": [1, 2], "d": 1, "e": {}}
    new = {"a": [False, {"b": -0.0}], "c": [1, 2], "d": True, "e": {}}
    made = json.loads(json.dumps(change(old, new)))
    assert json.dumps(changed(old, made)) == json.dumps(new)
    assert made.keys() == {"a", "d"}
