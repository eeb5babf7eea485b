"""Every row of the catalogue against PyTorch: shapes, parameters, multiplications, and that building never fails."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from playground.errors import PlaygroundError
from playground.layers.catalogue.kind import Kind, LayerArgument
from playground.layers.catalogue.spec import LayerSpec, Shape, Stack
from playground.layers.catalogue.table import KINDS
from playground.layers.stack.analysis import Analysis, analyse
from playground.layers.stack.build import build
from playground.layers.stack.parse import parse_stack
from playground.layers.stack.text import to_text
from tests.layers.stacks import stacks

SINGLE = [kind for kind in KINDS if not kind.branches]
MOST = 1_000_000  # outputs, or multiplications: what is more runs on PyTorch's meta device, which computes shapes alone
BATCH = 2


def rarely(draw: st.DrawFn) -> bool:
    return draw(st.integers(0, 7)) == 7


@st.composite
def whole(draw: st.DrawFn, argument: LayerArgument) -> int:
    """A small number, now and then any up to the argument's maximum."""
    low, high = int(argument.minimum), int(argument.maximum)
    return draw(st.integers(low, high if rarely(draw) else max(low, min(high, 6))))


def content(argument: LayerArgument) -> st.SearchStrategy[Any]:
    words = st.sampled_from(argument.words) if argument.words else st.nothing()
    return words | numbers(argument) if argument.kind != "word" else words


def numbers(argument: LayerArgument) -> st.SearchStrategy[Any]:
    number = whole(argument)
    match argument.kind:
        case "bool":
            return st.booleans()
        case "float":
            return st.floats(argument.minimum, argument.maximum)
        case "size":
            return number | st.tuples(number, number)
        case "sides":
            return number | st.tuples(*[number] * 4)
        case "shape":
            return st.lists(st.sampled_from([-1, 1, 2, 3, 4]), min_size=1, max_size=3).map(tuple)
        case _:
            return number


@st.composite
def layers(draw: st.DrawFn, kind: Kind) -> LayerSpec:
    args = {a.name: draw(content(a)) for a in kind.arguments if a.default is None or draw(st.booleans())}
    return LayerSpec(kind.name, tuple(args.items()))


@st.composite
def shapes(draw: st.DrawFn, kind: Kind) -> Shape:
    """Such as this kind takes, now and then as large as the largest window, and others."""
    if draw(st.booleans()):
        return tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    sizes = st.integers(1, 140 if rarely(draw) else 9)
    return (draw(st.integers(1, 9)), *(draw(sizes) for _ in kind.example_shape[1:]))


@pytest.mark.parametrize("kind", SINGLE, ids=lambda kind: kind.name)
@given(data=st.data())
def test_a_row_says_what_pytorch_builds(kind: Kind, data: st.DataObject) -> None:
    stack = Stack((data.draw(layers(kind)),), data.draw(shapes(kind)))
    analysis = analyse(stack)
    if analysis.output is None:
        assert analysis.problem is not None and analysis.problem.message
        for repair in analysis.problem.repairs:
            parse_stack(repair.text)
        with pytest.raises(PlaygroundError):
            build(analysis)
        assert any(is_stricter(kind, stack) for is_stricter in STRICTER) or not pytorch_takes(kind, stack)
        return
    check_against_pytorch(analysis)


@given(stacks())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_stack_with_its_blocks_has_the_totals_of_pytorch(stack: Stack) -> None:
    check_against_pytorch(analyse(stack))


def check_against_pytorch(analysis: Analysis) -> None:
    """That the output's shape, the parameters and the multiplications are PyTorch's."""
    # In float64 an LSTM makes its products one by one, so that they are counted.
    net, x = build(analysis).double(), batch(analysis.stack, torch.float64)
    if analysis.multiplications > MOST or math.prod(analysis.checked()) > MOST:
        net, x = net.to("meta"), x.to("meta")
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH):  # attention by products that are counted
        out = net(x)
    assert tuple(out.shape[1:]) == analysis.output
    assert sum(p.numel() for p in net.parameters()) == analysis.parameters
    assert counter.get_total_flops() == 2 * BATCH * analysis.multiplications


