"""Limits from environment variables, for whoever hosts the app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from playground.errors import PlaygroundError

T = TypeVar("T")


def from_environment(kind: type[T], prefix: str, environment: Mapping[str, str]) -> T:
    """A dataclass of numbers: its defaults, overridden by the variables `<prefix>_<NAME>`.

    PlaygroundError names a variable that is not a number of its field's kind.
    """
    given: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]  # a dataclass: there is no type that says so
        variable = f"{prefix}_{field.name.upper()}"
        if variable in environment:
            given[field.name] = _number(type(field.default), variable, environment[variable])
    return kind(**given)


def _number(kind: type, variable: str, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        hint = f"Give it a {'whole ' if kind is int else ''}number, or leave it away for the default."
        raise PlaygroundError(
            f"The environment variable {variable} is {text!r}, which is no such number.", hint=hint
        ) from None
