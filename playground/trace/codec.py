"""Traces as JSON, exact both ways. The schema is versioned and described in docs/trace.md."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from playground.computing.device import CPU
from playground.errors import PlaygroundError
from playground.trace.array import Array
from playground.trace.json_numbers import decode, encode
from playground.trace.records import BackwardNode, BackwardPass, DifferenceCheck, Note, Op, Records, Step, Value

if TYPE_CHECKING:
    from playground.trace.trace import Trace

SCHEMA = "playground.trace"
VERSION = 1
_FLATTENED = ("data", "adjoint", "grad", "tangent")  # arrays of a value: all of its shape and dtype


def trace_to_json(trace: Trace) -> str:
    """A JSON document (no NaN literals: see `json_numbers.encode`); large arrays keep their summary only."""
    return dumps(to_document(trace))


def dumps(document: dict[str, Any]) -> str:
    """A document as JSON text."""
    return json.dumps(document, allow_nan=False, ensure_ascii=False)


def to_document(trace: Trace) -> dict[str, Any]:
    """A trace as JSON-safe data, in the order of docs/trace.md."""
    writer = _Writer()
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "text": trace.text,
        "device": trace.device,
        "values": [_value_to_json(value) for value in trace.values],
        "ops": writer.write(trace.ops),
        "nodes": writer.write(trace.nodes),
        "passes": writer.write(trace.passes),
        "steps": writer.write(trace.steps),
        "outputs": list(trace.outputs),
        "notes": writer.write(trace.recorded_notes),
        "checks": writer.write(trace.checks),
        "arrays": writer.arrays,
    }


def trace_from_json(document: str, make: Callable[..., Trace]) -> Trace:
    """The trace that `trace_to_json` wrote, made of its fields; PlaygroundError names what is wrong."""
    try:
        content = json.loads(document)
        if content.get("schema") != SCHEMA:
            raise PlaygroundError("this is not a trace", hint=f'a trace has "schema": "{SCHEMA}"')
        if content.get("version") != VERSION:
            raise PlaygroundError(f"this trace has version {content.get('version')}; {VERSION} can be read")
        reader = _RecordReader(content["arrays"])
        records = Records(
            tuple(_value_from_json(value, reader) for value in content["values"]),
            reader.read(tuple[Op, ...], content["ops"]),
            reader.read(tuple[BackwardNode, ...], content["nodes"]),
            reader.read(tuple[BackwardPass, ...], content["passes"]),
            reader.read(tuple[Step, ...], content["steps"]),
            reader.read(tuple[Note, ...], content["notes"]),
        )
        trace = make(
            lambda: records,
            outputs=reader.read(tuple[int, ...], content["outputs"]),
            text=reader.read(str, content["text"]),
            device=reader.read(str, content.get("device", str(CPU))),  # documents of before do not say it
            _check=reader.read(tuple[DifferenceCheck, ...], content["checks"]),
        )
        _verify(trace)
        return trace
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise PlaygroundError(f"this is not a readable trace: {type(error).__name__}: {error}") from None


def _value_to_json(value: Value) -> dict[str, Any]:
    """A value with its arrays flattened: `shape` and `dtype` once; `data`, `adjoint`, ... nested lists or numbers."""
    document: dict[str, Any] = {"name": value.name, "shape": list(value.shape), "dtype": value.dtype}
    plain = _Writer()
    for name in _names(Value):
        content = getattr(value, name)
        if name in _FLATTENED:
            document.update(_array_fields(name, content, value))
        else:
            document[name] = plain.write(content)
    return document


def _array_fields(name: str, array: Array | None, value: Value) -> dict[str, Any]:
    if array is None:
        return {name: None}
    if not array.is_exact or (array.shape, array.dtype) != (value.shape, value.dtype):
        return {name: None, f"{name}_summary": array.to_json()}
    return {name: array.encoded()}


def _value_from_json(document: dict[str, Any], reader: _RecordReader) -> Value:
    content = dict(document)
    shape, dtype = content.pop("shape"), content.pop("dtype")
    for name in _FLATTENED:
        summary = content.pop(f"{name}_summary", None)
        if summary is None and content[name] is not None:
            summary = {"shape": shape, "dtype": dtype, "data": content[name]}
        content[name] = None if summary is None else Array.from_json(summary)
    if content["data"] is None:
        raise ValueError(f"{content['name']} has no data")
    hints = _hints(Value)
    plain = {name: reader.read(hints[name], entry) for name, entry in content.items() if name not in _FLATTENED}
    return Value(**plain, **{name: content[name] for name in _FLATTENED})


def _verify(trace: Trace) -> None:
    """ValueError where records are not numbered by position, or one refers to another that is not there."""
    kinds = {"value": trace.values, "op": trace.ops, "node": trace.nodes, "pass": trace.passes}
    for kind, records in kinds.items():
        if [record.id for record in records] != list(range(len(records))):  # type: ignore[attr-defined]
            raise ValueError(f"a {kind} is not numbered by its position")
    for kind, index in _references(trace):
        if index is not None and not 0 <= index < len(kinds[kind]):
            raise ValueError(f"{kind} {index} does not exist")
    if any([edge.number for edge in node.edges] != list(range(len(node.edges))) for node in trace.nodes):
        raise ValueError("the edges of a node are not numbered by position")
    for step in trace.steps:
        edges = 0 if step.node is None else len(trace.nodes[step.node].edges)
        roots = 0 if step.backward_pass is None else len(trace.passes[step.backward_pass].roots)
        if any(not 0 <= part.edge < edges for part in step.contributions):
            raise ValueError(f"step {step.index} has a contribution on an edge that does not exist")
        if step.kind == "seed" and len(step.incoming) != roots:
            raise ValueError(f"step {step.index} has not one seed per root")
        if (step.kind == "update") != (step.update is not None):
            raise ValueError(f"step {step.index} is an update without one, or has one without being one")


def _references(trace: Trace) -> Iterator[tuple[str, int | None]]:
    """Every reference from one record to another: to what, and its position."""
    values: list[int | None] = [*trace.outputs]
    ops: list[int | None] = []
    nodes: list[int | None] = []
    passes: list[int | None] = []
    for value in trace.values:
        values.append(value.alias_of)
        ops.append(value.op)
        nodes.append(value.node)
    for op in trace.ops:
        values += [argument.value for argument in op.inputs]
        values += op.outputs
        nodes += [*op.nodes, op.first_backward]
    for node in trace.nodes:
        ops.append(node.op)
        values += [node.leaf, *node.outputs, *[edge.value for edge in node.edges], *[s.value for s in node.saved]]
        nodes += [edge.node for edge in node.edges]
        ops += [edge.use[0] for edge in node.edges if edge.use is not None]
    for backward_pass in trace.passes:
        values += backward_pass.roots
    for step in trace.steps:
        ops.append(step.op)
        nodes.append(step.node)
        passes.append(step.backward_pass)
        if step.update is not None:
            values.append(step.update.value)
        values += [change.value for change in step.changes]
    values += [note.value for note in trace.recorded_notes]
    values += [check.value for check in trace.checks]
    ops += [note.op for note in trace.recorded_notes]
    for kind, references in (("value", values), ("op", ops), ("node", nodes), ("pass", passes)):
        yield from ((kind, index) for index in references)


class _Writer:
    """Records to JSON; every array is written once, into `arrays`, and referred to by its position there."""

    def __init__(self) -> None:
        self.arrays: list[dict[str, Any]] = []
        self._positions: dict[int, tuple[int, Array]] = {}  # by id; the array is held, so its id stays its own

    def write(self, content: Any) -> Any:
        if content is None or isinstance(content, str | int):
            return content
        if isinstance(content, tuple):
            return [self.write(element) for element in content]
        if isinstance(content, Array):
            if id(content) not in self._positions:
                self._positions[id(content)] = len(self.arrays), content
                self.arrays.append(content.to_json())
            return self._positions[id(content)][0]
        if is_dataclass(content):
            return {name: self.write(getattr(content, name)) for name in _names(content.__class__)}
        return encode(content)


class _RecordReader:
    """JSON to records, guided by the type annotations of the records."""

    def __init__(self, arrays: list[dict[str, Any]]) -> None:
        self._arrays = [Array.from_json(array) for array in arrays]

    def read(self, kind: Any, content: Any) -> Any:
        origin, arguments = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            return None if content is None else self.read(next(a for a in arguments if a is not type(None)), content)
        if origin is Literal:
            if content not in arguments:
                raise ValueError(f"{content!r} is none of {arguments}")
            return content
        if origin is tuple:
            if len(arguments) == 2 and arguments[1] is Ellipsis:
                return tuple(self.read(arguments[0], element) for element in content)
            return tuple(self.read(a, element) for a, element in zip(arguments, content, strict=True))
        if kind is Array:
            return self._arrays[content]
        if is_dataclass(kind):
            record: Any = kind
            given = ((name, hint) for name, hint in _hints(record).items() if name in content)  # older ones had fewer
            return record(**{name: self.read(hint, content[name]) for name, hint in given})
        if kind is float:
            return float(decode(content))
        if type(content) is not kind:
            raise ValueError(f"expected {kind.__name__}, got {content!r}")
        return content


@lru_cache(maxsize=32)
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@lru_cache(maxsize=32)
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
