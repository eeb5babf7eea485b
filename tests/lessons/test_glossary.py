"""The glossary is one: docs and browser have what glossary.toml says. PLAYGROUND_RENEW=1 writes them anew."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from playground.lessons.glossary import GLOSSARY

ROOT = Path(__file__).parents[2]
DOCS = """# Words

What the terms on the pages mean; the same list opens with `?` beside a graph.
"""
SCRIPT = """// @ts-check
// What the terms on the pages mean. Written from playground/lessons/glossary.toml by its test: change it there.

/** @type {Record<string, Record<string, string>>} */
export const GLOSSARY = """
MEANING = """;

/**
 * What a term means; null where the glossary does not have it.
 * @param {string} term
 * @returns {string | null}
 */
export function meaningOf(term) {
  for (const chapter of Object.values(GLOSSARY)) if (term in chapter) return chapter[term];
  return null;
}
"""


def script() -> str:
    lines = ["{"]
    for chapter, terms in GLOSSARY.items():
        lines.append(f"  {_key(chapter)}: {{")
        lines += [f"    {_key(term)}: {json.dumps(meaning, ensure_ascii=False)}," for term, meaning in terms.items()]
        lines.append("  },")
    return SCRIPT + "\n".join([*lines, "}"]) + MEANING


def _key(term: str) -> str:
    return term if term.isidentifier() else json.dumps(term)


def docs() -> str:
    parts = [DOCS]
    for chapter, terms in GLOSSARY.items():
        rows = "".join(f"| {term} | {meaning} |\n" for term, meaning in terms.items())
        parts.append(f"\n## {chapter}\n\n| | |\n|---|---|\n{rows}")
    return "".join(parts)


@pytest.mark.parametrize(
    ("path", "text"),
    [("playground/frontend/shared/glossary.js", script()), ("docs/glossary.md", docs())],
    ids=["browser", "docs"],
)
def test_what_is_written_from_it_is_up_to_date(path: str, text: str) -> None:
    file = ROOT / path
    if os.environ.get("PLAYGROUND_RENEW"):
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


def test_each_term_stands_there_once_and_is_said_in_a_sentence_or_two() -> None:
    terms = Counter(term for chapter in GLOSSARY.values() for term in chapter)
    assert max(terms.values()) == 1
    for chapter in GLOSSARY.values():
        for term, meaning in chapter.items():
            assert meaning.endswith(".") and len(meaning) <= 180, term


def test_what_the_browser_asks_for_is_in_it() -> None:
    known = {term for chapter in GLOSSARY.values() for term in chapter}
    frontend = ROOT / "playground" / "frontend"
    text = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("stepper", "layers", "train", "shared")
        for path in (frontend / folder).rglob("*.js")
    )
    asked = set(re.findall(r'(?:meaningOf|termOf)\("([^"]+)"[,)]', text))
    [also_called] = re.findall(r"const ALSO_CALLED = \{(.*?)\};", text, re.DOTALL)
    also = dict(re.findall(r'"?([^":,]+?)"?: "([^"]+)"', also_called))
    assert set(also.values()) <= known and not known & also.keys()
    asked = {also.get(term.strip(), term) for term in asked}
    [heads] = re.findall(r"const HEADS = \[([^\]]+)\]", text)
    assert {"grad", "reverse mode", "forward mode"} <= asked <= known
    assert {*json.loads(f"[{heads}]"), "primal", "tangent", "adjoint"} <= known
