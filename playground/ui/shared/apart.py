"""What is too dear for a thread of the page server is computed in a process of its own (`playground.computing`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any

from playground.computing.device import CPU, host_device
from playground.computing.processes import PROCESSES
from playground.computing.turns import COMPUTING
from playground.language.bounds.budget import TooDear, within
from playground.language.document import Document
from playground.language.limits import LIMITS
from playground.layers.document import StackDocument

# What a thread computes: about what three usual edits take, the picture and the finite differences included.
SHARE = replace(LIMITS, ops=40, work=4_000_000, total_bytes=200_000, elements=50_000)


class Apart(Exception):
    """What the block was to compute belongs into a process."""


@contextmanager
def small_turn() -> Iterator[None]:
    """A turn at computing what is small. Apart: the text takes more than a thread may; where there are no processes,
    threads may take all that the limits allow."""
    with COMPUTING.turn(), small():
        yield


@contextmanager
def small() -> Iterator[None]:
    """The same without a turn, for what takes a moment."""
    if not PROCESSES.is_on:
        yield
        return
    if has_process() and host_device() != CPU:
        raise Apart("a thread of the page server wakes no accelerator")
    try:
        with within(SHARE):
            yield
    except TooDear as error:
        raise Apart from error


def apart(job: str, document: Document | StackDocument, **given: Any) -> dict[str, Any]:
    """Have a job about a document done in a process. PlaygroundError: the document's own, or beyond the limits."""
    return in_process(job, {"document": fields(document), **given})


def in_process(job: str, given: dict[str, Any]) -> dict[str, Any]:
    """Have a job done in a process, whatever it is about. PlaygroundError as for `apart`."""
    return PROCESSES.compute(job, given)


def has_process() -> bool:
    """Tell whether a process would begin at once."""
    return PROCESSES.is_ready


def takes_process(document: Document | StackDocument) -> bool:
    """Tell whether this is computed in a process whatever its size: a net, once there is a process for it."""
    return isinstance(document, StackDocument) and has_process()


def kind_of(document: Document | StackDocument) -> str:
    """The word for a document's kind, by which a job reads it again."""
    return "stack" if isinstance(document, StackDocument) else "expression"


def fields(document: Document | StackDocument) -> dict[str, Any]:
    """A document as plain data, of which `from_fields` makes the same one."""
    found = asdict(document)
    if isinstance(document, StackDocument):
        return {**found, "input_shape": list(document.input_shape)}
    found["leaves"] = {leaf.pop("name"): leaf for leaf in found["leaves"]}
    return {name: content for name, content in found.items() if content is not None}
