"""Windows that slide over a picture or a signal: convolutions, plain and transposed, and pooling.

The sizes are those of PyTorch's documentation (torch.nn.Conv2d, ConvTranspose2d, MaxPool2d, AvgPool2d); what a
convolution computes there is a cross-correlation: the kernel is not flipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from playground.explain.lens.call import Call
from playground.explain.lens.frame import Axis, Board, LensFrame, Operand, Terms
from playground.explain.lens.places import (
    MOST_TERMS,
    Picks,
    operand_board,
    picked,
    places,
    refuse_beyond,
    result_board,
    stretch,
)

SIDE = 32  # places of each axis of a picture that are shown at once
SPACE = ("D", "H", "W")
NOWHERE = -(10**9)  # a place on no board


@dataclass(frozen=True, slots=True)
class Window:
    """How a window lies on the last axes of a picture, one number for each of them."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]

    @property
    def axes(self) -> int:
        """How many axes it slides along."""
        return len(self.kernel)


def convolution(call: Call, picks: Picks) -> LensFrame:
    """The lens of `conv1d`, `conv2d` and `conv3d`."""
    weight = call.shape(call.tensors["weight"])
    window = _window(call, weight[2:])
    groups = int(call.setting("groups", 1))
    scene = _Scene(call, window.axes, weight[0], prod(weight[2:]), picks)
    channels = scene.channels(weight[1])
    index = scene.index([*channels, *_taps(window)])
    group = scene.channel.start // (weight[0] // groups)
    sources = [
        out * step - pad + tap * dilation
        for out, tap, step, pad, dilation in zip(
            index.space, index.inner[1:], window.stride, window.padding, window.dilation, strict=True
        )
    ]
    source = [*scene.batch_index, group * weight[1] + index.inner[0], *sources]
    kernel = [torch.tensor(scene.channel.start), *index.inner]
    rest = None
    if channels[0].shown < channels[0].size:
        rest = _convolved(call, scene, window, group) - _convolved(call, scene, window, group, channels[0])
    return scene.frame(
        "window",
        source,
        kernel,
        rest=rest,
        notes=_convolution_notes(call, window, groups),
        formula=f"{call.show(call.output)} = Σ {call.show(call.tensors['input'])} · "
        f"{call.show(call.tensors['weight'])}" + (" + bias" if "bias" in call.tensors else ""),
        inner=channels,
    )


