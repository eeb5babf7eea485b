"""One element of a value as it was computed: the terms of its sum, or the function and its arguments."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from playground.explain.element.index_pattern import pattern
from playground.explain.element.places import checked, same_values, tape_of, top
from playground.explain.element.records import ElementValue, Index, Place, ValueTerm, is_close
from playground.explain.element.repeated_call import RepeatedCall
from playground.trace.trace import Trace

# Calls that add up their tensors' elements, each times a constant (and perhaps add a number).
_SUMS = frozenset(
    {
        *("add", "radd", "iadd", "add_", "sub", "rsub", "isub", "sub_", "subtract", "neg", "negative", "sum", "mean"),
        *("reshape", "view", "view_as", "flatten", "unflatten", "ravel", "permute", "transpose", "t", "T", "mT"),
        *("movedim", "moveaxis", "swapaxes", "swapdims", "contiguous", "clone", "squeeze", "unsqueeze", "expand"),
        *("expand_as", "broadcast_to", "repeat", "repeat_interleave", "tile", "flip", "roll", "pad", "getitem"),
        *("select", "narrow", "index_select", "gather", "take", "embedding", "cat", "concat", "stack", "hstack"),
        *("vstack", "split", "chunk", "unbind", "cumsum", "trace", "diagonal", "diag", "tril", "triu", "to", "float"),
        *("double", "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d"),
        *("upsample", "unfold", "fold"),
    }
)
_SUMS_OF_ONE = frozenset({"mul", "rmul", "mul_", "imul", "multiply", "div", "truediv", "div_", "itruediv", "divide"})


def element_value(trace: Trace, value: int, index: Index) -> ElementValue:
    """The computation of the element at `index` of a value by its call, which is repeated on the recorded inputs.

    A sum is only given as one where its terms add up to the recorded number. Raises PlaygroundError for a wrong index
    and for a trace that was read from a document.

    >>> from playground import record
    >>> trace = record(lambda x, w: x @ w, torch.tensor([2.0, 3.0]), torch.tensor([5.0, 1.0], requires_grad=True))
    >>> found = element_value(trace, trace.outputs[0], ())
    >>> found.kind, [(term.value, term.factor) for term in found.terms], found.total
    ('products', [(2.0, 5.0), (3.0, 1.0)], 13.0)
    """
    tape = tape_of(trace)
    value = min(same_values(tape, value))
    checked(trace, value, index)
    known = tape.values[value]
    number = known.data[index].item()
    recorded = float(number.real)
    place = Place(value, index)
    if known.op is None:
        return ElementValue(place, "given", recorded)
    call = RepeatedCall(tape, tape.ops[known.op])
    if obstacle := call.obstacle():
        return ElementValue(place, "unknown", recorded, op=known.op, obstacle=obstacle)
    try:
        found = next((way for way in _ways(call, place, recorded) if _adds_up(way, trace.values[value].dtype)), None)
        return found or _function(call, place, recorded)
    except (RuntimeError, NotImplementedError, TypeError, ValueError, KeyError) as error:
        obstacle = f"it cannot be repeated in double precision: {str(error).splitlines()[0]}"
        return ElementValue(place, "unknown", recorded, op=known.op, obstacle=obstacle)


def _ways(call: RepeatedCall, place: Place, recorded: float) -> Iterator[ElementValue]:
    pair = call.factors()
    if pair is not None:
        yield _products(call, place, recorded, *pair)
    elif call.op.name in _SUMS or (call.op.name in _SUMS_OF_ONE and len(call.paths()) == len(call.op.inputs) == 1):
        yield _sum(call, place, recorded)


def _adds_up(found: ElementValue, dtype: str) -> bool:
    sizes = [abs(term.value * term.factor) for term in found.terms]
    return is_close(found.total, found.recorded, math.fsum([*sizes, abs(found.rest), abs(found.constant)]), dtype)


def _products(call: RepeatedCall, place: Place, recorded: float, first: str, second: str) -> ElementValue:
    inputs = dict(call.op.inputs)
    numbers = call.row(place.value, place.index, [first], call.numbered(second)).get(first)
    if numbers is None:
        return ElementValue(place, "products", recorded, op=call.op.id)
    involved = numbers != 0
    where, flat = involved.nonzero(), numbers[involved].round().long() - 1
    values, factors = call.number(first)[involved], call.number(second).reshape(-1)[flat].to(torch.float64)
    shape = call.number(second).shape
    partners = torch.stack(torch.unravel_index(flat, shape), 1) if shape else flat.new_zeros(len(flat), 0)
    products = values * factors
    terms = tuple(
        ValueTerm(
            Place(inputs[first], tuple(where[i].tolist())),
            float(values[i]),
            float(factors[i]),
            Place(inputs[second], tuple(partners[i].tolist())),
        )
        for i in top(products)
    )
    constant, bias = _added(call, place, [path for path in call.paths() if path not in (first, second)])
    return ElementValue(
        place,
        "products",
        recorded,
        op=call.op.id,
        terms=terms,
        count=len(products),
        rest=_rest(products, terms),
        constant=constant,
        bias=bias,
        pattern=pattern([where, partners], first=1) if len(products) > 1 else (),
    )


def _added(call: RepeatedCall, place: Place, paths: list[str]) -> tuple[float, Place | None]:
    """The sum that other tensors add to a sum of products, and its element where it is one."""
    if not paths:
        return 0.0, None
    rows = call.row(place.value, place.index, paths)
    parts = [(path, row.nonzero(), row[row != 0] * call.number(path)[row != 0]) for path, row in rows.items()]
    total = sum(float(products.sum()) for _, _, products in parts)
    if len(parts) == 1 and len(parts[0][1]) == 1:
        return total, Place(dict(call.op.inputs)[parts[0][0]], tuple(parts[0][1][0].tolist()))
    return total, None


def _sum(call: RepeatedCall, place: Place, recorded: float) -> ElementValue:
    rows = call.row(place.value, place.index, call.paths())
    zeros = {path: torch.zeros_like(call.number(path)) for path in call.paths()}
    constant = float(call.results(zeros)[place.value].detach()[place.index])
    terms, count, rest = _largest(call, rows, by_product=True)
    return ElementValue(
        place,
        "sum",
        recorded,
        op=call.op.id,
        terms=terms,
        count=count,
        rest=rest,
        constant=constant,
        pattern=_single(rows),
    )


def _function(call: RepeatedCall, place: Place, recorded: float) -> ElementValue:
    result = call.results({})[place.value]
    rows = call.row(place.value, place.index, call.paths()) if result.is_floating_point() and call.paths() else {}
    terms, count, _ = _largest(call, rows, by_product=False)
    return ElementValue(place, "function", recorded, op=call.op.id, terms=terms, count=count, pattern=_single(rows))


def _single(rows: dict[str, Tensor]) -> tuple[tuple[str, ...], ...]:
    """The pattern of the indices, where all terms come from one tensor."""
    involved = [row.nonzero() for row in rows.values() if bool((row != 0).any())]
    return pattern(involved) if len(involved) == 1 and len(involved[0]) > 1 else ()


def _largest(call: RepeatedCall, rows: dict[str, Tensor], by_product: bool) -> tuple[tuple[ValueTerm, ...], int, float]:
    """The largest terms of all inputs together, how many there are, and the sum of the products of the others."""
    inputs = dict(call.op.inputs)
    found: list[tuple[float, ValueTerm]] = []
    count, total = 0, 0.0
    for path, row in rows.items():
        involved = row != 0
        where, factors, values = involved.nonzero(), row[involved], call.number(path)[involved]
        products = values * factors
        count += len(where)
        total += float(products.sum())
        sizes = products if by_product else factors
        for i in top(sizes):
            term = ValueTerm(Place(inputs[path], tuple(where[i].tolist())), float(values[i]), float(factors[i]), None)
            found.append((abs(float(sizes[i])), term))
    found.sort(key=lambda pair: -pair[0])
    terms = tuple(term for _, term in found[: len(top(torch.zeros(count)))])
    shown = math.fsum(term.value * term.factor for term in terms)
    return terms, count, total - shown if count > len(terms) else 0.0


def _rest(products: Tensor, terms: tuple[ValueTerm, ...]) -> float:
    if len(products) == len(terms):
        return 0.0
    return float(products.sum()) - math.fsum(term.value * term.factor for term in terms)
