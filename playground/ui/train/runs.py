"""The runs that a page shows, and the frame of its right-hand side (docs/train.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from playground.errors import PlaygroundError
from playground.runs.engine import RunEngine
from playground.runs.run import Run
from playground.runs.store import MAY_BE, Store
from playground.training.config import TrainConfig
from playground.ui.train.captions import rate_said, sentence, state, time_left
from playground.ui.train.followed_run import Followed, has_diverged
from playground.ui.train.frame_data import ListedRunData, RunNewsData, ShownRunData, ShownRunsData, SymptomData
from playground.ui.train.frozen_step import OPENS
from playground.ui.train.links import MOST_SHOWN
from playground.ui.train.names import given_name, listed_names, names
from playground.ui.train.opening_run import is_opening
from playground.ui.train.run_groups import takes_digits
from playground.ui.train.samples import samples
from playground.ui.train.settings import differing
from playground.ui.train.tables import figures, tables
from playground.views.charts.console import HEADINGS
from playground.views.charts.curves import AXES, LAYER_CURVES, PALETTES, charts

LISTED = 20  # runs of the visitor's own that can be chosen
LETTERS = "ABCDEF"
ACTIVE = ("queued", "running")
# Seconds between two polls: until a second after the first point, and from Pause or Stop on until that has come; at a
# young run, at one that is longer under way, at a paused one (another tab may resume it), and at one that waits; there
# as many seconds as its turn is away at least, where so many runs a second are passed.
FIRST, FOLLOWING, LATER, PAUSED, FAR = 0.2, 0.5, 1.25, 2.0, 10.0
YOUNG = 20.0  # seconds in which a curve changes its shape with every point
PASSED = 4.0


class Runs:
    """The runs that one page shows, the first of them the one that the controls are for."""

    def __init__(self, ids: Sequence[str] = ()) -> None:
        self.ids = list(ids)
        self.problems: tuple[str, ...] = ()
        self._followed: dict[str, Followed] = {}

    @property
    def first(self) -> Run | None:
        """The run that the controls are for, as of the last poll."""
        found = self._followed.get(self.ids[0]) if self.ids else None
        return None if found is None else found.run

    @property
    def interval(self) -> float | None:
        """Seconds until the next poll: soon while somebody waits for the first point, later where others are before
        them in the queue; None where nothing goes on."""
        if any(f.run.samples and samples(f.run.config) is None for f in self.followed[:1]):
            return FOLLOWING  # the pictures are on their way
        return min((seconds for f in self.followed if (seconds := _interval(f)) is not None), default=None)

    @property
    def followed(self) -> list[Followed]:
        """The runs in the order in which they are shown."""
        return [self._followed[id] for id in self.ids if id in self._followed]

    def show(self, store: Store, wanted: Sequence[str], *, alone: bool = False) -> None:
        """Show these runs, alone or beside those that are shown; PlaygroundError, and no change, where there is no such
        run, or too many."""
        for one in wanted:
            store.run(one)
        beside = [] if alone else self.ids
        ids = [*beside, *(one for one in wanted if one not in beside)]
        if len(ids) > MOST_SHOWN:
            raise PlaygroundError(f"{MOST_SHOWN} runs at most are shown at once", hint="take one away first")
        self.ids = ids

    def poll(self, store: Store) -> None:
        """Ask the store how the runs are; those that it does not know are shown no longer, and named."""
        found = {run.id: run for run in store.runs(ids=self.ids, limit=len(self.ids))} if self.ids else {}
        lost = [id for id in self.ids if id not in found]
        if lost:
            self.problems = tuple(f"There is no run {id!r}; {MAY_BE}." for id in lost)
        self.ids = [id for id in self.ids if id in found]
        self._followed = {id: self._followed.get(id) or Followed(found[id]) for id in self.ids}
        for id, followed in self._followed.items():
            followed.run = found[id]
            if not followed.run.step:
                followed.soon_until = math.inf
            followed.ahead = store.ahead(id) if followed.run.status == "queued" else 0

    def again(self) -> None:
        """Begin anew: the browser has nothing yet."""
        for followed in self._followed.values():
            followed.again()

    def frame(self, store: Store, owner: str, draft: TrainConfig) -> ShownRunsData:
        """The frame's runs and all around them; only news of the curves."""
        several = len(self.ids) > 1
        news = [followed.news(store) for followed in self.followed]
        called = names([followed.run for followed in self.followed])
        shown = [
            _run(followed, new, letter, called[followed.run.id], owner)
            for followed, new, letter in zip(self.followed, news, LETTERS, strict=False)
        ]
        layers = [followed.layers for followed in self.followed]
        configs = [followed.run.config for followed in self.followed]
        first = self.first
        stale = [] if first is None or is_opening(first) else differing([first.config, draft])
        return {
            "runs": shown,
            "list": _listed(store, owner, self.ids),
            "charts": charts([run["letter"] for run in shown], layers, [run["name"] for run in shown]),
            "layer_charts": LAYER_CURVES if any(layers) else {},
            "axes": AXES,
            "palettes": {theme: list(colours) for theme, colours in PALETTES.items()},
            "headings": list(self.followed[0].console.headings if self.followed else HEADINGS),
            "differences": [[name, *contents] for name, contents in differing(configs)] if several else [],
            "tables": tables(store, self.followed, LETTERS, owner),
            "stale": [[name, *contents] for name, contents in stale],
        }