def transposed_convolution(call: Call, picks: Picks) -> LensFrame:
    """The lens of `conv_transpose1d`, `conv_transpose2d` and `conv_transpose3d`."""
    weight = call.shape(call.tensors["weight"])  # (channels in, channels out of a group, kernel)
    window = _window(call, weight[2:])
    groups = int(call.setting("groups", 1))
    scene = _Scene(call, window.axes, weight[1] * groups, prod(weight[2:]), picks)
    each = weight[0] // groups
    channels = scene.channels(each)
    index = scene.index([*channels, *_taps(window)])
    group, place = divmod(scene.channel.start, weight[1])
    source = [*scene.batch_index, group * each + index.inner[0]]
    for out, tap, step, pad, dilation in zip(
        index.space, index.inner[1:], window.stride, window.padding, window.dilation, strict=True
    ):
        place_of = out + pad - tap * dilation
        source.append(torch.where(place_of % step == 0, place_of // step, NOWHERE))
    kernel = [group * each + index.inner[0], torch.tensor(place), *index.inner[1:]]
    rest = None
    if channels[0].shown < channels[0].size:
        rest = scene.total(call) - _transposed(call, scene, window, group * each, place, channels[0])
    return scene.frame(
        "window",
        source,
        kernel,
        rest=rest,
        notes=(
            "Each cell of the input adds its multiple of the kernel where it lies; a stride spreads the input apart.",
        ),
        formula=f"{call.show(call.output)} = Σ {call.show(call.tensors['input'])} · "
        f"{call.show(call.tensors['weight'])}" + (" + bias" if "bias" in call.tensors else ""),
        inner=channels,
        limited=True,
    )


def pooling(call: Call, picks: Picks) -> LensFrame:
    """The lens of `max_pool1d` to `avg_pool3d` and of the adaptive ones."""
    axes = int(call.name[-2])
    shape = call.shape(call.tensors["input"])
    window = None if call.name.startswith("adaptive") else _pool_window(call, axes)
    widths = _widths(shape[-axes:], call.shape(call.output)[-axes:]) if window is None else window.kernel
    scene = _Scene(call, axes, shape[-axes - 1], prod(widths), picks)
    index, sources = _adaptive(scene, shape[-axes:], widths) if window is None else _pooled(scene, window)
    source = [*scene.batch_index, torch.tensor(scene.channel.start), *sources]
    board = scene.board("input", source, padding=0.0 if "avg" in call.name else -torch.inf)
    cells = scene.spread(board.cells(*source), index.terms)
    cells = torch.where(board.inside[cells.clamp(min=0)], cells, -1) if len(board.numbers) else cells
    if "avg" in call.name:
        factor = 1.0 / _divisors(call, scene, window, cells, shape[-axes:])
        notes: tuple[str, ...] = ("The mean of the window: each cell counts the same.",)
    else:
        factor = (cells == _chosen(call, scene, board, axes).reshape(-1, 1)).to(torch.float64)
        notes = (
            "The largest cell of the window is handed on, and it alone is sent a gradient; of equal ones the first.",
        )
    word = "mean" if "avg" in call.name else "max"
    return LensFrame(
        family="window",
        op=call.id,
        title=call.title,
        formula=f"{call.show(call.output)} = {word} of a window of {call.show(call.tensors['input'])}",
        result=scene.result,
        operands=(board,),
        terms=Terms("products", (Operand("input", cells),), factor=factor.expand(cells.shape)),
        picks=scene.picks(),
        notes=notes + (() if window is None else _sizes(call, window)),
    )


@dataclass(frozen=True, slots=True)
class _Index:
    """Where the cells of the result and the terms are: results down, terms across."""

    space: tuple[Tensor, ...]
    inner: tuple[Tensor, ...]
    terms: int


class _Scene:
    """The one picture of the result that is shown: an example, a channel, and a part of its space."""

    def __init__(self, call: Call, axes: int, channels: int, window: int, picks: Picks) -> None:
        """`window`: the places that one cell of the result reads in each channel."""
        refuse_beyond(window, "places under one window")
        side = max(1, min(SIDE, int((MOST_TERMS / max(1, window)) ** (1 / min(axes, 2)))))
        self.call, self._picks = call, picks
        shape = call.shape(call.output)
        self.names = ["N", "C", *SPACE[-axes:]][-len(shape) :]
        self.batch = [stretch("N", shape[0], 1, picks)] if len(shape) == axes + 2 else []
        self.channel = stretch("C", channels, 1, picks)
        self.space = [
            stretch(name, size, side if number >= axes - 2 else 1, picks)
            for number, (name, size) in enumerate(zip(SPACE[-axes:], shape[-axes:], strict=True))
        ]
        self.axes = [*self.batch, self.channel, *self.space]
        self.results = prod(axis.shown for axis in self.space)
        self.result = result_board(call, self.axes)

    @property
    def batch_index(self) -> list[Tensor]:
        return [torch.tensor(axis.start) for axis in self.batch]

    def channels(self, count: int) -> list[Axis]:
        """The channels of the input whose terms are shown: all, where they are not too many."""
        window = prod(self.call.shape(self.call.tensors["weight"])[2:])
        most = max(1, MOST_TERMS // max(1, self.results * window))
        return [stretch("input channels", count, most, self._picks)]

    def index(self, inner: Sequence[Axis]) -> _Index:
        found = places(inner)
        return _Index(
            tuple(place.reshape(-1, 1) for place in places(self.space)),
            tuple(place.reshape(1, -1) for place in found),
            len(found[0]),
        )

    def spread(self, cells: Tensor, terms: int) -> Tensor:
        return cells.expand(self.results, terms)

    def board(self, key: str, source: Sequence[Tensor], padding: float = 0.0) -> Board:
        known = [place[place != NOWHERE] for place in source]
        return operand_board(self.call, key, self.names, known, whole=len(self.space), padding=padding)

    def picks(self, inner: Sequence[Axis] = ()) -> Any:
        return picked([*self.axes, *inner])

    def total(self, call: Call) -> Tensor:
        """The whole result without its bias, in float64, by PyTorch."""
        found = self.result.numbers
        bias = call.tensors.get("bias")
        return found if bias is None else found - call.number(bias)[self.channel.start]

    def frame(
        self,
        family: str,
        source: Sequence[Tensor],
        kernel: Sequence[Tensor],
        *,
        rest: Tensor | None,
        notes: tuple[str, ...],
        formula: str,
        inner: Sequence[Axis],
        limited: bool = False,
    ) -> LensFrame:
        call = self.call
        terms = kernel[-1].numel() if kernel[-1].dim() else 1
        board = self.board("input", source)
        weight = operand_board(call, "weight", ["out", "in", *self.names[-len(self.space) :]], kernel)
        cells = self.spread(board.cells(*source), terms)
        if limited:  # a place beyond the input is none: nothing lies there
            cells = torch.where(board.inside[cells.clamp(min=0)] & (cells >= 0), cells, -1)
        boards = [board, weight]
        added = None
        if "bias" in call.tensors:
            boards.append(operand_board(call, "bias", ["C"], [torch.tensor(self.channel.start)]))
            added = Operand("bias", torch.zeros(self.results, 1, dtype=torch.int64))
        return LensFrame(
            family=family,
            op=call.id,
            title=call.title,
            formula=formula,
            result=self.result,
            operands=tuple(boards),
            terms=Terms(
                "products",
                (Operand("input", cells), Operand("weight", self.spread(weight.cells(*kernel), terms))),
                added=added,
                rest=rest,
            ),
            picks=self.picks(inner),
            notes=notes,
        )


def _window(call: Call, kernel: Sequence[int]) -> Window:
    axes = len(kernel)
    stride, dilation = (_each(call.setting(name, 1), axes) for name in ("stride", "dilation"))
    padding = call.setting("padding", 0)
    if padding == "same":  # PyTorch adds what is odd behind
        padding = tuple(gap * (size - 1) // 2 for gap, size in zip(dilation, kernel, strict=True))
    elif padding == "valid":
        padding = 0
    return Window(tuple(kernel), stride, _each(padding, axes), dilation)


def _pool_window(call: Call, axes: int) -> Window:
    kernel = _each(call.setting("kernel_size"), axes)
    stride = call.setting("stride")
    return Window(
        kernel,
        kernel if stride in (None, [], ()) else _each(stride, axes),
        _each(call.setting("padding", 0), axes),
        _each(call.setting("dilation", 1), axes),
    )


def _each(setting: Any, axes: int) -> tuple[int, ...]:
    """One number for each axis, as PyTorch reads a setting."""
    given = tuple(setting) if isinstance(setting, tuple | list) else (setting,)
    return tuple(int(number) for number in (given * axes if len(given) == 1 else given))


def _taps(window: Window) -> list[Axis]:
    return [Axis(name, size) for name, size in zip(SPACE[-window.axes :], window.kernel, strict=True)]


def _pooled(scene: _Scene, window: Window) -> tuple[_Index, list[Tensor]]:
    index = scene.index(_taps(window))
    return index, [
        out * step - pad + tap * dilation
        for out, tap, step, pad, dilation in zip(
            index.space, index.inner, window.stride, window.padding, window.dilation, strict=True
        )
    ]


def _widths(sizes: Sequence[int], counts: Sequence[int]) -> tuple[int, ...]:
    """The widest window of an adaptive pooling on each axis; it may be one wider than the others."""
    return tuple(-(-size // count) + bool(size % count) for size, count in zip(sizes, counts, strict=True))


def _adaptive(scene: _Scene, sizes: Sequence[int], widths: Sequence[int]) -> tuple[_Index, list[Tensor]]:
    """Windows from floor(i * size / count) to ceil((i + 1) * size / count)."""
    index = scene.index([Axis(axis.name, width) for axis, width in zip(scene.space, widths, strict=True)])
    sources = []
    for out, tap, size, axis in zip(index.space, index.inner, sizes, scene.space, strict=True):
        first, stop = out * size // axis.size, -((-(out + 1) * size) // axis.size)
        sources.append(torch.where(first + tap < stop, first + tap, NOWHERE))
    return index, sources


def _divisors(call: Call, scene: _Scene, window: Window | None, cells: Tensor, sizes: Sequence[int]) -> Tensor:
    """By what the sum of each window is divided, (results, 1)."""
    override = call.setting("divisor_override")
    if override:
        return torch.full((len(cells), 1), float(override), dtype=torch.float64)
    if window is None or not call.setting("count_include_pad", True):
        return (cells >= 0).sum(1, keepdim=True).to(torch.float64)
    found = torch.ones(len(cells), dtype=torch.float64)
    for out, step, pad, kernel, size in zip(
        places(scene.space), window.stride, window.padding, window.kernel, sizes, strict=True
    ):
        first = out * step - pad
        found = found * ((first + kernel).clamp(max=size + pad) - first)  # the last window may reach beyond the padding
    return found.reshape(-1, 1)


def _chosen(call: Call, scene: _Scene, board: Board, axes: int) -> Tensor:
    """The cell that PyTorch chose in each window."""
    pool = getattr(F, call.name.removesuffix("_with_indices"))
    source = call.number(call.tensors["input"]).detach()
    for axis in scene.batch:
        source = source[axis.start]
    names = ("output_size",) if call.name.startswith("adaptive") else ("kernel_size", "stride", "padding", "dilation")
    given = {name: call.setting(name) for name in names if call.setting(name) is not None}
    if "ceil_mode" not in names and call.setting("ceil_mode"):
        given["ceil_mode"] = True
    _, indices = pool(source[scene.channel.start : scene.channel.stop], **given, return_indices=True)
    indices = indices[0]
    for number, axis in enumerate(scene.space):
        indices = indices.narrow(number, axis.start, axis.shown)
    sizes = call.shape(call.tensors["input"])[-axes:]
    found = torch.unravel_index(indices.reshape(-1), sizes)
    return board.cells(*scene.batch_index, torch.tensor(scene.channel.start), *found)


def _convolved(call: Call, scene: _Scene, window: Window, group: int, channels: Axis | None = None) -> Tensor:
    """What the shown filter makes of these channels of its group, or of all; by PyTorch, in float64."""
    weight = call.number(call.tensors["weight"]).detach()[scene.channel.start : scene.channel.start + 1]
    source = call.number(call.tensors["input"]).detach()
    each = weight.shape[1]
    for axis in scene.batch:
        source = source[axis.start]
    source = source[group * each : (group + 1) * each]
    if channels is not None:
        weight = weight.narrow(1, channels.start, channels.shown)
        source = source.narrow(0, channels.start, channels.shown)
    convolve = getattr(F, f"conv{window.axes}d")
    padding = call.setting("padding", 0)
    found = convolve(
        source.unsqueeze(0).to(torch.float64),
        weight.to(torch.float64),
        stride=window.stride,
        padding=padding if isinstance(padding, str) else window.padding,
        dilation=window.dilation,
    )[0, 0]
    return _cut(found, scene)


def _transposed(call: Call, scene: _Scene, window: Window, first: int, place: int, channels: Axis) -> Tensor:
    weight = call.number(call.tensors["weight"]).detach()[first + channels.start : first + channels.stop]
    source = call.number(call.tensors["input"]).detach()
    for axis in scene.batch:
        source = source[axis.start]
    source = source[first + channels.start : first + channels.stop]
    convolve = getattr(F, f"conv_transpose{window.axes}d")
    found = convolve(
        source.unsqueeze(0).to(torch.float64),
        weight[:, place : place + 1].to(torch.float64),
        stride=window.stride,
        padding=window.padding,
        output_padding=call.setting("output_padding", 0),
        dilation=window.dilation,
    )[0, 0]
    return _cut(found, scene)


def _cut(found: Tensor, scene: _Scene) -> Tensor:
    for number, axis in enumerate(scene.space):
        found = found.narrow(number, axis.start, axis.shown)
    return found.reshape(-1)


def _sizes(call: Call, window: Window) -> tuple[str, ...]:
    kernel = "×".join(map(str, window.kernel))
    parts = [f"The window is {kernel} and moves by {'×'.join(map(str, window.stride))}."]
    if any(window.padding):
        parts.append(f"{'×'.join(map(str, window.padding))} cells of padding stand around the input.")
    if any(gap > 1 for gap in window.dilation):
        parts.append(f"Dilation {'×'.join(map(str, window.dilation))}: cells are left out between those that are read.")
    if not _reads_all(call, window):
        parts.append("Some cells of the input are never read.")
    return tuple(parts)


def _reads_all(call: Call, window: Window) -> bool:
    """Tell whether every place of the input lies under some window."""
    sizes, counts = (call.shape(value)[-window.axes :] for value in (call.tensors["input"], call.output))
    for axis, (size, count) in enumerate(zip(sizes, counts, strict=True)):
        starts = range(-window.padding[axis], count * window.stride[axis] - window.padding[axis], window.stride[axis])
        read = {start + tap * window.dilation[axis] for start in starts for tap in range(window.kernel[axis])}
        if not read.issuperset(range(size)):
            return False
    return True


def _convolution_notes(call: Call, window: Window, groups: int) -> tuple[str, ...]:
    notes = (
        *_sizes(call, window),
        "The kernel is one fully connected layer over a patch, used at every place.",
        "It is laid on as it stands, which is a cross-correlation; a convolution in mathematics would flip it first.",
    )
    return (*notes, f"{groups} groups: each filter reads its own part of the channels.") if groups > 1 else notes
