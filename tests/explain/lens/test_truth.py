"""Every family of lenses over its arguments: the terms of a cell sum to PyTorch's element, backward to its gradient.

The recording is in float64, so that a sum of some terms has to be the number itself. What is compared with is what
PyTorch's own call and engine gave: the recorded result, and the recorded contribution of this use.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from playground import record
from playground.errors import PlaygroundError
from playground.explain.lens.lens import lens
from playground.explain.lens.places import MOST_TERMS
from playground.trace.trace import Trace
from tests.explain.lens.all_picks import whole_of

OF_A_FAMILY = settings(max_examples=5_000) if os.environ.get("HYPOTHESIS_PROFILE") == "slow" else settings()
TIGHT = {"rtol": 1e-9, "atol": 1e-9}
Build = Callable[..., Tensor]


def seeded(shape: tuple[int, ...], seed: int, *, ties: bool = False) -> Tensor:
    """Numbers of which none is close to 0; with `ties` few that differ."""
    generator = torch.Generator().manual_seed(seed)
    if ties:
        found = torch.randint(0, 3, shape, generator=generator).to(torch.float64)
    else:
        found = torch.randn(shape, generator=generator, dtype=torch.float64)
        found = found + found.sign() * 0.1
    return found.requires_grad_()


def recorded(build: Build, *arguments: Any) -> tuple[Trace, int]:
    """A trace of a call whose result gets an adjoint of its own in each element, and the call."""

    def program(*given: Any) -> Tensor:
        made = build(*given)
        weights = torch.linspace(-1.0, 2.0, max(1, made.numel()), dtype=torch.float64).reshape(made.shape)
        return (made * weights).sum()

    trace = record(program, *arguments)
    return trace, 0


def holds(trace: Trace, op: int) -> None:
    """What the lens shows is what PyTorch computed."""
    found = whole_of(trace, op)
    call = trace.ops[op]
    expected = trace.values[call.outputs[0]].data.dense().to(torch.float64)
    known = ~torch.isnan(found.results)
    if lens(trace, op).terms.combine != "function":
        assert bool(known.all())
        torch.testing.assert_close(found.results, expected, equal_nan=True, **TIGHT)
    names = {board.key: board.value for board in lens(trace, op).operands}
    for key, gradient in found.gradients.items():
        sent = contribution(trace, op, names[key])
        if sent is not None and sum(value == names[key] for value in names.values()) == 1:
            torch.testing.assert_close(gradient, sent, **TIGHT)


def contribution(trace: Trace, op: int, value: int) -> Tensor | None:
    """What the engine sent to a leaf that only this call has used: its gradient."""
    uses = [use for call in trace.ops for use in call.inputs if use.value == value]
    grad = trace.values[value].grad
    return None if grad is None or len(uses) != 1 else grad.dense()


sizes = st.integers(1, 4)
small = st.integers(1, 3)  # in a row of all elements none is left out of the picture
seeds = st.integers(0, 10_000)


@OF_A_FAMILY
@given(st.lists(sizes, min_size=0, max_size=2), sizes, sizes, sizes, st.data(), seeds)
def test_products(batch: list[int], i: int, k: int, j: int, data: st.DataObject, seed: int) -> None:
    kind = data.draw(st.sampled_from(["matmul", "linear", "mv", "dot", "outer", "bmm", "inner", "einsum", "vector"]))
    a, b = seeded((*batch, i, k), seed), seeded((k, j), seed + 1)
    stretched = tuple(size if data.draw(st.booleans()) else 1 for size in batch)
    calls: dict[str, tuple[Build, tuple[Tensor, ...]]] = {
        "matmul": (torch.matmul, (a, seeded((*stretched, k, j), seed + 2))),
        "linear": (F.linear, (a, seeded((j, k), seed + 1), seeded((j,), seed + 2))),
        "mv": (torch.mv, (seeded((i, k), seed), seeded((k,), seed + 1))),
        "dot": (torch.dot, (seeded((k,), seed), seeded((k,), seed + 1))),
        "outer": (torch.outer, (seeded((i,), seed), seeded((j,), seed + 1))),
        "bmm": (torch.bmm, (seeded((2, i, k), seed), seeded((2, k, j), seed + 1))),
        "inner": (torch.inner, (a, seeded((j, k), seed + 1))),
        "einsum": (lambda x, y: torch.einsum("ik,kj->ji", x, y), (seeded((i, k), seed), b)),
        "vector": (torch.matmul, (seeded((k,), seed), b)),
    }
    build, arguments = calls[kind]
    holds(*recorded(build, *arguments))


@pytest.mark.parametrize("length", [256, 257, 1_000])
def test_of_long_sums_some_terms_are_shown_and_the_rest_is_summed(length: int) -> None:
    trace, op = recorded(torch.matmul, seeded((3, length), 1), seeded((length, 2), 2))
    frame = lens(trace, op)
    assert frame.terms.operands[0].cells.shape == (6, 256)
    torch.testing.assert_close(frame.results(), trace.values[2].data.dense().reshape(-1), **TIGHT)
    last = lens(trace, op, {"terms": length})
    torch.testing.assert_close(last.results(), frame.results(), **TIGHT)
    assert last.operands[0].axes[1].stop == length


def slid(data: st.DataObject, axes: int, kernel: tuple[int, ...], *, halves: bool = False) -> dict[str, Any]:
    """Stride, padding and dilation for a window."""
    each = st.one_of(st.integers(1, 3), st.tuples(*[st.integers(1, 3)] * axes))
    stride, dilation = data.draw(each, "stride"), data.draw(each, "dilation")
    most = [size // 2 for size in kernel] if halves else [2] * axes
    padding = tuple(data.draw(st.integers(0, limit), "padding") for limit in most)
    return {"stride": stride, "padding": padding, "dilation": dilation}


@OF_A_FAMILY
@given(st.sampled_from([1, 2]), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2), st.data(), seeds)
def test_convolutions(axes: int, groups: int, each: int, filters: int, data: st.DataObject, seed: int) -> None:
    kernel = tuple(data.draw(st.integers(1, 3), "kernel") for _ in range(axes))
    sides = tuple(data.draw(st.integers(1, 7), "side") for _ in range(axes))
    settings_ = slid(data, axes, kernel)
    if data.draw(st.booleans(), "same"):
        settings_ |= {"padding": data.draw(st.sampled_from(["same", "valid"])), "stride": 1}
    batch = (2,) if data.draw(st.booleans(), "batched") else ()
    x = seeded((*batch, groups * each, *sides), seed)
    w, b = seeded((groups * filters, each, *kernel), seed + 1), seeded((groups * filters,), seed + 2)
    bias = b if data.draw(st.booleans(), "bias") else None
    convolve = getattr(F, f"conv{axes}d")
    arguments = [one for one in (x, w, bias) if one is not None]

    def build(*given: Tensor) -> Tensor:
        found: Tensor = convolve(*given[:2], given[2] if len(given) > 2 else None, groups=groups, **settings_)
        return found

    try:
        made = build(*arguments)
    except RuntimeError:  # the window is larger than what it slides over
        assume(False)
    assume(made.numel())
    holds(*recorded(build, *arguments))


@OF_A_FAMILY
@given(st.sampled_from([1, 2]), st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), st.data(), seeds)
def test_transposed_convolutions(
    axes: int, groups: int, each: int, filters: int, data: st.DataObject, seed: int
) -> None:
    kernel = tuple(data.draw(st.integers(1, 3), "kernel") for _ in range(axes))
    sides = tuple(data.draw(st.integers(1, 4), "side") for _ in range(axes))
    settings_ = slid(data, axes, kernel)
    extra = data.draw(st.integers(0, 1), "output padding")
    convolve = getattr(F, f"conv_transpose{axes}d")
    x = seeded((2, groups * each, *sides), seed)
    w, b = seeded((groups * each, filters, *kernel), seed + 1), seeded((groups * filters,), seed + 2)

    def build(*given: Tensor) -> Tensor:
        found: Tensor = convolve(*given, groups=groups, output_padding=extra, **settings_)
        return found

    try:
        made = build(x, w, b)
    except RuntimeError:  # no output is left, or more output padding than stride
        assume(False)
    assume(made.numel())
    holds(*recorded(build, x, w, b))


@OF_A_FAMILY
@given(st.sampled_from([1, 2]), st.sampled_from(["max", "avg", "adaptive_max", "adaptive_avg"]), st.data(), seeds)
def test_pooling(axes: int, kind: str, data: st.DataObject, seed: int) -> None:
    kernel = tuple(data.draw(st.integers(1, 3), "kernel") for _ in range(axes))
    sides = tuple(data.draw(st.integers(1, 7), "side") for _ in range(axes))
    x = seeded((2, 2, *sides), seed, ties=data.draw(st.booleans(), "ties"))
    pool = getattr(F, f"{kind}_pool{axes}d")
    if kind.startswith("adaptive"):
        target = tuple(data.draw(st.integers(1, 5), "output") for _ in range(axes))
        given: dict[str, Any] = {"output_size": target}
    else:
        given = slid(data, axes, kernel, halves=True) | {"kernel_size": kernel, "ceil_mode": data.draw(st.booleans())}
        if kind == "avg":
            del given["dilation"]
            given["count_include_pad"] = data.draw(st.booleans(), "count_include_pad")
            if axes == 2 and data.draw(st.booleans(), "override"):
                given["divisor_override"] = data.draw(st.integers(1, 5))
    try:
        made = pool(x, **given)
    except RuntimeError:  # no output is left
        assume(False)
    assume(made.numel() and bool(torch.isfinite(made).all()))
    holds(*recorded(lambda x: pool(x, **given), x))


@OF_A_FAMILY
@given(
    st.sampled_from(["sum", "mean", "amax", "amin", "max", "min", "prod", "logsumexp", "var", "std"]),
    st.lists(sizes, min_size=1, max_size=3),
    st.booleans(),
    st.data(),
    seeds,
)
def test_reductions(name: str, shape: list[int], keepdim: bool, data: st.DataObject, seed: int) -> None:
    x = seeded(tuple(shape), seed, ties=name in ("amax", "amin", "max", "min") and data.draw(st.booleans(), "ties"))
    one = name in ("max", "min", "prod")
    dims = data.draw(
        st.integers(-len(shape), len(shape) - 1).map(lambda dim: [dim])
        if one
        else st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True)
    )
    if name in ("var", "std"):
        assume(torch.Size(shape[dim] for dim in dims).numel() > 1)
    reduce_ = getattr(torch, name)
    everything = name in ("sum", "mean", "max", "min", "prod") and data.draw(st.booleans(), "everything")

    def build(x: Tensor) -> Tensor:
        made = reduce_(x) if everything else reduce_(x, dim=dims[0] if one else dims, keepdim=keepdim)
        found: Tensor = made if isinstance(made, Tensor) else made[0]
        return found

    holds(*recorded(build, x))


_MOVES: dict[str, Build] = {
    "reshape": lambda x: x.reshape(-1),
    "permute": lambda x: x.permute(*reversed(range(x.dim()))),
    "transpose": lambda x: x.transpose(0, -1),
    "flatten": lambda x: x.flatten(),
    "unsqueeze": lambda x: x.unsqueeze(-1),
    "expand": lambda x: x.expand(2, *x.shape),
    "repeat": lambda x: x.repeat(*[2] * x.dim()),
    "flip": lambda x: x.flip(0),
    "roll": lambda x: x.roll(1, -1),
    "tril": lambda x: x.tril() if x.dim() > 1 else x.clone(),
    "getitem": lambda x: x[..., ::2],
    "open axis": lambda x: x[:, None],
    "pad": lambda x: F.pad(x, (1, 2), value=3.0),
    "index_select": lambda x: x.index_select(0, torch.tensor([0, 0, x.shape[0] - 1])),
    "gather": lambda x: x.gather(0, torch.zeros(x.shape, dtype=torch.int64)),
    "diagonal": lambda x: x.diagonal(0, 0, 1) if x.dim() > 1 else x.clone(),
    "embedding": lambda x: F.embedding(torch.tensor([[0, x.shape[0] - 1], [0, 0]]), x) if x.dim() == 2 else x.clone(),
}


@OF_A_FAMILY
@given(st.sampled_from(sorted(_MOVES)), st.lists(small, min_size=1, max_size=3), seeds)
def test_index_maps(name: str, shape: list[int], seed: int) -> None:
    holds(*recorded(_MOVES[name], seeded(tuple(shape), seed)))


@OF_A_FAMILY
@given(st.sampled_from(["cat", "stack"]), sizes, sizes, st.integers(0, 1), seeds)
def test_joined_tensors(name: str, rows: int, columns: int, dim: int, seed: int) -> None:
    parts = [seeded((rows, columns), seed + number) for number in range(3)]
    holds(*recorded(lambda *given: getattr(torch, name)(given, dim), *parts))


@OF_A_FAMILY
@given(st.sampled_from(sorted(_MOVES)), st.lists(small, min_size=1, max_size=3))
@example("embedding", [3, 2])
def test_an_index_map_is_what_pytorch_does_to_arange(name: str, shape: list[int]) -> None:
    count = torch.Size(shape).numel()
    numbers = torch.arange(1.0, count + 1, dtype=torch.float64).reshape(shape).requires_grad_()
    trace, op = recorded(_MOVES[name], numbers)
    made = whole_of(trace, op).results
    torch.testing.assert_close(made, _MOVES[name](numbers.detach()))


_PAIRS = ("add", "sub", "mul", "div", "pow", "maximum", "minimum", "atan2", "hypot", "logaddexp", "gt", "fmod")


@OF_A_FAMILY
@given(st.sampled_from(_PAIRS), st.lists(sizes, max_size=3), st.data(), seeds)
def test_stretched_shapes(name: str, shape: list[int], data: st.DataObject, seed: int) -> None:
    def part() -> tuple[int, ...]:
        kept = data.draw(st.integers(0, len(shape)))
        return tuple(1 if data.draw(st.booleans()) else size for size in shape[kept:])

    first, second = seeded(part(), seed), seeded(part(), seed + 1)
    if name == "pow":
        first = first.detach().abs().requires_grad_()
    holds(*recorded(getattr(torch, name), first, second))


@OF_A_FAMILY
@given(
    st.sampled_from(["sin", "exp", "tanh", "relu", "sigmoid", "square", "erf", "neg", "abs", "softplus"]),
    st.lists(sizes, max_size=3),
    seeds,
)
def test_functions_of_one_number(name: str, shape: list[int], seed: int) -> None:
    call = getattr(torch, name, None) or getattr(F, name)
    trace, op = recorded(call, seeded(tuple(shape), seed))
    holds(trace, op)
    curve = lens(trace, op).curve
    assert curve is not None
    points = torch.tensor(curve.points, dtype=torch.float64)
    torch.testing.assert_close(torch.tensor(curve.values, dtype=torch.float64), call(points))
    gap = 1e-5
    slopes = (call(points + gap) - call(points - gap)) / (2 * gap)
    near = (torch.tensor(curve.slopes, dtype=torch.float64) - slopes).abs() < 1e-3
    assert float(near.to(torch.float64).mean()) > 0.98  # but at a kink


_OTHERS: dict[str, Build] = {
    "softmax": lambda x: x.softmax(-1),
    "log_softmax": lambda x: x.log_softmax(-1),
    "cumsum": lambda x: x.cumsum(0),
    "norm": torch.linalg.vector_norm,
    "layer_norm": lambda x: F.layer_norm(x, x.shape[-1:]),
    "sort": lambda x: x.sort(-1).values,
    "det": lambda x: torch.linalg.det(x @ x.mT + torch.eye(x.shape[-2])) if x.dim() > 1 else x.sum(),
}


@OF_A_FAMILY
@given(st.sampled_from(sorted(_OTHERS)), st.lists(sizes, min_size=1, max_size=3), seeds)
def test_any_other_call_by_its_jacobian(name: str, shape: list[int], seed: int) -> None:
    trace, _ = recorded(_OTHERS[name], seeded(tuple(shape), seed))
    for call in trace.ops:
        holds(trace, call.id)


def test_what_has_no_derivative_has_no_lens_and_says_so() -> None:
    trace = record(lambda x: torch.argmax(x), torch.eye(2, requires_grad=True))
    with pytest.raises(PlaygroundError, match="no cell of its result moves"):
        lens(trace, 0)
    with pytest.raises(PlaygroundError, match="no call 7"):
        lens(trace, 7)


def test_a_trace_from_a_document_has_no_lenses() -> None:
    trace = record(lambda x: x * 2, torch.ones(2, requires_grad=True))
    with pytest.raises(PlaygroundError, match="read from a document"):
        lens(Trace.from_json(trace.to_json()), 0)


_LARGE: dict[str, tuple[Build, tuple[tuple[int, ...], ...]]] = {
    "a sum over four axes": (lambda x: x.sum(), ((16, 30, 21, 21),)),
    "a mean of rows": (lambda x: x.mean(1), ((40, 3000),)),
    "a deviation of many": (lambda x: x.std(0), ((3000, 40),)),
    "a long product": (torch.matmul, ((40, 3000), (3000, 40))),
    "an einsum over two axes": (lambda x, y: torch.einsum("ijk,ijk->i", x, y), ((3, 300, 70), (3, 300, 70))),
    "a wide kernel": (F.conv2d, ((1, 4, 60, 60), (2, 4, 21, 21))),
    "many channels": (F.conv2d, ((1, 300, 20, 20), (2, 300, 3, 3))),
    "many channels, spread": (F.conv_transpose2d, ((1, 300, 10, 10), (300, 2, 3, 3))),
    "a whole picture": (lambda x: F.adaptive_avg_pool2d(x, 1), ((1, 2, 200, 200),)),
    "a large picture": (lambda x: F.max_pool2d(x, 2), ((1, 2, 200, 200),)),
    "a batch made flat": (lambda x: x.flatten(1), ((16, 30, 21, 21),)),
    "a stretched picture": (lambda x, y: x - y, ((200, 200, 3), (3,))),
    "a softmax of rows": (lambda x: x.softmax(1), ((40, 100),)),
}


@pytest.mark.parametrize("name", _LARGE)
def test_of_a_large_call_a_bounded_part_is_shown_and_is_right(name: str) -> None:
    build, shapes = _LARGE[name]
    trace, op = recorded(build, *(seeded(shape, number) for number, shape in enumerate(shapes)))
    frame = lens(trace, op)
    assert all(operand.cells.numel() <= MOST_TERMS for operand in frame.terms.operands)
    assert sum(len(board.numbers) for board in (*frame.operands, frame.result)) <= 2 * MOST_TERMS
    if frame.terms.combine != "function":
        torch.testing.assert_close(frame.results(), frame.result.numbers, rtol=1e-7, atol=1e-7)


def test_what_no_picture_can_hold_is_refused() -> None:
    trace, op = recorded(lambda x: F.adaptive_max_pool2d(x, 1), seeded((1, 1, 400, 400), 1))
    with pytest.raises(PlaygroundError, match="160,000 places under one window are too many"):
        lens(trace, op)


@pytest.mark.parametrize(
    ("build", "written"),
    [
        (lambda x: 3 - x, "3 − {0}"),
        (lambda x: 2 / x, "2 / {0}"),
        (lambda x: 2**x, "2^{0}"),
        (lambda x: x * 2, "{0} · 2"),
        (lambda x: torch.add(x, x, alpha=2), "add({0}, {1})"),
        (lambda x: torch.div(x, 2, rounding_mode="floor"), "div({0})"),
    ],
)
def test_a_function_is_written_as_it_is(build: Build, written: str) -> None:
    trace, op = recorded(build, seeded((3,), 1))
    assert lens(trace, op).written == written


@pytest.mark.parametrize(("stride", "padding", "says"), [(1, 0, False), (4, 0, True), (2, 1, False), (3, 0, False)])
def test_cells_that_are_never_read_are_told_where_there_are_any(stride: int, padding: int, says: bool) -> None:
    trace, op = recorded(
        lambda x, w: F.conv1d(x, w, stride=stride, padding=padding), seeded((1, 1, 9), 1), seeded((1, 1, 3), 2)
    )
    assert any("never read" in note for note in lens(trace, op).notes) is says
