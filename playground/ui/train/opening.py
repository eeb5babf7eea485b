"""Where a step of a run is opened: what is small here, what is dear in a process of its own."""

from __future__ import annotations

from typing import Any, cast

from playground.computing.device import CPU, host_device
from playground.computing.turns import COMPUTING
from playground.data.datasets import load
from playground.runs.run import Run
from playground.runs.store import Store
from playground.training.model import document_of
from playground.training.size import size_of
from playground.ui.shared.apart import has_process, in_process
from playground.ui.shared.drawn import Drawn
from playground.ui.shared.opened_element import Answer, Asked, answer_in
from playground.ui.shared.told import Wanted, told_in
from playground.ui.train.frozen_step import FrozenStep, frozen_step, recorded_step
from playground.views.graph.unfolding import UNTOUCHED, Unfolding
from playground.views.stepper.picture_data import ToldData

SHARE = 15_000_000_000  # multiplications that a thread does: about a second of one core
SHOWN, TRAINED = 5, 3  # forward passes that a step takes to be shown, the loss afterwards included, and to be trained


def open_step(store: Store, run: str, unfolding: Unfolding = UNTOUCHED, key: str = "", number: int = 0) -> FrozenStep:
    """`frozen_step`, in a process where it is dear. PlaygroundError: that of the step, or it took too much."""
    if not _is_dear(store.run(run), number):
        return frozen_step(store, run, unfolding, key, number)
    found = in_process("training-step", _given(store, run, key, number) | {"unfolding": unfolding.listed()})
    drawn, notes = Drawn(**found["drawn"]), tuple(found["notes"])
    return FrozenStep(**found | {"drawn": drawn, "notes": notes, "unfolding": unfolding})


def answer_about(store: Store, step: FrozenStep, asked: Asked) -> Answer:
    """An element or a call in the picture of an opened step. PlaygroundError as for `open_step`."""
    if _is_dear(store.run(step.run), step.number):
        given = _given(store, step.run, step.key, step.number)
        question = {"value": asked.key, "index": asked.index, "picks": asked.picks}
        return Answer.of(in_process("training-element", given | question))
    with COMPUTING.turn():
        trace = recorded_step(store, step.run, step.key, step.number).recorded.trace
        return answer_in(trace, asked.key, asked.index, asked.picks)


def told_about(store: Store, step: FrozenStep, question: Wanted) -> ToldData:
    """What the picture of an opened step had left out. PlaygroundError as for `open_step`."""
    if _is_dear(store.run(step.run), step.number):
        given = _given(store, step.run, step.key, step.number) | {"unfolding": question.unfolding.listed()}
        asked = {"start": question.start, "stop": question.stop, "keys": list(question.keys)}
        return cast(ToldData, in_process("training-told", given | asked))
    with COMPUTING.turn():
        trace = recorded_step(store, step.run, step.key, step.number).recorded.trace
        return told_in(trace, "forward", question)


def _given(store: Store, run: str, key: str, number: int) -> dict[str, Any]:
    return {"store": store.url, "run": run, "key": key, "number": number}


def _is_dear(run: Run, number: int) -> bool:
    """Tell whether this step, 0 for the next one, is computed in a process: its net or the way to it is long."""
    if not has_process():
        return False
    if host_device() != CPU:
        return True  # a thread of the page server wakes no accelerator
    data, config = load(run.config.data), run.config
    size = size_of(document_of(config, tuple(data.train.x.shape[1:]), len(data.classes)))
    trained = max(0, number - run.step - 1)
    return size.multiplications * config.batch * (SHOWN + TRAINED * trained) > SHARE
