"""What cannot be joined to one script is an error, and every component of the app can."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from playground.frontend import FRONTEND
from playground.frontend.bundle import bundle, script

COMPONENTS = tomllib.loads(FRONTEND.parent.joinpath("pyproject.toml").read_text())["tool"]["streamlit"]["component"]
ENTRIES = sorted(
    str(path.relative_to(FRONTEND))
    for path in FRONTEND.glob("*/*.js")
    if "\nexport default mounting(" in path.read_text()
)


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


def test_a_module_that_names_a_file_by_its_place_lies_as_deep_as_the_entry(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b/b.js";\nexport default made(b);\n')
    (tmp_path / "b").mkdir()
    (tmp_path / "b/b.js").write_text('export const b = new URL("./c.js", import.meta.url);\n')
    with pytest.raises(ValueError, match=r"b/b.js cannot be joined"):
        script(tmp_path, "a.js")
    (tmp_path / "b/b.js").write_text('// import.meta\nexport const b = "./c.js";\n')
    assert script(tmp_path, "a.js").endswith("export default a_js.standard;\n")


def test_every_component_is_called_as_its_folder_and_can_be_joined() -> None:
    assert len(ENTRIES) == len(COMPONENTS["components"])
    for entry in ENTRIES:
        assert re.fullmatch(r"(\w+)/\1\.js", entry)
        joined = script(FRONTEND, entry)
        assert joined.count("export ") == 1 and not re.search(r"^import ", joined, re.MULTILINE)
