"""The frames that Python makes are those that the browser's contracts (contract.d.ts) describe, field by field."""

from __future__ import annotations

import re
import types
from pathlib import Path
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

import playground
from playground.ui.expressions import reference
from playground.ui.layers import frame_data as layers
from playground.ui.shared import frame_data as stepper
from playground.ui.train import frame_data as train
from playground.views.charts import curves
from playground.views.lens import lens_data
from playground.views.stepper import picture_data

FRONTEND = Path(playground.__file__).parent / "frontend"
MADE: dict[str, tuple[types.ModuleType, ...]] = {
    "stepper": (stepper, picture_data, lens_data),
    "layers": (layers,),
    "train": (train, curves),
    "functions": (reference,),
}
TOKEN = re.compile(r'\s+|//[^\n]*|/\*.*?\*/|("[^"]*"|\w+|=>|[^\s\w])', re.DOTALL)
PLAIN = {"string": str, "number": float, "boolean": bool, "null": None, "any": Any, "unknown": Any}
PACKED = ("Frame", "picture")  # travels as text, and is a Picture once the browser has read it


class Contract:
    """The part of TypeScript that the contracts are written in: interfaces, names for types, and nothing that runs.

    A type is read as a frozenset of what it may be: a Python type, `("list", type)`, `("record", type)`, `("is", text)`
    or `("object", fields)`; fields by name are `(is optional, type)`.
    """

    def __init__(self, text: str) -> None:
        self.tokens = [token for token in TOKEN.findall(text) if token]
        self.interfaces: dict[str, tuple[str | None, int]] = {}
        self.names: dict[str, int] = {}
        self.open: set[str] = set()  # names that are being read
        for at, (word, name) in enumerate(zip(self.tokens, self.tokens[1:], strict=False)):
            if word == "interface":
                has_base = self.tokens[at + 2] == "extends"
                self.interfaces[name] = (self.tokens[at + 3], at + 4) if has_base else (None, at + 2)
            elif word == "type" and self.tokens[at - 1] == "export":
                self.names[name] = at + 3

    def fields(self, name: str) -> dict[str, tuple[bool, Any]]:
        base, self.at = self.interfaces[name]
        own = self._object()
        return own if base is None else self.fields(base) | own

    def _take(self, wanted: str | None = None) -> str:
        token = self.tokens[self.at]
        assert wanted is None or token == wanted, f"{token} where {wanted} was expected"
        self.at += 1
        return token

    def _object(self) -> dict[str, tuple[bool, Any]]:
        found = {}
        self._take("{")
        while self.tokens[self.at] != "}":
            name = self._take()
            is_optional = self.tokens[self.at] == "?"
            self.at += is_optional
            self._take(":")
            found[name] = (is_optional, self._type())
            self.at += self.tokens[self.at] == ";"
        self._take("}")
        return found

    def _type(self) -> frozenset[Any]:
        found = self._one()
        while self.tokens[self.at] in ("|", "&"):
            is_either = self._take() == "|"
            other = self._one()
            found |= other if is_either else frozenset()  # `Record<string, any> & {...}`: any object
        return found

    def _one(self) -> frozenset[Any]:
        if self.tokens[self.at] == "{":
            found = frozenset({_record(self._object())})
        elif self.tokens[self.at] == "(":
            self._take("(")
            found = self._type()
            self._take(")")
        elif self.tokens[self.at] == "[":
            found = frozenset({("list", self._parts())})
        else:
            found = self._named(self._take())
        while self.tokens[self.at : self.at + 2] == ["[", "]"]:
            self.at += 2
            found = frozenset({("list", found)})
        return found

    def _parts(self) -> frozenset[Any]:
        """A tuple travels as a list of whatever may stand in it."""
        found: frozenset[Any] = frozenset()
        self._take("[")
        while self.tokens[self.at] != "]":
            found |= self._type()
            self.at += self.tokens[self.at] == "?"
            self.at += self.tokens[self.at] == ","
        self._take("]")
        return found

    def _named(self, name: str) -> frozenset[Any]:
        if name in PLAIN:
            return frozenset({PLAIN[name]})
        if name.startswith('"'):
            return frozenset({("is", name.strip('"'))})
        if name == "Record":
            for token in ("<", "string", ","):
                self._take(token)
            found = self._type()
            self._take(">")
            return frozenset({("record", found)})
        if name in self.open:
            return frozenset({Any})  # Numbers are lists of Numbers
        here = self.at
        self.open.add(name)
        if name in self.interfaces:
            found = frozenset({_record(self.fields(name))})
        else:
            self.at = self.names[name]
            found = self._type()
        self.open.remove(name)
        self.at = here
        return found


