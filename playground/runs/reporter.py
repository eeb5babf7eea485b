"""`Reporter`: a thread beside the training loop that writes records and brings orders, so that the loop never waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from playground.errors import PlaygroundError
from playground.runs.rows import samples_text
from playground.runs.run import Orders, Run, Status
from playground.runs.store import Store
from playground.training.learner import Learner, samples
from playground.training.records import TrainRecord

EVERY = 0.5  # seconds between two reports; a page polls as often
HEARD_WITHIN = 0.1  # seconds between two looks at what the owner wants: who presses Pause looks at the page
SAMPLES_EVERY = 0.5  # seconds
SAMPLES = 10  # test examples whose probabilities are shown while a run goes on
PATIENCE = 120.0  # seconds that a worker waits for a database that refuses; what it has to say is kept meanwhile


class Lost(Exception):
    """The run has been given to another worker, or the database is gone: this one has to end without a word."""


class Reporter:
    """Holds what is not written yet. `orders`: what the owner wants, a moment ago; `is_lost`: nobody wants to hear of
    the run from here."""

    def __init__(self, store: Store, run: Run) -> None:
        self.orders = Orders(run.wanted, run.learning_rate, run.more_epochs)
        self._store, self._run = store, run
        self._records: list[TrainRecord] = []
        self._written = self._recorded = time.monotonic()  # the last report, and the last with a record
        self._changes: dict[str, Any] = {}
        self._lock = threading.Lock()  # of what is pending
        self._writing = threading.Lock()
        self._done = threading.Event()
        self.is_lost = False
        self._refused_since: float | None = None
        self._sampled = 0.0
        self._learner_epochs = run.more_epochs
        self._learner: Learner | None = None  # once it trains: how far it is, is told without a record, too
        self._thread = threading.Thread(target=self._report, name="reporter", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        self._done.set()
        self._thread.join()
        return kind is Lost

    # The loop's side -----------------------------------------------------------------------------------------------

    def progress(self, what: str, done: int, total: int) -> None:
        """A download goes on."""
        share = f" {100 * done // total} %" if total else ""
        self._change(reason=f"downloads {what}{share}", share=done / total if total else None)

    def began(self, learner: Learner) -> None:
        """The net is built."""
        self._learner = learner
        count = sum(parameter.numel() for parameter in learner.model.parameters())
        self._change(parameters=count, device=str(learner.device), reason="", share=None, steps=learner.steps)

    def add(self, record: TrainRecord, learner: Learner) -> None:
        """A record; raises Lost where there is no use in going on."""
        if self.is_lost:
            raise Lost
        changes: dict[str, Any] = {"steps": learner.steps}
        now = time.monotonic()
        if now - self._sampled >= SAMPLES_EVERY or learner.step >= learner.steps:
            self._sampled = now
            changes["samples"] = samples_text(samples(learner, SAMPLES))
        with self._lock:
            is_first = not self._sampled or record.step == 1
            self._records.append(record)
            self._changes |= changes
        self._learner_epochs = learner.epochs_added
        if is_first:
            self._flush()

    def keep(self, step: int, content: bytes) -> None:
        """A checkpoint, after every record before it: a run that goes on from there does not make them once more.
        PlaygroundError where the database refuses for long."""
        self._patiently(self._write)
        self._patiently(lambda: self._store.save_checkpoint(self._run.id, self._run.worker, step, content))

    def release(self, status: Status, reason: str) -> None:
        """The last word; raises Lost where nobody can hear it."""
        epochs = self._learner_epochs
        try:
            self._patiently(self._write)
            self._patiently(lambda: self._store.release(self._run.id, self._run.worker, status, reason, epochs=epochs))
        except PlaygroundError:
            raise Lost from None

    # The thread's side ---------------------------------------------------------------------------------------------

    def _change(self, **changes: Any) -> None:
        with self._lock:
            self._changes |= changes

    def _report(self) -> None:
        while not self._done.wait(HEARD_WITHIN):
            if self.is_time(time.monotonic()):
                self._flush()
            else:
                self._listen()

    def is_time(self, now: float) -> bool:
        """Tell whether to write. A record waits for nothing but the record before it: not for a report without one."""
        return now - (self._recorded if self._records else self._written) >= EVERY

    def _listen(self) -> None:
        """Hear the owner between two reports; a database that refuses is the next report's concern."""
        with suppress(PlaygroundError), self._writing:
            self._take(self._store.orders(self._run.id, self._run.worker))

    def _flush(self) -> None:
        """Write what is pending; where the database refuses, keep it for the next time, as long as there is hope."""
        try:
            self._write()
            self._refused_since = None
        except PlaygroundError:
            self._refused_since = self._refused_since or time.monotonic()
            if time.monotonic() - self._refused_since > PATIENCE:
                self.is_lost = True

    def _write(self) -> None:
        with self._writing:
            with self._lock:
                records, changes = self._records, self._changes
                self._records, self._changes = [], {}
            self._written = time.monotonic()
            self._recorded = self._written if records else self._recorded
            if self._learner is not None:
                changes |= {"step": self._learner.step, "seconds": self._learner.seconds_so_far}
            try:
                orders = self._store.report(self._run.id, self._run.worker, records, **changes)
            except PlaygroundError:
                with self._lock:
                    self._records, self._changes = records + self._records, changes | self._changes
                raise
            self._take(orders)

    def _take(self, orders: Orders | None) -> None:
        if orders is None:
            self.is_lost = True
        else:
            self.orders = orders

    def _patiently(self, write: Callable[[], None]) -> None:
        """Try until it works, or nobody waits for it any more; after long enough the refusal is raised."""
        until = time.monotonic() + PATIENCE
        while not self.is_lost:
            try:
                return write()
            except PlaygroundError:
                if time.monotonic() > until:
                    raise
                self._done.wait(1.0)
