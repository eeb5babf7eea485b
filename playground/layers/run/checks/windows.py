"""Windows that slide along axes: what no window ever covers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import pair
from playground.layers.catalogue.spec import Size, Stack
from playground.layers.catalogue.table import kind_of
from playground.layers.run.checks.check import Case, Check, Mistake
from playground.layers.stack.analysis import StackRow
from playground.layers.stack.text import layer_text

WINDOWS = {"Conv1d", "Conv2d", "MaxPool1d", "AvgPool1d", "MaxPool2d", "AvgPool2d"}


class _Axis(NamedTuple):
    """One axis that windows slide along."""

    name: str
    size: int
    kernel: int
    stride: int
    padding: int

    def gap(self) -> bool:
        """Tell whether pixels lie between two windows: those of the padding do not count."""
        starts = range(-self.padding, self.size + self.padding - self.kernel + 1, self.stride)
        return self.stride > self.kernel and any(
            max(a + self.kernel, 0) < min(b, self.size) for a, b in pairwise(starts)
        )

    def lost(self) -> int:
        """Count the pixels after the last window: what is left over is padding first."""
        return max(0, (self.size + 2 * self.padding - self.kernel) % self.stride - self.padding)

    def padded(self) -> _Axis | None:
        """The same with a padding that leaves no pixel out, a larger one if there is any; None if there is none."""
        whole = range(self.kernel // 2 + 1)
        paddings = (self.padding, *whole[self.padding :], *whole)
        return next((axis for p in paddings if not (axis := self._replace(padding=p)).lost()), None)


def _axes(row: StackRow) -> list[_Axis]:
    if row.layer.kind not in WINDOWS:
        return []
    given = kind_of(row.layer.kind).given(row.layer)
    if shape_rules.reach(given) != pair(given["kernel_size"]) or given["padding"] == "same":
        return []  # dilation means to pass over what lies between a filter's numbers; "same" leaves nothing out
    before = [start for start, _ in shape_rules.borders(given)]
    windows = zip(pair(given["kernel_size"]), pair(shape_rules.pooling_stride(given)), before, strict=True)
    names = ("rows", "columns") if len(row.takes) == 3 else ("places",)
    axes = zip(names, row.takes[1:], windows, strict=False)  # a signal has one axis, and a pair of sizes
    return [_Axis(name, size, *window) for name, size, window in axes]


def _size(sizes: list[int]) -> Size:
    return sizes[0] if len(set(sizes)) == 1 else (sizes[0], sizes[1])


def _gaps(case: Case) -> Iterator[Mistake]:
    for row in case.analysis.rows:
        axes = _axes(row)
        axis = next((axis for axis in axes if axis.gap()), None)
        if axis is not None:
            stride = _size([min(axis.stride, axis.kernel) for axis in axes])
            step = f"{axis.stride - axis.kernel} of every {axis.stride} {axis.name}"
            message = f"{layer_text(row.layer)} never sees {step}: its stride is larger than its kernel"
            closer = case.stack.replace(row.path, row.layer.with_arg("stride", stride))
            yield Mistake(row.path, message, ((f"set stride to {stride}", closer),))


def _lost_pixels(case: Case) -> Iterator[Mistake]:
    for row in case.analysis.rows:
        axes = _axes(row)
        lost = [f"{axis.lost()} {axis.name}" for axis in axes if axis.lost()]
        if lost:
            message = f"{layer_text(row.layer)} never sees the last {' and '.join(lost)}"
            yield Mistake(row.path, message, tuple(_covering(case, row, axes)))


def _uneven(case: Case) -> Iterator[Mistake]:
    for row in case.analysis.rows:
        given = kind_of(row.layer.kind).given(row.layer)
        if given.get("padding") == "same" and any(start != end for start, end in shape_rules.borders(given)):
            size = _size([kernel + (kernel + 1) % 2 for kernel in pair(given["kernel_size"])])
            odd = case.stack.replace(row.path, row.layer.with_arg("kernel_size", size))
            message = f"{layer_text(row.layer)} puts more zeros after the input than before it"
            yield Mistake(row.path, message, ((f"set kernel_size to {size}", odd),))


def _covering(case: Case, row: StackRow, axes: list[_Axis]) -> Iterator[tuple[str, Stack]]:
    """Windows that reach the last pixel: padded, or, where they leave gaps that no padding fills, as wide as a step."""
    padded = [axis.padded() for axis in axes]
    if None not in padded:
        yield _with(case, row, axes, padded)
        return
    wide = [axis._replace(kernel=max(axis.kernel, axis.stride)).padded() for axis in axes]
    close = [axis._replace(stride=min(axis.kernel, axis.stride)).padded() for axis in axes]
    yield from (_with(case, row, axes, changed) for changed in (wide, close) if None not in changed)


def _with(case: Case, row: StackRow, axes: list[_Axis], changed: Sequence[_Axis | None]) -> tuple[str, Stack]:
    """The layer with other windows, and what is set for that."""
    layer, told = row.layer, []
    for argument, field in (("kernel_size", "kernel"), ("stride", "stride"), ("padding", "padding")):
        size = _size([getattr(axis, field) for axis in changed])
        if size != _size([getattr(axis, field) for axis in axes]):
            layer = layer.with_arg(argument, size)
            told.append(f"{argument} to {size}")
    return f"set {' and '.join(told)}", case.stack.replace(row.path, layer)


WINDOW_STEPS: tuple[Check, ...] = (
    Check("gaps", "warning", "L3.2", "Between two windows lie pixels that no window covers: whatever is there, the "
          "output is the same.", _gaps),
    Check("lost-pixels", "note", "L3.2", "The number of windows is rounded down: what is left after the last one is "
          "ignored.", _lost_pixels),
    Check("uneven", "note", "L3.2", "An even kernel has no middle: what comes out is shifted, and PyTorch copies the "
          "input for its border.", _uneven),
)  # fmt: skip
