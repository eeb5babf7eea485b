"""The receptive field against autograd: the pixels of the input that one output in the middle has a gradient to."""

from __future__ import annotations

import math
import re

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from playground.layers.catalogue.spec import Shape, Stack
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.layers.stack.analysis import analyse
from playground.layers.stack.build import build
from playground.layers.stack.parse import parse_stack


def field(text: str, shape: Shape) -> list[int] | None:
    seen = analyse(Stack(parse_stack(text), shape)).rows
    top = [row for row in seen if len(row.path) == 1][-1].field
    return None if top is None else [reach.size for reach in top]


def touched(text: str, shape: Shape, margin: Shape = ()) -> list[int] | None:
    """How far apart the outermost pixels lie that one output depends on; None where one is so near to the border.

    Strides leave pixels out, so that what is cut off at the border may end well before it: `margin` pixels, for each
    axis (0 where it is left away), are farther than what strides leave out.

    A maximum has a gradient to one pixel only: a mean over the same window stands for it.
    """
    analysis = analyse(Stack(parse_stack(text.replace("MaxPool2d", "AvgPool2d")), shape))
    net = build(analysis, 0).double().eval()
    x = torch.randn(1, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    out = net(x)
    middle = [size // 2 for size in out.shape[2:]]
    out[(0, slice(None), *middle)].sum().backward()
    assert x.grad is not None
    places = x.grad[0].abs().sum(0).nonzero()
    low, high = places.amin(0).tolist(), places.amax(0).tolist()
    margins = margin or (0,) * len(low)
    if any(a <= m or b >= size - 1 - m for a, b, size, m in zip(low, high, shape[1:], margins, strict=True)):
        return None
    return [b - a + 1 for a, b in zip(low, high, strict=True)]


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ("Conv1d(2, 5) Conv1d(2, 3, stride=2) Conv1d(2, 3)", (1, 99), [11]),
        ("Conv2d(2, (1, 5)) Conv2d(2, (3, 1), stride=(1, 2)) Conv2d(2, 3)", (1, 40, 40), [5, 9]),
        ("Conv2d(2, 3, padding=1) Softmax Conv2d(2, 3) Bias", (1, 20, 20), [5, 5]),
        ("Conv2d(2, 3) MaxPool2d(2) BatchNorm2d Tanh Conv2d(1, 3)", (1, 40, 40), [8, 8]),
        ("Residual(Conv2d(2, 3, padding=1)) Residual(Conv2d(2, (1, 5), padding=(0, 2)))", (2, 30, 30), [3, 7]),
        ('Conv2d(2, (3, 4), padding="same", dilation=2) Conv2d(1, 2, padding="valid")', (1, 20, 20), [6, 8]),
        ("Parallel(Conv2d(1, (5, 1), padding=(2, 0)), Conv2d(1, (1, 3), padding=(0, 1)))", (1, 20, 20), [5, 3]),
        ("Parallel(Conv2d(1, 3, stride=3), Conv2d(1, 3, stride=3, padding=1))", (1, 27, 27), [4, 4]),
    ],
)
def test_a_field_has_a_size_of_its_own_along_each_axis(text: str, shape: Shape, expected: list[int]) -> None:
    assert field(text, shape) == touched(text, shape) == expected


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("Conv2d(2, 3) Linear(4)", (1, 9, 9)),
        ("LayerNorm Conv2d(2, 3)", (1, 9, 9)),
        ("Conv2d(2, 3) ConvTranspose2d(2, 2, stride=2) Conv2d(2, 3)", (1, 9, 9)),
        ("AdaptiveAvgPool2d(3)", (1, 9, 9)),
        ("Flatten Reshape(1, 9, 9) Conv2d(2, 3)", (1, 9, 9)),
        ("Residual(Linear(9))", (1, 9, 9)),
        ("Parallel(Conv2d(1, 3, padding=1), LayerNorm)", (1, 9, 9)),
        ("ReLU", (9,)),
    ],
)
def test_no_field_is_told_where_windows_alone_do_not_give_it(text: str, shape: Shape) -> None:
    assert field(text, shape) is None
    assert net_of(StackDocument(text, shape, batch=2)).listing.rows[-1].field is None


sizes = st.integers(1, 5)
strides = st.integers(1, 3)


@st.composite
def windows(draw: st.DrawFn, dimensions: int) -> str:
    """A convolution or a pooling layer."""
    kernel = tuple(draw(sizes) for _ in range(dimensions))
    stride = tuple(draw(strides) for _ in range(dimensions))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    kind = draw(st.sampled_from(["Conv2d(2, ", "MaxPool2d(", "AvgPool2d("])) if dimensions == 2 else "Conv1d(2, "
    written = [size if dimensions == 2 else size[0] for size in (kernel, stride, padding)]
    return "{}{}, stride={}, padding={})".format(kind, *written)


@pytest.mark.parametrize("shape", [(1, 400), (2, 90, 110)], ids=["signal", "picture"])
@given(data=st.data())
def test_the_field_is_what_one_output_in_the_middle_has_a_gradient_to(shape: Shape, data: st.DataObject) -> None:
    layers = data.draw(st.lists(windows(len(shape) - 1) | st.just("Tanh"), min_size=1, max_size=4))
    text = " ".join(layers)
    assume(analyse(Stack(parse_stack(text), shape)).output is not None)
    strides_of = [re.search(r"stride=\(?(\d+)(?:, (\d+))?", layer) for layer in layers]
    steps = [[int(step) for step in found.groups() if step] for found in strides_of if found]
    expected = touched(text, shape, tuple(2 * math.prod(along) for along in zip(*steps, strict=True)))
    assume(expected is not None)
    assert field(text, shape) == expected
