"""The train page's link: which runs it shows and what is set.

`?v=1&run=3f2a...&run=99c1...&text=Flatten Linear(10)&epochs=5`. Settings stand there where they are not those of the
first run that is shown; then `text` always does, and what equals the default is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from playground.errors import PlaygroundError
from playground.training.config import TrainConfig
from playground.ui.shared.link_format import RestoredLink, parts_of, query_of
from playground.ui.train.settings import read_settings

MOST_SHOWN = 6  # runs at once: as many as there are colours
_RUN = re.compile(r"[0-9a-f]{6,24}")


@dataclass(frozen=True, slots=True)
class RestoredTrain(RestoredLink[TrainConfig]):
    """The content of a link: beside the settings the runs to show, and the one whose next step is open."""

    runs: tuple[str, ...] = ()
    frozen: str = ""


def train_query(config: TrainConfig | None, runs: Sequence[str] = (), frozen: str = "") -> str:
    """The canonical query string, without `?`; `config` None: as of the first run; `frozen`: whose next step is open.

    >>> train_query(TrainConfig("Flatten Linear(10)", epochs=5), ["3f2a51"])
    'v=1&run=3f2a51&text=Flatten%20Linear(10)&epochs=5'
    """
    parts = [*(("run", run) for run in runs), *([("frozen", frozen)] if frozen else [])]
    return query_of(parts if config is None else [*parts, *config.link_parts().items()])


def restore_train(params: Mapping[str, Sequence[str]]) -> RestoredTrain:
    """Read a query string, each key with all its contents. Never raises: what is bad is named and left out."""
    given, problems = parts_of(params)
    runs: list[str] = []
    for run in given.pop("run", []):
        if not _RUN.fullmatch(run):
            problems.append(f"The link's run {run[:24]!r} is not the name of a run.")
        elif run not in runs:
            runs.append(run)
    if len(runs) > MOST_SHOWN:
        problems.append(f"The link has {len(runs)} runs; the first {MOST_SHOWN} are shown.")
    frozen = given.pop("frozen", [""])[-1]
    if frozen and not _RUN.fullmatch(frozen):
        problems.append(f"The link's frozen run {frozen[:24]!r} is not the name of a run.")
        frozen = ""
    known = TrainConfig.settings()
    problems += [f"The link's part {key[:40]!r} was not understood." for key in given if key not in known]
    typed = {key: contents[-1] for key, contents in given.items() if key in known}
    read = read_settings(TrainConfig(), typed)
    problems += [f"The link's {name} {what!r} cannot be used: {why}." for name, (what, why) in read.refused.items()]
    return RestoredTrain(read.config if typed else None, None, tuple(problems), tuple(runs[:MOST_SHOWN]), frozen)


def runs_in(text: str) -> tuple[str, ...]:
    """The runs that somebody means by a link to them, or by the id of one. PlaygroundError where it is neither.

    >>> runs_in(" 3f2a51 "), runs_in("https://play.example/train?v=1&run=3f2a51&run=99c1d0#end")
    (('3f2a51',), ('3f2a51', '99c1d0'))
    """
    typed = text.strip()
    query = typed.rpartition("?")[2].partition("#")[0]
    found = (typed,) if _RUN.fullmatch(typed) else restore_train(parse_qs(query)).runs
    if not found:
        what = f"{typed[:40]!r} is neither a link to a run nor the id of one" if typed else "no run is named"
        raise PlaygroundError(what, hint="a link has run= with the id, twelve of the characters 0-9 and a-f, after it")
    return found
