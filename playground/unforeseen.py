"""Errors that nobody foresaw: one sentence with a reference for whoever meets one, the traceback for the log."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from functools import wraps
from hashlib import blake2b
from inspect import signature
from time import monotonic
from typing import ParamSpec, TypeVar

from playground.errors import PlaygroundError
from playground.texts import whole_characters

AGAIN = 60.0  # seconds after which the same traceback is logged once more: a page may run into it twice a second
P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger(__name__)
_logged: dict[str, float] = {}  # when, by reference: there are no more of them than lines of code
_writing = threading.Lock()


def unforeseen(error: Exception) -> PlaygroundError:
    """The sentence about an error of another kind. Nothing of its own words is in it: they may be anybody's.

    The same mistake has the same reference for everybody; the traceback is in the log of the server under it.
    """
    reference = reference_of(error)
    if _is_due(reference):
        _log.error("reference %s", reference, exc_info=error)
    return PlaygroundError(
        f"something went wrong here that nobody foresaw (reference {reference})",
        hint="what you typed is kept: change it and go on; the log of the server says more under this reference",
    )


def tried(make: Callable[[], T]) -> T | PlaygroundError:
    """The result, or in its place the PlaygroundError that was raised, or the sentence about any other error."""
    try:
        return make()
    except PlaygroundError as error:
        return error
    except Exception as error:
        return unforeseen(error)


def reference_of(error: Exception) -> str:
    """Eight characters that stand for the kind of an error and the lines of code where it came up."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "playground" in frame.filename]
    places = [f"{frame.name}:{frame.lineno}" for frame in (*ours[-1:], *frames[-1:])]
    return blake2b(" ".join([type(error).__name__, *places]).encode(), digest_size=4).hexdigest()


def _is_due(reference: str) -> bool:
    now = monotonic()
    with _writing:
        is_due = now - _logged.get(reference, -AGAIN) >= AGAIN
        if is_due:
            _logged[reference] = now
    return is_due


def own_mistake(error: Exception) -> PlaygroundError:
    """The sentence for a notebook and a shell, where whoever reads it is the one whose words are in it."""
    said = (str(error).splitlines() or [""])[0][:200]
    return PlaygroundError(
        f"nobody foresaw this: {type(error).__name__}{f': {said}' if said else ''}",
        hint="a report of it, with what was typed, helps to mend it",
    )


def explained(function: Callable[P, T]) -> Callable[P, T]:
    """A function for notebooks: whatever it raises is a PlaygroundError, with the other error as its cause."""

    expected = signature(function)

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            expected.bind(*args, **kwargs)
        except TypeError as error:
            raise PlaygroundError(f"{function.__name__}: {error}", hint=f"{function.__name__}{expected}") from None
        try:
            return function(*args, **kwargs)
        except PlaygroundError:
            raise
        except OSError as error:
            raise refused_file(error) from error
        except Exception as error:
            raise own_mistake(error) from error

    return inside


def refused_file(error: OSError) -> PlaygroundError:
    """The sentence about a file or a folder that the system refuses."""
    what = whole_characters(str(error.filename)) if error.filename is not None else "a file"
    return PlaygroundError(f"{what}: {error.strerror or type(error).__name__}")