def _record(fields: dict[str, tuple[bool, Any]]) -> Any:
    return ("object", frozenset(fields.items()))


def made(hint: Any) -> frozenset[Any]:
    """A type of Python in the same form."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return frozenset().union(*map(made, inside))
    if origin is Literal:
        return frozenset(("is", text) for text in inside)
    if origin is list:
        return frozenset({("list", made(inside[0]))})
    if origin is dict:
        return frozenset({("record", made(inside[1]))})
    if is_typeddict(hint):
        return frozenset({_record(fields_of(hint))})
    return frozenset({None if hint is type(None) else float if hint is int else hint})


def fields_of(record: Any) -> dict[str, tuple[bool, Any]]:
    found = {}
    for name, hint in get_type_hints(record, include_extras=True).items():
        is_optional = get_origin(hint) is NotRequired
        found[name] = (is_optional, made(get_args(hint)[0] if is_optional else hint))
    return found


def agrees(one: Any, other: Any) -> bool:
    """Whether two types are the same; Any is every type, and a record of Any every object."""
    if isinstance(one, frozenset):
        if Any in one | other:
            return True
        return all(any(agrees(a, b) for b in other) for a in one) and all(any(agrees(a, b) for a in one) for b in other)
    if not isinstance(one, tuple) or not isinstance(other, tuple):
        return bool(one == other)
    if {one[0], other[0]} == {"object", "record"}:
        return Any in (one if one[0] == "record" else other)[1]
    if one[0] == other[0] == "object":
        mine, theirs = dict(one[1]), dict(other[1])
        return mine.keys() == theirs.keys() and all(
            mine[name][0] == theirs[name][0] and agrees(mine[name][1], theirs[name][1]) for name in mine
        )
    return one[0] == other[0] and (agrees(one[1], other[1]) if one[0] in ("list", "record") else one[1] == other[1])


def pairs() -> list[Any]:
    found = []
    for page, modules in MADE.items():
        contract = Contract((FRONTEND / page / "contract.d.ts").read_text(encoding="utf-8"))
        for record in (entry for module in modules for entry in vars(module).values() if is_typeddict(entry)):
            name = record.__name__.removesuffix("Data")
            if name in contract.interfaces:
                found.append(pytest.param(contract, name, record, id=f"{page}-{name}"))
    return found


@pytest.mark.parametrize(("contract", "name", "record"), pairs())
def test_a_frame_has_the_fields_of_its_contract(contract: Contract, name: str, record: Any) -> None:
    wanted, found = contract.fields(name), fields_of(record)
    assert found.keys() == wanted.keys()
    for field, (is_optional, kind) in found.items():
        assert is_optional == wanted[field][0], field
        assert (name, field) == PACKED or agrees(kind, wanted[field][1]), (field, kind, wanted[field][1])


def reached(records: set[Any]) -> set[Any]:
    """These records, and those that stand in their fields at any depth."""
    hints, found = list(records), set[Any]()
    while hints:
        hint = hints.pop()
        hints += get_args(hint)
        if is_typeddict(hint) and hint not in found:
            found.add(hint)
            hints += get_type_hints(hint).values()
    return found


@pytest.mark.parametrize("page", MADE)
def test_every_record_is_compared(page: str) -> None:
    """Paired by name, or within one that is: in its fields, or as a base, whose fields are among its own."""
    compared = reached({param.values[2] for param in pairs()})
    made_here = {entry for module in MADE[page] for entry in vars(module).values() if is_typeddict(entry)}
    left = [
        record.__name__
        for record in made_here - compared
        if not any(fields_of(record).items() <= fields_of(other).items() for other in compared)
    ]
    assert not left


def test_every_frame_is_compared() -> None:
    compared = {param.id for param in pairs()}
    assert {
        "stepper-Frame",
        "layers-StackFrame",
        "train-SetupFrame",
        "train-RunsFrame",
        "functions-FunctionsFrame",
    } <= compared
    assert len(compared) >= 20
