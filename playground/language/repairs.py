"""A repair is tried before it is offered: the mended text is parsed, and evaluated over the leaves of now."""

from __future__ import annotations

from collections.abc import Callable

from playground.errors import PlaygroundError, Repair
from playground.language.syntax.notation import names_of
from playground.language.syntax.program import Program, parse
from playground.language.syntax.scan import normalise

_MOST = 6  # repairs one after the other, which one button does together
_MOST_RUNS = 3


def tried(error: PlaygroundError, evaluate: Callable[[Program], object]) -> PlaygroundError:
    """The error with the repair that makes its text run, else without one.

    Where the mended text has another slip of its kind that can be mended, both are mended at once, and the label says
    so; what would be a guess is left to a button of its own. A repair that would bring in a name that the text does not
    hold is none. `evaluate` runs a program, or raises PlaygroundError.
    """
    if error.repair is None or error.text is None:
        return error
    words = names_of(normalise(error.text))
    text, label, seen, runs = error.repair.text, error.repair.label, {error.text}, 0
    was_read = _is_read(error.text)
    for _ in range(_MOST):
        seen.add(text)
        try:
            program = parse(text)
            runs += 1
            evaluate(program)
        except PlaygroundError as next_error:
            following = next_error.repair
            is_of_its_kind = runs == 0 or (was_read and following is not None and following.label == label)
            if following is None or following.is_guess or following.text in seen or not is_of_its_kind:
                return _with(error, None)
            if runs >= _MOST_RUNS:
                return _with(error, None)
            text = following.text
            continue
        new = {free.name for free in program.free_names if free.stated is None} - words
        if any(not name.endswith("_") for name in new):
            return _with(error, None)
        return _with(error, error.repair if text == error.repair.text else Repair(_label_of(text, label), text))
    return _with(error, None)


def _label_of(text: str, first: str) -> str:
    """What a button says that mends more than the first slip: the whole text where it is short."""
    return f"write {text}" if len(text) <= 30 and "\n" not in text else f"{first}, and mend the rest"


def _is_read(text: str) -> bool:
    try:
        parse(text)
    except PlaygroundError:
        return False
    return True


def _with(error: PlaygroundError, repair: Repair | None) -> PlaygroundError:
    if repair == error.repair:
        return error
    return PlaygroundError(error.message, span=error.span, hint=error.hint, repair=repair, text=error.text)
