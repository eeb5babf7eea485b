"""An error as the browser is told it."""

from __future__ import annotations

from typing import Any

from playground.errors import PlaygroundError, Repair


def error_data(error: PlaygroundError) -> dict[str, Any]:
    """What happened, what is allowed, which characters are marked (None: none), and a repair where one is known."""
    return {
        "message": error.message,
        "hint": error.hint,
        "start": None if error.span is None else error.span.start,
        "end": None if error.span is None else error.span.end,
        "repair": None if error.repair is None else repair_data(error.repair),
    }


def repair_data(repair: Repair) -> dict[str, str]:
    """A button, and the text that it puts in."""
    return {"label": repair.label, "text": repair.text}


__all__ = ["error_data", "repair_data"]
