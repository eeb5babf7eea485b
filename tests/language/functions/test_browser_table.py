"""What the editor suggests is the table of functions. PLAYGROUND_RENEW=1 writes it anew."""

from __future__ import annotations

import json
import os
from pathlib import Path

from playground.language.function import METHOD
from playground.language.functions.table import FUNCTIONS, PREFIXES

SCRIPT = Path(__file__).parents[3] / "playground" / "frontend" / "shared" / "functions.js"
HEAD = """// @ts-check
// The functions that the editor suggests. Written from playground/language/functions by its test: change them there.

/** @type {[name: string, signature: string, meaning: string, homes: string][]} */
// prettier-ignore
export const FUNCTIONS = [
"""


def written(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


def script() -> str:
    rows = [[row.name, row.signature, row.meaning, " ".join(row.homes)] for row in FUNCTIONS]
    lines = "".join(f"  {written(row)},\n" for row in rows)
    prefixes = "".join(f"  {written(prefix)}: {written(home)},\n" for prefix, home in PREFIXES.items())
    return (
        f"{HEAD}{lines}];\n\n/** @type {{Record<string, string>}} what stands before a dot -> a home */\n"
        f"// prettier-ignore\nexport const PREFIXES = {{\n{prefixes}}};\n"
    )


def test_what_is_written_from_the_table_is_up_to_date() -> None:
    if os.environ.get("PLAYGROUND_RENEW"):
        SCRIPT.write_text(script(), encoding="utf-8")
    assert SCRIPT.read_text(encoding="utf-8") == script()


def test_homes_can_be_told_apart() -> None:
    homes = {home for row in FUNCTIONS for home in row.homes}
    assert METHOD in homes and set(PREFIXES.values()) <= homes and not any(" " in home for home in homes)