def batch(stack: Stack, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Examples as a stack takes them: whole numbers for an Embedding."""
    sizes = (BATCH, *stack.input_shape)
    return torch.randn(sizes, dtype=dtype) if stack.vocabulary is None else torch.randint(stack.vocabulary, sizes)


def pytorch_takes(kind: Kind, stack: Stack) -> bool:
    """Whether PyTorch builds this layer and runs it on a batch of these examples."""
    given = kind.given(stack.layers[0])
    x = torch.zeros(BATCH, *stack.input_shape)
    try:
        # The signature of a Reshape is the rule itself, which has refused already: the sizes as they are written.
        module = kind.build(*given["shape"]) if "shape" in given else kind.build(**kind.signature(x.shape[1:], given))
        module(x)
    except (RuntimeError, ValueError, IndexError, AssertionError):
        return False
    return True


def is_too_large(kind: Kind, stack: Stack) -> bool:
    """PyTorch has no limits; those of the page are tested by name below."""
    problem = analyse(stack).problem
    return problem is not None and problem.hint.startswith("the limit is")


def is_without_batch(kind: Kind, stack: Stack) -> bool:
    """PyTorch takes (N, H, W) for one example (C, H, W) without a batch; here a batch always comes first."""
    picture = len(kind.example_shape)
    return kind.family in ("Layers with weights", "Sequences", "Pooling") and len(stack.input_shape) == picture - 1 > 0


def is_no_picture(kind: Kind, stack: Stack) -> bool:
    """PyTorch's AdaptiveAvgPool2d counts no axes, against its own documentation; others take what is no picture."""
    lax = (
        "AdaptiveAvgPool2d",
        "Dropout2d",
        "ZeroPad2d",
        "Upsample",
        "ReflectionPad2d",
        "PixelShuffle",
        "InstanceNorm2d",
    )
    return kind.name in lax and len(stack.input_shape) != 3


def is_empty(kind: Kind, stack: Stack) -> bool:
    """PyTorch's ConvTranspose2d gives a picture with no pixels, from which nothing can be learnt."""
    problem = analyse(stack).problem
    return problem is not None and problem.message.endswith(" = 0")


def has_too_many_dims(kind: Kind, stack: Stack) -> bool:
    """`dims` is the page's own; PyTorch is given the sizes, as many as there are."""
    return kind.name == "LayerNorm" and kind.given(stack.layers[0])["dims"] > len(stack.input_shape)


# What PyTorch would take and the page refuses, by design.
STRICTER = (is_too_large, is_without_batch, is_no_picture, is_empty, has_too_many_dims)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_example_of_a_row_is_built_and_keeps_what_it_says(kind: Kind) -> None:
    stack = Stack(parse_stack(kind.example), kind.example_shape)
    assert to_text(stack.layers) == kind.example
    check_saved(analyse(stack))


def check_saved(analysis: Analysis) -> None:
    """That the output's shape and the memory kept for the backward pass are PyTorch's."""
    net = build(analysis)
    x = batch(analysis.stack)
    x.requires_grad_(x.is_floating_point())
    there = {tensor.untyped_storage()._cdata for tensor in (*net.parameters(), *net.buffers())}
    saved: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage()._cdata not in there:
            saved[tensor.untyped_storage()._cdata] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = net(x)
    assert tuple(out.shape[1:]) == analysis.output
    is_known = all(row.layer.kind != "LSTM" for row in analysis.rows)
    assert analysis.saved_with(2) == (sum(saved.values()) if is_known else None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Linear(1000000)", "a whole number from 1 to"),
        ("Linear(60000) Linear(60000)", "parameters"),
        ("ReLU " * 500, "500 layers"),
        ("Conv2d(1024, 1) Conv2d(1024, 1)" + " Conv2d(1024, 3, padding=1)" * 4, "the stack to"),
    ],
)
def test_oversized_stacks_are_refused_by_name(text: str, message: str) -> None:
    try:
        problem = analyse(Stack(parse_stack(text), (1, 200, 200))).problem
    except Exception as error:
        assert message in str(error)
    else:
        assert problem is not None and message in problem.message + problem.hint


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ("Conv2d(10, 7)", (1, 28, 28), (10, 22, 22)),
        ("Conv2d(10, 7) Flatten", (1, 28, 28), (4840,)),
        ("Conv2d(10, 7) ReLU Conv2d(55, 2) ReLU Flatten", (1, 28, 28), (24255,)),
        ("Conv2d(10, 5, stride=2) Tanh Conv2d(20, 7, stride=2)", (1, 28, 28), (20, 3, 3)),
        ("Conv2d(10, 5, stride=2) Tanh Conv2d(20, 7, stride=2) Tanh Flatten", (1, 28, 28), (180,)),
        ("Bias", (5,), (5,)),
        ("Linear(10)", (784,), (10,)),
    ],
)
def test_the_shapes_of_the_lectures(text: str, shape: Shape, expected: Shape) -> None:
    analysis = analyse(Stack(parse_stack(text), shape))
    assert analysis.output == expected
    assert build(analysis)(torch.zeros(2, *shape)).shape == (2, *expected)


def test_the_weights_are_those_of_pytorch_for_the_same_seed() -> None:
    net = build(analyse(Stack(parse_stack("Conv2d(4, 3) BatchNorm2d ReLU Flatten Linear(10)"))), rng_seed=7)
    torch.manual_seed(7)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        own = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(2704, 10))
    for ours, theirs in zip(net.parameters(), own.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("text", ['Conv2d(3, (2, 4), padding="same")', 'Conv1d(3, 2, padding="same", dilation=3)'])
def test_an_uneven_border_is_kept_with_the_input(text: str) -> None:
    kind = parse_stack(text)[0].kind
    check_saved(analyse(Stack((LayerSpec("ReLU"), *parse_stack(text)), (2, 9, 7)[: 3 if kind == "Conv2d" else 2])))
