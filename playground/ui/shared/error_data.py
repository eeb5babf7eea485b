"""The data of an error for the browser."""

from __future__ import annotations

from playground.errors import PlaygroundError, Repair
from playground.ui.shared.frame_data import ErrorData, RepairData


def error_data(error: PlaygroundError) -> ErrorData:
    """The message, what is allowed, the marked characters (None: none), and a repair where one is known."""
    return {
        "message": error.message,
        "hint": error.hint,
        "start": None if error.span is None else error.span.start,
        "end": None if error.span is None else error.span.end,
        "repair": None if error.repair is None else repair_data(error.repair),
    }


def repair_data(repair: Repair) -> RepairData:
    """A button, and the text that it puts in."""
    return {"label": repair.label, "text": repair.text}