def _interval(followed: Followed) -> float | None:
    """The same of one run."""
    run, ahead = followed.run, followed.ahead
    if run.status == "queued" and ahead:
        return min(max(FOLLOWING, ahead / PASSED), FAR)
    if run.status in ACTIVE:
        is_awaited = run.wanted != "run" or monotonic() < followed.soon_until
        return FIRST if is_awaited else FOLLOWING if run.seconds < YOUNG else LATER
    return PAUSED if run.status == "paused" else None


def _run(followed: Followed, news: RunNewsData, letter: str, name: str, owner: str) -> ShownRunData:
    run = followed.run
    pictures = samples(run.config) if run.samples else None
    return {
        "id": run.id,
        "letter": letter,
        "name": name,
        "status": run.status,
        "state": state(run, followed.ahead),
        "share": run.share if run.status == "running" else None,
        "left": time_left(run),
        "step": run.step,
        "steps": run.steps,
        "seconds": run.seconds,
        "parameters": run.parameters,
        "device": run.device,
        "learning_rate": _rate(followed),
        "rate_said": rate_said(run, followed.latest),
        "mine": is_mine(run, owner),
        "can": controls(run) if is_mine(run, owner) else guests_controls(run),
        "sentence": sentence(run, name, followed.latest, followed.tested),
        "figures": figures(followed),
        "symptom": _symptom(followed),
        "samples": [list(row) for row in run.samples],
        "pictures": pictures or [],
        **news,
    }


def _symptom(followed: Followed) -> SymptomData | None:
    """Said where its owner can do something about it."""
    found = followed.symptom
    if found is None:
        return None
    return {"text": found.text, "label": found.label, "do": "tenth" if has_diverged(followed.run) else "cure"}


def _rate(followed: Followed) -> float:
    """The learning rate of the last record, unless another has been asked for since."""
    run, latest = followed.run, followed.latest
    if run.learning_rate is not None:
        return run.learning_rate
    return run.config.learning_rate if latest is None else latest.learning_rate


def is_mine(run: Run, owner: str) -> bool:
    """Tell whether a visitor may control a run."""
    return bool(owner) and run.owner == owner


def controls(run: Run) -> list[str]:
    """The actions that its owner may take on a run now."""
    stopping = run.status == "running" and run.wanted != "run"
    found = {
        "pause": run.status in ACTIVE and not stopping,
        "resume": run.status == "paused" or (stopping and run.wanted == "pause"),
        "stop": run.status in (*ACTIVE, "paused") and run.wanted != "stop",
        "rate": run.status in (*ACTIVE, "paused"),
        "epoch": run.status in ("running", "paused", "finished", "stopped"),
        "retry": run.status in ("failed", "stopped"),
        "digits": takes_digits(run),
        "tenth": has_diverged(run),
        "freeze": run.status == "running" and not stopping,
        "open": run.status in OPENS,
    }
    return [name for name, may in found.items() if may]


def guests_controls(run: Run) -> list[str]:
    """The actions that everybody with the link may take: to look, and to go on with a run that is nobody's."""
    return [what for what in controls(run) if what == "open" or (what == "epoch" and is_opening(run))]


def _listed(store: Store, owner: str, shown: Sequence[str]) -> list[ListedRunData]:
    runs = store.runs(owner=owner, limit=LISTED) if owner else []
    called = listed_names(runs)
    return [
        {"id": run.id, "name": called[run.id], "status": run.status, "created": run.created, "shown": run.id in shown}
        for run in runs
    ]


def act(engine: RunEngine, run: str, owner: str, what: str, content: Any = None) -> None:
    """Do what the owner asked for. PlaygroundError where it is none of theirs, or not possible now."""
    store = engine.store
    found = store.run(run)
    if not is_mine(found, owner):
        raise PlaygroundError("only the one who started a run controls it", hint="train your own with its settings")
    if what == "name":
        store.rename(run, given_name(content))
    elif what not in controls(found):
        return  # the run has gone on since the button was drawn
    elif what == "rate":
        store.set_learning_rate(run, _number(content))
    else:
        orders: Mapping[str, Any] = {
            "pause": store.pause, "resume": store.resume, "stop": engine.cancel,
            "epoch": store.one_epoch_more, "retry": store.retry, "freeze": store.pause,
        }  # fmt: skip
        orders[what](run)


def _number(content: Any) -> float:
    try:
        return float(content)
    except (TypeError, ValueError):
        raise PlaygroundError(f"{str(content)[:20]!r} is no number", hint="a learning rate, for example 0.01") from None
