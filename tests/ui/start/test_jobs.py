"""What is dear is computed in a process, with the same result; what is too dear ends there, and the next edit works."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import playground.ui.expressions.frame as expressions
import playground.ui.layers.frames as layers
from playground.computing.limits import ComputingLimits
from playground.computing.messages import Message
from playground.computing.processes import NotNow, Processes
from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.layers.stack.problems import UnfitSetting
from playground.runs.store import Store
from playground.training.config import TrainConfig
from playground.ui.expressions.exports import EXPORTS
from playground.ui.expressions.frame import Shown, frame, show
from playground.ui.layers.exports import STACK_EXPORTS
from playground.ui.layers.frames import ShownStack, show_before_problem, show_stack
from playground.ui.shared import apart, beside, exports, opened_element
from playground.ui.shared.opened_element import Asked, answered
from playground.ui.train import opening
from playground.views.graph.unfolding import UNTOUCHED, Unfolding
from tests.lazy import LAZY

PATIENCE = 60.0
SMALL = Document.from_fields({"text": "y = x*x", "leaves": {"x": {"value": "3.0"}}})
DEAR = Document.from_fields(
    {"text": "for i in range(60):\n    x = sin(x)\ny = x", "leaves": {"x": {"value": "[0.5, 2]"}}}
)
STACK = StackDocument.from_fields(
    {"text": "Linear(3) ReLU Linear(2)", "input_shape": [4], "data": "random", "batch": 8, "classes": 2}
)


class Counted(Processes):
    """Processes that note which jobs they were given."""

    def __init__(self, limits: ComputingLimits) -> None:
        super().__init__(limits)
        self.jobs: list[str] = []

    def compute(self, job: str, given: Message) -> Message:
        self.jobs.append(job)
        return super().compute(job, given)


@pytest.fixture(scope="module")
def shared() -> Iterator[Counted]:
    processes = Counted(ComputingLimits(processes=1, seconds=10.0))
    processes.start("playground.ui.start.jobs")
    until_ready(processes)
    yield processes
    processes.stop()


def until_ready(processes: Processes) -> None:
    end = time.monotonic() + PATIENCE
    while not processes.is_ready:
        assert time.monotonic() < end, "the host does not start"
        time.sleep(0.05)


@pytest.fixture
def processes(shared: Counted, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    monkeypatch.setattr(apart, "PROCESSES", shared)
    shared.jobs.clear()
    limits = shared.limits
    for remembered in (
        *(expressions._show, expressions.computed, layers._show_stack, layers._computed, layers._show_before_problem),
        opened_element.run_source,
    ):
        remembered.cache_clear()
    yield shared
    shared.limits = limits


def test_what_is_small_is_computed_here_and_what_is_dear_there_with_the_same_picture(processes: Counted) -> None:
    small = show(SMALL)
    assert isinstance(small, Shown) and processes.jobs == []
    dear = show(DEAR)
    assert processes.jobs == ["expression"]
    assert dear == expressions.computed(DEAR, UNTOUCHED)
    assert show(DEAR) is dear and processes.jobs == ["expression"]  # it is remembered


def test_two_dear_texts_are_compared_there_with_the_same_result(processes: Counted) -> None:
    beside._compared.cache_clear()
    now = replace(DEAR, text=DEAR.text + "\nz = y*y")
    small = beside._compared(SMALL, replace(SMALL, text="y = x*x*x"))
    assert processes.jobs == [] and small["summary"] == "1 of 3 values and 2 of 3 gradients differ. mul only now."
    assert beside._compared(DEAR, now) == beside.computed(DEAR, now)
    assert processes.jobs == ["comparison"]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(replace(DEAR, text=DEAR.text + "\nz = y @ nothing_there"), id="a name"),
        pytest.param(replace(DEAR, text=DEAR.text + "\nz = y.reshape(7)"), id="a shape"),
        pytest.param(replace(DEAR, text="zeros(10**9) * x"), id="beyond every limit"),
    ],
)
def test_an_error_is_the_same_there_with_its_place(processes: Counted, document: Document) -> None:
    there, here = show(document), expressions.computed(document, UNTOUCHED)
    assert isinstance(there, PlaygroundError) and isinstance(here, PlaygroundError)
    assert (there.message, there.hint, there.span, there.repair) == (here.message, here.hint, here.span, here.repair)
    assert there.span is not None


def test_an_error_of_a_dear_leaf_is_marked_at_that_leaf(processes: Counted) -> None:
    leaves = {"x": {"value": "zeros(300, 300).reshape(7)"}}
    data, _ = frame(Document.from_fields({"text": "y = x.sum()", "leaves": leaves}), None)
    assert processes.jobs
    assert data["error"] is not None and data["error"]["leaf"] == "x"


def test_what_takes_too_long_is_ended_in_words_and_the_next_edit_works(processes: Counted) -> None:
    processes.limits, long = replace(processes.limits, seconds=0.02), replace(DEAR, rng_seed=7)
    refused = show(long)
    assert isinstance(refused, PlaygroundError) and "took more than 0.02 seconds" in refused.message
    assert show(long) is refused and processes.jobs == ["expression"]  # it is not tried again at every rerun
    data, good = frame(long, None)
    assert data["error"] is not None and "0.02 seconds" in data["error"]["message"] and good is None
    assert isinstance(show(SMALL), Shown)
    processes.limits = replace(processes.limits, seconds=10.0)
    assert isinstance(show(replace(DEAR, rng_seed=8)), Shown)


def test_what_takes_too_much_memory_is_refused_in_words(processes: Counted) -> None:
    processes.limits = replace(processes.limits, megabytes=10)
    large = Document.from_fields(
        {
            "text": "y = ones(1000, 1000) * x\nfor i in range(12):\n    y = sin(y)\ny = y.sum()",
            "leaves": {"x": {"value": "2"}},
        }
    )
    refused = show(large)
    assert isinstance(refused, PlaygroundError) and "more memory than one picture may, 10 MB" in refused.message
    processes.limits = replace(processes.limits, megabytes=1_000)
    assert isinstance(show(replace(large, rng_seed=1)), Shown)


def test_being_told_to_come_back_is_not_remembered(processes: Counted) -> None:
    processes.limits = replace(processes.limits, waiting=0.01)
    with processes._places:
        busy = show(DEAR)
        assert isinstance(busy, NotNow) and "others' large pictures" in busy.message
        busy_stack = show_stack(net_of(STACK))
        assert isinstance(busy_stack, NotNow)
    assert isinstance(show(DEAR), Shown)
    assert isinstance(show_stack(net_of(STACK)), ShownStack)


def test_a_process_that_was_lost_is_told_and_replaced(processes: Counted) -> None:
    assert isinstance(show(DEAR), Shown)
    lost = processes._idle[-1]
    lost.close()  # as when it was ended from outside
    processes._idle.clear()
    assert isinstance(show(replace(DEAR, rng_seed=2)), Shown)


def test_nets_are_the_same_there(processes: Counted) -> None:
    net = net_of(STACK)
    there = show_stack(net)
    assert processes.jobs == ["stack"]
    assert isinstance(there, ShownStack) and there == layers.computed(net, UNTOUCHED)
    unfit = net_of(replace(STACK, data="digits"))
    found, expected = show_stack(unfit), layers.computed(unfit, UNTOUCHED)
    assert isinstance(found, PlaygroundError) and isinstance(expected, PlaygroundError)
    assert (type(found), found.message, found.hint) == (type(expected), expected.message, expected.hint)
    if isinstance(found, UnfitSetting) and isinstance(expected, UnfitSetting):
        assert found.field == expected.field
    broken = net_of(replace(STACK, text="Linear(3) ReLU Conv2d(2, 3) Linear(2)"))
    before = show_before_problem(broken)
    assert before is not None and processes.jobs.count("before-problem") == 1


def test_exports_are_the_same_there(processes: Counted) -> None:
    shown = show(DEAR)
    assert isinstance(shown, Shown)
    for export in EXPORTS:
        made = exports._made(lambda: shown, export, lambda now: now.document)
        assert made == export.content(shown), export.label
    assert "export" in processes.jobs
    for stack_export in STACK_EXPORTS:
        made = exports._made(lambda: STACK, stack_export, lambda now: now)
        assert made == stack_export.content(STACK), stack_export.label


@pytest.mark.parametrize(("document", "index"), [(DEAR, "1"), (STACK, "1")])
def test_opened_elements_are_the_same_there(processes: Counted, document: Any, index: str) -> None:
    question = Asked(document, "value-1", index, 3)
    there = answered(question, document)
    assert processes.jobs == ["element"]
    assert there is not None and there["error"] is None and there["number"] == 3
    trace = opened_element.run_source(document)
    here = answered(question, document, answer=lambda about: opened_element.answer_in(trace, about.key, about.index))
    assert there == here
    wrong = answered(Asked(document, "value-1", "77", 4), document)
    assert wrong is not None and wrong["error"] is not None and "no element" in wrong["error"]["message"]


def paused_run(store: Store, **changes: Any) -> str:
    """A run that has not begun: its next step is its first."""
    config = replace(
        TrainConfig("Flatten Linear(12) ReLU Linear(10)", train_size=200, test_size=50, batch=20), **changes
    )
    run = store.submit(config)
    store.pause(run.id)
    return run.id


def test_a_step_of_a_run_is_the_same_there(processes: Counted, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'runs.db'}")
    run = paused_run(store)
    near = opening.open_step(store, run)
    assert processes.jobs == []
    far = 75_000_000_000 // (3 * 784 * 12 * 20)  # as many steps as are half a minute of multiplications
    with pytest.raises(PlaygroundError, match="cannot be opened"):
        opening.open_step(store, run, UNTOUCHED, near.key, far)
    assert processes.jobs == ["training-step"]
    asked = Asked(StackDocument(), "value-1", "0", 1)
    about_near = opening.answer_about(store, near, asked)
    assert processes.jobs == ["training-step"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "SHARE", 0)
        assert opening.open_step(store, run, UNTOUCHED, near.key) == near
        assert opening.open_step(store, run, Unfolding.of(["-*"]), near.key).unfolding == Unfolding("none")
        assert opening.answer_about(store, near, asked) == about_near
    assert processes.jobs == ["training-step"] * 3 + ["training-element"]


def test_a_step_of_a_large_net_is_opened_there_and_ended_where_it_takes_too_long(
    processes: Counted, tmp_path: Path
) -> None:
    store = Store(f"sqlite:///{tmp_path / 'runs.db'}")
    large = "Flatten Linear(4000) ReLU Linear(4000) ReLU Linear(10)"
    run = paused_run(store, text=large, batch=200)  # 4 * 10^9 multiplications forward
    processes.limits = replace(processes.limits, seconds=0.05)
    with pytest.raises(PlaygroundError, match=r"more than 0\.05 seconds"):
        opening.open_step(store, run)
    assert processes.jobs == ["training-step"]


def test_without_processes_threads_compute_everything() -> None:
    assert os.environ["PLAYGROUND_COMPUTING_PROCESSES"] == "0"
    with apart.small_turn():
        DEAR.run()


@pytest.mark.slow
def test_on_a_host_with_a_device_everything_is_computed_there_and_nothing_in_a_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLAYGROUND_DEVICE", str(LAZY.type))
    processes = Counted(ComputingLimits(processes=1, seconds=30.0))
    processes.start("playground.ui.start.jobs")
    try:
        until_ready(processes)
        for module in (apart, opening):
            monkeypatch.setattr(module, "host_device", lambda: LAZY)
        monkeypatch.setattr(apart, "PROCESSES", processes)
        for remembered in (expressions._show, layers._show_stack, opened_element.run_source):
            remembered.cache_clear()
        small = show(SMALL)
        assert isinstance(small, Shown) and processes.jobs == ["expression"]
        assert "computed on lazy:0" in small.drawn.rest
        stack = show_stack(net_of(STACK), UNTOUCHED)
        assert isinstance(stack, ShownStack) and "computed on lazy:0" in stack.drawn.rest
        trace = next(export for export in EXPORTS if export.label == "Trace")
        made = exports._made(lambda: small, trace, lambda now: now.document)
        assert b'"device": "lazy:0"' in made
        assert {"expression", "stack", "export"} <= set(processes.jobs)
    finally:
        processes.stop()
