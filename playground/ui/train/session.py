"""`TrainSession`: the session of one visitor of the train page, and what each of their edits does to it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any

from playground.errors import PlaygroundError
from playground.lessons.runs import RUNS
from playground.runs.engine import RunEngine
from playground.runs.run import Run
from playground.training.config import TrainConfig
from playground.training.fitted import fitted
from playground.ui.shared.boundary import told
from playground.ui.shared.direct import DESK, alone
from playground.ui.train.engine import engine as configured_engine
from playground.ui.train.engine import keep_going
from playground.ui.train.followed_run import has_diverged, rate_of
from playground.ui.train.frame_data import RunsFrameData, SetupFrameData
from playground.ui.train.frozen_panel import OpenedStep
from playground.ui.train.frozen_step import OPENS
from playground.ui.train.links import MOST_SHOWN, restore_train, runs_in, train_query
from playground.ui.train.net_check import check
from playground.ui.train.notes import notes, upload_row
from playground.ui.train.opening_run import is_opening
from playground.ui.train.polling import INTERVALS
from playground.ui.train.run_groups import folds_note, on_digits, submit_all, train_folds
from playground.ui.train.runs import ACTIVE, Runs, act, is_mine
from playground.ui.train.settings import Typed, fields, read_settings, suited

_OWNER = re.compile(r"[A-Za-z0-9_-]{20,64}")


@dataclass
class TrainSession:
    """One visitor's page. `sequence`, `acted`: the last edit of the settings, of the runs; `said`: why it failed.

    `awaits`: what is to be done with the file that is being read, "train", "folds" or nothing.
    """

    typed: Typed
    runs: Runs
    owner: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    problems: tuple[str, ...] = ()
    title: tuple[TrainConfig, str] | None = None  # of the example that was opened, for as long as nothing is changed
    chosen: int = 0  # how often something was chosen in the place of what was shown: an entry of the browser's history
    own: set[str] = field(default_factory=set)  # settings that were typed, and stay as they are with other data
    sequence: int = 0
    acted: int = 0
    uploads: tuple[str, ...] = ()  # that the visitor has brought, by name
    awaits: str = ""
    said: str = ""
    said_runs: str = ""
    said_add: str = ""  # why a run that was typed is not shown
    is_page_due: bool = False  # something that stands outside of the runs' side has changed
    freezing: str = ""  # the run whose step is opened as soon as it pauses
    frozen: OpenedStep | None = None
    every: float | None = None  # seconds between two polls of the runs, as the page has set it
    held: RLock = field(default_factory=RLock)  # by the page's script or a direct answer, until the frame is made
    ticket: str = ""

    def __post_init__(self) -> None:
        self.ticket = DESK.ticket(self)

    @classmethod
    def opened(cls, params: Mapping[str, Sequence[str]], engine: RunEngine, first: TrainConfig) -> TrainSession:
        """A session as a link says; where it says nothing, the settings of its first run, or `first`."""
        read = restore_train(params)
        runs = Runs(read.runs)
        runs.poll(engine.store)
        config = read.document or (runs.first.config if runs.first is not None else first)
        session = cls(Typed(config, {}), runs, problems=read.problems + runs.problems)
        if read.frozen:
            session.frozen = OpenedStep(read.frozen)
        return session

    @property
    def query(self) -> str:
        """The link to what is shown."""
        first = self.runs.first
        is_same = first is not None and first.config == self.typed.config
        frozen = "" if self.frozen is None else self.frozen.run
        return train_query(None if is_same else self.typed.config, self.runs.ids, frozen)

    def open(self, config: TrainConfig, title: str = "") -> None:
        """Take settings from elsewhere: an example, the layers page, another run."""
        self.typed, self.title, self.own = Typed(config, {}), (config, title), set()
        self.problems, self.said = (), ""

    @alone
    def reopen(self, params: Mapping[str, Sequence[str]], engine: RunEngine, first: TrainConfig) -> None:
        """Show what stands at an address that Back or Forward led to."""
        there = TrainSession.opened(params, engine, first)
        config = there.typed.config
        self.open(config, next((preset.title for preset in RUNS.presets if preset.document == config), ""))
        self.runs, self.frozen, self.problems, self.chosen = there.runs, there.frozen, there.problems, self.chosen + 1

    @alone
    def choose_upload(self, name: str, engine: RunEngine) -> None:
        """Take all of a data set of the visitor's own, with the net fitted to it; train where that waited for it."""
        self.uploads = (name, *(one for one in self.uploads if one != name))
        config, row = replace(self.typed.config, data=name, train_size=0, test_size=0), upload_row(name)
        known = [preset.document.text for preset in RUNS.presets]
        self.open(config if row is None else fitted(config, row.input_shape, len(row.classes), known))
        self._start_as_told(engine, self.awaits)
        self.awaits = ""

    def miss_upload(self) -> None:
        """The file that was to be read could not be: nothing waits for it any longer."""
        if self.awaits:
            self.awaits, self.said = "", "Not started: the file could not be read (Own data says why)."

    # The settings' side ---------------------------------------------------------------------------------------------

    def setup_frame(self) -> SetupFrameData:
        """The frame of the settings' side (docs/train.md)."""
        config = self.typed.config
        return {
            "part": "setup",
            "sequence": self.sequence,
            "owner": self.owner,
            "query": self.query,
            "chosen": self.chosen,
            "text": config.text,
            "fields": fields(self.typed, self.uploads),
            "check": check(config),
            "notes": notes(config),
            "folds": folds_note(config),
            "said": self.said,
            "waits": bool(self.awaits),
        }

    @alone
    def take_setup(self, sent: Mapping[str, Any], engine: RunEngine, *, is_reading: bool = False) -> None:
        """Take the settings as they are typed, maybe to train with them; once the visitor's file is read, where that
        goes on."""
        self._known_by(sent.get("owner"))
        given = sent.get("fields")
        before = self.typed.config
        typed = read_settings(before, given if isinstance(given, Mapping) else {})
        self.own |= {name for name in ("batch", "epochs") if getattr(typed.config, name) != getattr(before, name)}
        self.typed = typed = suited(typed, before, self.own)
        if "text" in typed.refused:  # it is not answered, so that the browser keeps what was typed
            self.said = f"The layers cannot be taken: {typed.refused['text'][1]}."
            return
        self.sequence = _whole(sent.get("sequence"))
        self.problems, self.said, self.awaits = (), "", ""
        if is_reading and sent.get("do") in ("train", "folds"):
            self.awaits, self.said = sent["do"], "Your file is still being read: training starts with it by itself."
        else:
            self._start_as_told(engine, sent.get("do"))

    def _start_as_told(self, engine: RunEngine, what: Any) -> None:
        try:
            if what == "train":
                self.train(engine)
            elif what == "folds":
                self._fit_to_start()
                self.said = self._show_started(engine, train_folds(engine, self.typed.config, self.owner))
        except PlaygroundError as error:
            self.said = told(error)

    def _fit_to_start(self) -> None:
        """PlaygroundError where what is typed cannot be trained."""
        if self.typed.refused:
            names = ", ".join(self.typed.refused)
            raise PlaygroundError(f"not started: {names} cannot be used as typed", hint="mend what is marked")
        problem = check(self.typed.config)["problem"]
        if problem is not None:
            raise PlaygroundError(f"not started: {problem['message']}", hint=problem["hint"])

    def train(self, engine: RunEngine) -> None:
        """Put a run with these settings into the queue and show it, before those that are shown."""
        self._fit_to_start()
        config = self.typed.config
        self._start(engine, config, self.title[1] if self.title is not None and self.title[0] == config else "")

    def _start(self, engine: RunEngine, config: TrainConfig, title: str) -> None:
        run = engine.submit(config, owner=self.owner, title=title)
        self.runs.ids = [run.id, *self.runs.ids][:MOST_SHOWN]
        self.runs.poll(engine.store)

    @alone
    def train_together(self, engine: RunEngine, wanted: Sequence[tuple[TrainConfig, str]]) -> None:
        """A run for each of these settings with their titles, shown together; the first one's settings are opened."""
        self.open(*wanted[0])
        self.said = self._show_started(engine, submit_all(engine, wanted, self.owner))

    def _show_started(self, engine: RunEngine, started: tuple[list[str], str]) -> str:
        ids, problem = started
        self.runs.ids = ids[:MOST_SHOWN] or self.runs.ids
        self.runs.poll(engine.store)
        return problem

    # The runs' side -------------------------------------------------------------------------------------------------

    @alone
    def answer(self, edit: Mapping[str, Any]) -> RunsFrameData:
        """Take what the visitor pressed of a run, if anything, and return the frame of the runs' side."""
        engine = configured_engine()
        self.take_action(edit, engine)
        self.look(engine)
        return self.runs_frame(engine)

    @alone
    def look(self, engine: RunEngine) -> None:
        """Look how the runs are."""
        self.runs.poll(engine.store)
        keep_going(followed.run for followed in self.runs.followed)
        self.watch()

    @property
    def interval(self) -> float | None:
        """Seconds until the runs are looked at again."""
        return INTERVALS.seconds(id(self), self.runs.interval)

    @alone
    def runs_frame(self, engine: RunEngine) -> RunsFrameData:
        """The frame of the runs' side."""
        shown = self.runs.frame(engine.store, self.owner, self.typed.config)
        return {
            "part": "runs",
            "sequence": self.acted,
            "owner": self.owner,
            "query": self.query,
            "frozen": None if self.frozen is None else self.frozen.number,
            "said": self.said_runs,
            "said_add": self.said_add,
            "direct": DESK.data(self.ticket),
            "every": self.interval,
            "page_due": self.is_page_due,
            **shown,
        }

    @alone
    def take_action(self, sent: Mapping[str, Any], engine: RunEngine) -> None:
        """Take what the visitor pressed of a run, or which runs they chose to show."""
        if sent.get("do") == "poll":  # it may come after an action that was pressed later
            return
        self._known_by(sent.get("owner"))
        self.acted = _whole(sent.get("sequence"))
        what, run = sent.get("do"), str(sent.get("run", ""))[:24]
        if what not in ("again", "owner"):  # of these the visitor knows nothing: what was said is to be read
            self.said_runs = self.said_add = ""
        try:
            self._act(engine, str(what), run, sent.get("content"))
            self.runs.poll(engine.store)
        except PlaygroundError as error:
            if what == "add":
                self.said_add = told(error)
            else:
                self.said_runs = told(error)

    def _act(self, engine: RunEngine, what: str, run: str, content: Any) -> None:
        shown = self.runs.ids
        if what == "again":  # the browser lost a part
            self.runs.again()
        elif what == "hide":
            self.runs.ids = [id for id in shown if id != run]
        elif what in ("show", "only", "add"):
            wanted = runs_in(str(content)) if what == "add" else (run,)
            self.runs.show(engine.store, wanted, alone=what == "only")
        elif what == "settings":
            self.open(engine.store.run(run).config)
            self.is_page_due = True
        elif what == "digits":
            shown_runs = [followed.run for followed in self.runs.followed]
            self.said_runs = self._show_started(engine, on_digits(engine, shown_runs, self.owner))
        elif what == "open":
            if engine.store.run(run).status in OPENS:
                self.open_step(run)
        elif what == "tenth" or (what == "retry" and self._is_other_now(engine, run)):
            self._train_again(engine, run, 0.1 if what == "tenth" else 1.0)
        elif what == "cure":
            self._cure(engine, run)
        elif what == "epoch" and is_opening(found := engine.store.run(run)):
            self._go_on(engine, found)
        elif what in ("pause", "resume", "stop", "rate", "epoch", "retry", "freeze", "name"):
            act(engine, run, self.owner, what, content)
            engine.ensure()
            self.freezing = run if what == "freeze" else "" if run == self.freezing else self.freezing
        elif what != "owner":
            raise PlaygroundError(f"nothing is called {what[:20]!r}")

    def _is_other_now(self, engine: RunEngine, run: str) -> bool:
        """Tell whether a failed run, taken up again, would leave its curve: its rate was set since it began, and what
        came before would be trained anew with it."""
        found = engine.store.run(run)
        return found.status == "failed" and found.learning_rate is not None

    def _train_again(self, engine: RunEngine, run: str, factor: float) -> None:
        """A new run in place of one that failed, with its last learning rate times this factor."""
        found = engine.store.run(run)
        if not is_mine(found, self.owner):
            raise PlaygroundError("only the one who started a run takes it up again", hint="train with its settings")
        if factor != 1 and not has_diverged(found):
            return
        config = replace(found.config, learning_rate=float(f"{rate_of(found) * factor:.6g}"))
        self.open(config)
        self._start(engine, config, "")
        self.is_page_due = True

    def _go_on(self, engine: RunEngine, run: Run) -> None:
        """One epoch more of a run that is nobody's: a run of the visitor's own in its place, the same up to there."""
        self.runs.ids = [id for id in self.runs.ids if id != run.id]
        self.open(replace(run.config, epochs=run.config.epochs + 1))
        self._start(engine, self.typed.config, "")
        self.is_page_due = True

    def _cure(self, engine: RunEngine, run: str) -> None:
        """Fill in what may mend a run that does not learn, and train with it where the run is the visitor's own."""
        followed = next((one for one in self.runs.followed if one.run.id == run), None)
        symptom = None if followed is None else followed.symptom
        if followed is None or symptom is None:
            return  # it has begun to learn since the button was drawn
        config = replace(followed.run.config, **symptom.changes)
        self.open(config)
        if is_mine(followed.run, self.owner):
            self._start(engine, config, "")
        self.is_page_due = True

    def open_step(self, run: str) -> None:
        """Show what this run does next, in the stepper."""
        self.frozen = OpenedStep(run, 1 if self.frozen is None else self.frozen.number + 1)
        self.is_page_due = True

    def close_step(self) -> None:
        """Show no step any longer."""
        self.frozen = None

    def watch(self) -> None:
        """Open the step of a run that was asked to pause for that, once it has; not where it was told to go on."""
        found = next((one.run for one in self.runs.followed if one.run.id == self.freezing), None)
        if found is not None and found.status in OPENS:
            self.open_step(found.id)
        elif found is not None and found.status in ACTIVE and found.wanted == "pause":
            return
        self.freezing = ""

    def _known_by(self, owner: Any) -> None:
        """Take the token that the browser keeps: whoever has it controls the runs that were started with it."""
        if isinstance(owner, str) and _OWNER.fullmatch(owner):
            self.owner = owner


def _whole(number: Any) -> int:
    return number if type(number) is int and 0 <= number < 2**53 else 0
