"""The timeline of every slot: texts, strengths and heat maps after each step, as lists of changes."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from playground.explain.numbers import BRIEF, MINUS, brief, format_number, norm_text, range_text
from playground.trace.array import Array
from playground.trace.json_numbers import Scalar
from playground.trace.records import Contribution, Step, Update, Value
from playground.trace.trace import Trace
from playground.views.graph.graph import element_slot, grid_of, image_slot
from playground.views.png import data_uri

Entry = list[int | str | float]  # [k, text, strength]
LINE, NARROW = 16, 6  # characters for which a wide cell and one element of a small tensor have room
DECADES = 3.0  # magnitudes this many powers of ten below the largest look like nothing


class Timelines:
    """The slots of one trace; only the `wanted` ones (None: all) cost anything."""

    def __init__(self, trace: Trace, wanted: Collection[str] | None = None, *, images: bool = True) -> None:
        self.trace = trace
        self.wanted = wanted
        self.draws_images = images
        self.slots: dict[str, list[Entry]] = {}
        self.images: dict[str, list[Entry]] = {}
        self._largest = {"primal": 0.0, "tangent": 0.0, "adjoint": 0.0}
        self._magnitudes: list[tuple[Entry, str, float]] = []
        self._sums: dict[int, Array] = {}
        for value in trace.values:
            if value.op is None:
                self._value(0, value)
        for step in trace.steps:
            self._step(step)
        for entry, kind, magnitude in self._magnitudes:
            entry[2] = strength(magnitude, self._largest[kind])
        for timelines in (self.slots, self.images):
            for entries in timelines.values():
                if len(entries) > 1 and not entries[-1][1]:  # cleared, and not reached again: what was there stays
                    entries.pop()

    def final(self) -> tuple[dict[str, str], dict[str, float], dict[str, str]]:
        """Texts, strengths and heat maps after the backward pass: what an optimizer changes does not fit the rest."""
        end = sum(step.phase != "update" for step in self.trace.steps)
        last = {slot: entry for slot, entries in self.slots.items() if (entry := _before(entries, end))}
        images = {slot: entry for slot, entries in self.images.items() if (entry := _before(entries, end))}
        texts = {slot: str(entry[1]) for slot, entry in last.items()}
        strengths = {slot: float(entry[2]) for slot, entry in last.items() if entry[1]}
        return texts, strengths, {slot: str(entry[1]) for slot, entry in images.items()}

    def _step(self, step: Step) -> None:
        k = step.index + 1
        if step.update is not None:
            self._update(k, step.update)
        if step.op is not None:  # a forward op, or what a backward node computed with create_graph
            for output in self.trace.ops[step.op].outputs:
                self._value(k, self.trace.values[output])
        for change in step.changes:
            if change.of == "grad":
                self._grad(k, change.value, change.after)
        if step.kind == "seed" and step.backward_pass is not None:
            self._clear(k)
            started = self.trace.passes[step.backward_pass]
            for root, seed in zip(started.roots, started.seeds, strict=False):
                self._adjoint(k, root, seed)
        elif step.kind == "node" and step.node is not None:
            node = self.trace.nodes[step.node]
            landed: set[int] = set()
            for part in step.contributions:
                edge = node.edges[part.edge]
                self._contribution(k, f"edge-{node.id}-{part.edge}.contribution", part)
                if edge.use is not None:
                    self._contribution(k, f"{self._use_key(edge.use)}.contribution", part)
                if edge.value is not None:
                    self._sums[edge.value] = _sum(self._sums.get(edge.value), part.data)
                    landed.add(edge.value)
            for value in sorted(landed):
                self._adjoint(k, value, self._sums[value])
        elif step.node is not None:
            leaf = self.trace.nodes[step.node].leaf
            if leaf is not None:
                self._grad(k, leaf, step.grad_after)

    def _value(self, k: int, value: Value) -> None:
        self._place(k, f"value-{value.id}.primal", "primal", value.data)
        if value.id in self.trace.updates:
            self._put(k, f"value-{value.id}.before", "primal", value.data)
        if value.tangent is not None:
            self._place(k, f"value-{value.id}.tangent", "tangent", value.tangent)
        if value.op is None and value.is_leaf and value.requires_grad and self.trace.passes:
            first = next((s for s in self.trace.steps if self._is_first_accumulation(s, value)), None)
            self._grad(0, value.id, None if first is None else first.grad_before)

    def _update(self, k: int, update: Update) -> None:
        """The box shows what the parameter (or the output) is now; the table keeps what it was beside it."""
        slot = f"value-{update.value}"
        self._put(k, f"{slot}.after", "primal", update.after)
        self._place(k, f"{slot}.primal", "primal", update.after)

    def _is_first_accumulation(self, step: Step, value: Value) -> bool:
        return (
            step.kind in ("accumulate", "zero_grad")
            and step.node is not None
            and self.trace.nodes[step.node].leaf == value.id
        )

    def _adjoint(self, k: int, value: int, array: Array) -> None:
        self._sums[value] = array
        self._place(k, f"value-{value}.adjoint", "adjoint", array)

    def _grad(self, k: int, leaf: int, array: Array | None) -> None:
        slot = f"value-{leaf}.grad"
        if array is None:
            if self._wants(slot):
                self._append(self.slots, slot, [k, "None", 0.0])
        else:
            self._put(k, slot, "adjoint", array)

    def _contribution(self, k: int, slot: str, part: Contribution) -> None:
        if self._wants(slot):
            text = cell_text(part.data) if part.data.numel == 1 else f"norm {norm_text(part.data)}"
            self._append(self.slots, slot, self._entry(k, text, "adjoint", magnitude(part.data)))

    def _clear(self, k: int) -> None:
        """A new pass sums afresh what it reaches; `.grad` stays."""
        self._sums.clear()
        for timelines in (self.slots, self.images):
            for slot, entries in timelines.items():
                if (slot.endswith(".contribution") or ".adjoint" in slot) and entries[-1][1]:
                    entries.append([k, "", 0.0])

    def _place(self, k: int, slot: str, kind: str, array: Array) -> None:
        """Put a tensor where its box has room for it: each number of a small one, else its range and its heat map."""
        is_put = self._put(k, slot, kind, array)
        if grid_of(array.shape) is not None and array.flat is not None:
            self._put_elements(k, slot, kind, array.flat)
        elif is_put and kind != "tangent":
            self._image(k, image_slot(slot), array, kind)

    def _put(self, k: int, slot: str, kind: str, array: Array) -> bool:
        if not self._wants(slot):
            return False
        self._append(
            self.slots, slot, self._entry(k, cell_text(array, in_box=_is_in_box(slot, array)), kind, magnitude(array))
        )
        return True

    def _put_elements(self, k: int, slot: str, kind: str, numbers: Sequence[Scalar]) -> None:
        for place, number in enumerate(numbers):
            if self._wants(one := element_slot(slot, place)):
                self._append(self.slots, one, self._entry(k, element_text(number), kind, size_of(number)))

    def _entry(self, k: int, text: str, kind: str, size: float) -> Entry:
        """An entry whose strength is known once the largest of its kind is."""
        entry: Entry = [k, text, 0.0]
        self._largest[kind] = max(self._largest[kind], size)
        self._magnitudes.append((entry, kind, size))
        return entry

    def _image(self, k: int, slot: str, array: Array, kind: str) -> None:
        if self.draws_images and array.shape and array.numel > 1:
            self._append(
                self.images, slot, [k, data_uri(array.thumbnail, "adjoint" if kind == "adjoint" else "primal"), 0.0]
            )

    def _append(self, timelines: dict[str, list[Entry]], slot: str, entry: Entry) -> None:
        entries = timelines.setdefault(slot, [])
        if entries and entries[-1][0] == entry[0]:
            entries[-1] = entry
        else:
            entries.append(entry)

    def _wants(self, slot: str) -> bool:
        return self.wanted is None or slot in self.wanted

    def _use_key(self, use: tuple[int, str]) -> str:
        op, path = use
        inputs = self.trace.ops[op].inputs
        position = next((i for i, argument in enumerate(inputs) if argument.path == path), 0)
        return f"use-{op}-{position}"


def _before(entries: list[Entry], end: int) -> Entry | None:
    """The last entry that no later step than `end` makes."""
    return next((entry for entry in reversed(entries) if int(entry[0]) <= end), None)


def _is_in_box(slot: str, array: Array) -> bool:
    """Tell whether a box holds this slot, and not the table alone: of a small tensor it holds the numbers."""
    return not slot.endswith((".before", ".after")) and (slot.endswith(".grad") or grid_of(array.shape) is None)


def cell_text(array: Array, *, in_box: bool = True) -> str:
    """Write one number, a few numbers where there is room for them (in a box is little), or the range of many."""
    if array.numel == 1 and array.flat is not None:
        return format_number(array.flat[0])
    few = brief(array) if array.numel <= BRIEF and array.is_exact else ""
    return few if few and (len(few) <= LINE or not in_box) else range_text(array)


def element_text(number: Scalar) -> str:
    """A number in at most six characters, or as few as there are.

    >>> [element_text(x) for x in (0.25, -0.958924, 1234.5678, -12345.678, -1.5e-7, float("nan"))]
    ['0.25', '−0.959', '1234.6', '−1e+04', '−1e−07', 'NaN']
    """
    texts = (format_number(number, digits) for digits in (3, 2, 1))
    return next((text for text in texts if len(text) <= NARROW), f"{number:.0e}".replace("-", MINUS))


def magnitude(array: Array) -> float:
    """The largest absolute element; 0 where none is finite."""
    if array.numel == 1 and array.flat is not None:
        return size_of(array.flat[0])
    statistics = array.statistics
    return max(abs(statistics.minimum or 0.0), abs(statistics.maximum or 0.0))


def size_of(number: Scalar) -> float:
    """How large a number is; 0 where it is not finite."""
    size = abs(number)
    return float(size) if math.isfinite(size) else 0.0


def strength(magnitude: float, largest: float) -> float:
    """0 for nothing, 1 for the largest, in between by powers of ten.

    >>> strength(10.0, 10.0), strength(1.0, 10.0), strength(0.0, 10.0)
    (1.0, 0.67, 0.0)
    """
    if magnitude <= 0 or largest <= 0:
        return 0.0
    return round(min(1.0, max(0.05, 1 + math.log10(magnitude / largest) / DECADES)), 2)


def _sum(before: Array | None, part: Array) -> Array:
    if before is None:
        return part
    try:
        return Array(before.tensor() + part.tensor())
    except (ValueError, RuntimeError):  # only summaries are left: the newest part stands for the sum
        return part
