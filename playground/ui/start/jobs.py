"""The jobs that are computed in processes of their own; as a program, their host (`playground.computing.host`)."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import torch

from playground.computing.device import device_of
from playground.computing.elsewhere import on_the_device
from playground.computing.host import run_host
from playground.computing.messages import Message
from playground.computing.worker import Job
from playground.errors import PlaygroundError
from playground.language.document import Document
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.layers.stack.problems import UnfitSetting
from playground.lessons.presets import EXPRESSIONS, STACKS
from playground.runs.store import Store
from playground.training.config import TrainConfig
from playground.training.pace import seconds_per_step
from playground.ui.expressions.exports import EXPORTS
from playground.ui.expressions.frame import Shown
from playground.ui.expressions.frame import computed as computed_text
from playground.ui.layers.exports import STACK_EXPORTS
from playground.ui.layers.frames import computed as computed_net
from playground.ui.layers.frames import show_before_problem
from playground.ui.shared.apart import fields
from playground.ui.shared.beside import computed as compared
from playground.ui.shared.opened_element import answer_in, run_source
from playground.ui.shared.told import Wanted, told_here, told_in
from playground.ui.train.frozen_step import frozen_step, recorded_step
from playground.views.export import Export
from playground.views.graph.unfolding import UNTOUCHED, Unfolding


def _expression(given: Message) -> Message:
    return asdict(_shown(Document.from_fields(given["document"]), Unfolding.of(given["unfolding"])).drawn)


def _shown(document: Document, unfolding: Unfolding = UNTOUCHED) -> Shown:
    shown = computed_text(document, unfolding)
    if isinstance(shown, PlaygroundError):
        raise shown
    return shown


def _stack(given: Message) -> Message:
    shown = computed_net(net_of(StackDocument.from_fields(given["document"])), Unfolding.of(given["unfolding"]))
    if isinstance(shown, UnfitSetting):
        return {"unfit": {"field": shown.field, "message": shown.message, "hint": shown.hint}}
    if isinstance(shown, PlaygroundError):
        raise shown
    return {"drawn": asdict(shown.drawn), "results": shown.results, "cautions": list(shown.cautions)}


def _before_problem(given: Message) -> Message:
    net = net_of(StackDocument.from_fields(given["document"]))
    drawn = show_before_problem(net, Unfolding.of(given["unfolding"]))
    return {"drawn": None if drawn is None else asdict(drawn)}


def _element(given: Message) -> Message:
    return asdict(answer_in(run_source(_document(given)), given["key"], given["index"], given["picks"]))


def _told(given: Message) -> Message:
    return {**told_here(_wanted(given, _document(given)))}


def _wanted(given: Message, document: Document | StackDocument) -> Wanted:
    keys = tuple(given["keys"])
    return Wanted(document, Unfolding.of(given["unfolding"]), given["start"], given["stop"], keys, 0)


def _comparison(given: Message) -> Message:
    before, now = (_document({**given, "document": given[name]}) for name in ("before", "document"))
    return {"comparison": compared(before, now)}


def _export(given: Message) -> Message:
    document = _document(given)
    if isinstance(document, StackDocument):
        return {"text": _made(STACK_EXPORTS, document, given["label"])}
    return {"text": _made(EXPORTS, _shown(document), given["label"])}


def _training_step(given: Message) -> Message:
    unfolding = Unfolding.of(given["unfolding"])
    return asdict(frozen_step(_store(given["store"]), given["run"], unfolding, given["key"], given["number"]))


def _training_element(given: Message) -> Message:
    frozen = recorded_step(_store(given["store"]), given["run"], given["key"], given["number"])
    return asdict(answer_in(frozen.recorded.trace, given["value"], given["index"], given["picks"]))


def _training_told(given: Message) -> Message:
    frozen = recorded_step(_store(given["store"]), given["run"], given["key"], given["number"])
    return {**told_in(frozen.recorded.trace, "forward", _wanted(given, StackDocument()))}


def _training_pace(given: Message) -> Message:
    config = TrainConfig.from_fields(given["config"])
    torch.set_num_threads(given["threads"])
    return {
        "seconds": seconds_per_step(config, tuple(given["input_shape"]), given["classes"], device_of(config.device))
    }


@lru_cache(maxsize=1)
def _store(url: str) -> Store:
    return Store(url)


def _made(table: tuple[Export[Any], ...], shown: Shown | StackDocument, label: str) -> str:
    return next(export for export in table if export.label == label).content(shown).decode()


def _document(given: Message) -> Document | StackDocument:
    if given["kind"] == "stack":
        return StackDocument.from_fields(given["document"])
    return Document.from_fields(given["document"])


JOBS: dict[str, Job] = {
    "expression": _expression,
    "stack": _stack,
    "before-problem": _before_problem,
    "element": _element,
    "told": _told,
    "comparison": _comparison,
    "export": _export,
    "training-step": _training_step,
    "training-element": _training_element,
    "training-told": _training_told,
    "training-pace": _training_pace,
}


BEHIND = 5  # of `nice`: a page that answers a key comes first, also while this host starts


def warm() -> None:
    """Compute once what most jobs compute, in one thread."""
    torch.set_num_threads(1)  # a fork of a process with threads would hang
    untouched: list[str] = []
    _expression({"document": fields(EXPRESSIONS.presets[0].document), "unfolding": untouched})
    _stack({"document": fields(STACKS.presets[0].document), "unfolding": untouched})


if __name__ == "__main__":
    os.nice(BEHIND)
    warm()
    run_host(socket.socket(fileno=int(sys.argv[1])), JOBS, on_the_device)
