"""A page's link: a versioned, readable, checked query string that stands for a document, and back.

`?v=1&text=y = w*x&leaf.w=3.0&graph=both&step=7`. What equals the default is left out. The keys of
each page stand in the `links.py` of its folder, and all of them in docs/links.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import parse_qs, quote

from playground.texts import whole_characters

D = TypeVar("D")  # a page's document
VERSION = "1"
MOST_CHARACTERS = 16_000
MOST_ENCODED = 12 * MOST_CHARACTERS  # of four bytes at most, each %XX
BEFORE = "before."  # stands before the keys of the document that is compared with this one
_LENS = re.compile(r"[0-9]{1,6}(\.[\w.]{1,40}\.[0-9]{1,7})?")  # a call; of its result or an argument a cell
FOREIGN = frozenset({"embed", "embed_options"})  # Streamlit's own


@dataclass(frozen=True, slots=True)
class RestoredLink(Generic[D]):
    """The content of a link: a document (None: it holds none), a step, and what could not be read."""

    document: D | None
    step: int | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RestoredPair(RestoredLink[D]):
    """The content of a link to a page that compares; `before`: the document that stands beside the other one."""

    before: D | None = None


def query_of(parts: Iterable[tuple[str, str]], also_plain: str = "=") -> str:
    """The canonical query string of these parts, without `?`; `also_plain`: a character that is not escaped.

    >>> query_of([("text", "y = x*x")]), query_of([("text", "y = x*x")], also_plain="")
    ('v=1&text=y%20=%20x*x', 'v=1&text=y%20%3D%20x*x')
    """
    plain = f"*()[],.;:!~{also_plain}"
    whole = [(whole_characters(key), whole_characters(text)) for key, text in [("v", VERSION), *parts]]
    return "&".join(f"{quote(key, safe='.')}={quote(text, safe=plain)}" for key, text in whole)


def params_in(search: str) -> dict[str, str]:
    """The parts of an address's query string, as it was sent by a browser; nothing where it is too long.

    >>> params_in("?v=1&text=y%20=%20x*x&step=7")
    {'v': '1', 'text': 'y = x*x', 'step': '7'}
    """
    return {key: contents[-1] for key, contents in all_params_in(search).items()}


def all_params_in(search: str) -> dict[str, list[str]]:
    """The same with all contents of each part.

    >>> all_params_in("?run=1&run=2")
    {'run': ['1', '2']}
    """
    return parse_qs(search.removeprefix("?"), keep_blank_values=True) if len(search) <= MOST_ENCODED else {}


def parts_of(params: Mapping[str, str | Sequence[str]]) -> tuple[dict[str, list[str]], list[str]]:
    """The parts of a query string that are the page's own, and what is wrong with it: too long, or another version.

    Each part comes with all its contents, because a name may stand there more than once.
    """
    listed = {key: [contents] if isinstance(contents, str) else list(contents) for key, contents in params.items()}
    parts = {key: contents for key, contents in listed.items() if contents and key not in FOREIGN}
    if sum(len(key) + sum(map(len, contents)) for key, contents in parts.items()) > MOST_CHARACTERS:
        return {}, [f"The link is longer than {MOST_CHARACTERS} characters; it was not read."]
    parts = {whole_characters(key): [*map(whole_characters, contents)] for key, contents in parts.items()}
    version = parts.pop("v", [VERSION])[-1]
    if version == VERSION:
        return parts, []
    return parts, [f"The link has version {version[:20]}; this is version {VERSION}: what it knows was read."]


def restore(
    params: Mapping[str, str], main: str, read: Callable[[dict[str, str], list[str]], D | None]
) -> RestoredLink[D]:
    """Read a query string, given as a mapping. Never raises: what is bad is named in `problems` and left out.

    `main`: the part without which there is no document. `read` makes one of all parts, and adds what it cannot read.
    """
    given, problems = parts_of(params)
    parts = {key: contents[-1] for key, contents in given.items()}
    step = _step(parts.pop("step", None), problems)
    _check_lens(parts.pop("lens", None), problems)
    if main in parts:
        return RestoredLink(read(parts, problems), step, tuple(problems))
    problems += [f"The link's part {key[:40]!r} has no {main} to go with." for key in parts]
    return RestoredLink(None, step, tuple(problems))


def with_before(parts: dict[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """The parts of a link with those of the document that is compared with this one."""
    return parts | {BEFORE + key: text for key, text in before.items()}


def restore_pair(
    params: Mapping[str, str], main: str, read: Callable[[dict[str, str], list[str]], D | None]
) -> RestoredPair[D]:
    """The same for a link that may hold two documents."""
    whole, problems = parts_of(params)
    if not whole:
        return RestoredPair(None, None, tuple(problems))
    mine, theirs = dict[str, str](), dict[str, str]()
    for key, text in params.items():
        (theirs if key.startswith(BEFORE) else mine)[key.removeprefix(BEFORE)] = text
    link, second = (restore(parts, main, read) for parts in (mine, theirs))
    problems = [*link.problems, *(f"Of the document before: {problem}" for problem in second.problems)]
    if second.document is not None and link.document is None:
        problems.append(f"The link's part {BEFORE + main!r} has no {main} to go with.")
    return RestoredPair(link.document, link.step, tuple(problems), link.document and second.document)


def _check_lens(text: str | None, problems: list[str]) -> None:
    """Which call is looked into, and at which of its cells: the browser reads it (frontend/stepper/looking.js)."""
    if text is not None and not _LENS.fullmatch(text):
        problems.append(f"The link's lens {text[:20]!r} is not a call and a cell of it.")


def _step(text: str | None, problems: list[str]) -> int | None:
    if text is None or (text.isascii() and text.isdigit() and len(text) < 7):
        return None if text is None else int(text)
    problems.append(f"The link's step {text[:20]!r} is not a number of steps.")
    return None
