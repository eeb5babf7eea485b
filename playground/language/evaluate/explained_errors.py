"""PyTorch's errors in the words of a course: which operand, which axis, and what to write instead."""

from __future__ import annotations

import re

from playground.errors import PlaygroundError
from playground.language.evaluate.arithmetic import describe
from playground.language.evaluate.failure import Explained, Failure
from playground.language.evaluate.torch_errors import RULES
from playground.language.function import TENSORS


def explain(error: Exception, failure: Failure) -> PlaygroundError:
    """What went wrong in one call, for the person who typed it."""
    if isinstance(error, PlaygroundError):
        return error
    message = str(error)
    for pattern, rule in RULES:
        found = re.search(pattern, message)
        if found is not None:
            explained = rule(failure, found)
            if explained is not None:
                return failure.error(*explained)
    if isinstance(error, TypeError) and failure.function is not None:
        return failure.error(*_wrong_kind(failure))
    first = (message.strip().split("\n") or [""])[0]
    first = re.sub(r"^\w+\(\): ", "", first)[:200] or type(error).__name__
    hint = f"{failure.function.name}({failure.function.signature})" if failure.function else ""
    return failure.error(f"PyTorch refuses this: {first}", hint)


def _wrong_kind(failure: Failure) -> Explained:
    function = failure.function
    assert function is not None
    hint = f"{function.name}({function.signature})"
    for number, value in enumerate(failure.operands):
        is_named = number < len(function.parameters) and function.parameters[number].name in (*TENSORS, "other")
        if is_named and isinstance(value, int | float):
            new = f"tensor({failure.written(number)})"
            repair = failure.replace(failure.places[number], new, f"write {new}")
            return f"`{function.name}` takes a tensor here, not a number", f"write {new}", repair
    kinds = ", ".join(describe(value) for value in failure.operands)
    return f"`{function.name}` does not take {kinds or 'no arguments'}", hint, None


__all__ = ["explain"]
