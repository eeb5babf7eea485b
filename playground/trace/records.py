"""The records of a trace: frozen data, nothing alive in them. `record()` makes them, every view reads them.

Records refer to one another by position: `trace.values[i].id == i`, likewise `ops`, `nodes`, `passes` and `steps`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from playground.errors import Span
from playground.trace.array import Array

ValueKind = Literal["input", "parameter", "buffer", "constant", "intermediate"]
StepKind = Literal["op", "seed", "node", "accumulate", "zero_grad", "update"]
Phase = Literal["forward", "backward", "update"]


@dataclass(frozen=True, slots=True)
class Value:
    """One tensor at one version."""

    id: int
    name: str  # unique in its trace: `x1`, `layer.weight`, `v3`; numbered in the order of computation
    label: str  # the name the user gave it (`f`, `hidden`), else the same as `name`
    kind: ValueKind
    data: Array  # the primal
    requires_grad: bool
    is_leaf: bool
    op: int | None  # the op that made it; None for inputs, parameters, buffers and constants
    output_index: int  # which of that op's outputs it is
    node: int | None  # the backward node it hangs on: its grad_fn, or its AccumulateGrad if it is a leaf
    output_nr: int  # which of that node's outputs it is
    version: int  # grows with every in-place write to the same tensor
    span: Span | None  # where its name or literal stands in the typed text (leaves and constants)
    alias_of: int | None = None  # an op returned its own input object: this is the input's id
    adjoint: Array | None = None  # derivative of the output with respect to it, in the last pass that reached it
    grad: Array | None = None  # a leaf's `.grad` at the end: the sum over all passes since it was last cleared
    tangent: Array | None = None  # forward mode: derivative of this value along the chosen direction
    was_modified: bool = False  # a later in-place op made a newer version of it

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape as PyTorch writes it."""
        return self.data.shape

    @property
    def dtype(self) -> str:
        """Without the `torch.`: 'float32'."""
        return self.data.dtype


@dataclass(frozen=True, slots=True)
class TensorArgument:
    """One use of a value by an op: where it stands in the call."""

    path: str  # '0', '1', '0.2' (third element of a list given first), 'weight'
    value: int


@dataclass(frozen=True, slots=True)
class ConstantArgument:
    """One argument of a call that is not a tensor, as text: `dim` = `-1`."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Op:
    """One user-level call: `sin`, `mul`, `linear`."""

    id: int
    name: str  # PyTorch's function name: 'log', 'mul', 'linear', 'getitem'
    qualname: str  # where PyTorch has it: 'torch.log', 'torch.Tensor.__getitem__', 'torch.nn.functional.linear'
    inputs: tuple[TensorArgument, ...]
    constants: tuple[ConstantArgument, ...]
    outputs: tuple[int, ...]
    span: Span | None  # the typed text it came from
    module: tuple[str, ...]  # nesting by attribute name, outermost first: ('features', '0')
    nodes: tuple[int, ...]  # the backward nodes this call made, in creation order
    in_place: bool
    grad_enabled: bool
    first_backward: int | None = None  # made while running this backward node with create_graph (double backward)


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge from a backward node to the next one; `number` says which of its gradients flows here."""

    number: int
    node: int | None  # None: the argument needs no gradient
    input_nr: int
    value: int | None  # the forward value whose adjoint it feeds; None inside a composite op
    use: tuple[int, str] | None  # the forward edge it mirrors: op id and argument path


@dataclass(frozen=True, slots=True)
class Saved:
    """One tensor or setting that a backward node saved in the forward pass."""

    name: str  # PyTorch's: 'self', 'other', 'result', 'dim'
    value: int | None  # the recorded value it is, where it is one
    data: Array | None  # the tensor, if it is one
    text: str  # for what is not a tensor: its repr


@dataclass(frozen=True, slots=True)
class BackwardNode:
    """One of PyTorch's own nodes: `MulBackward0`, `AccumulateGrad`."""

    id: int
    name: str
    op: int | None  # the forward op that made it; None for AccumulateGrad and for nodes made outside the recording
    leaf: int | None  # for AccumulateGrad: the leaf whose `.grad` it adds to
    edges: tuple[Edge, ...]
    saved: tuple[Saved, ...]
    outputs: tuple[int | None, ...]  # the forward value behind each of its outputs


@dataclass(frozen=True, slots=True)
class Contribution:
    """One vector-Jacobian product: what one edge of one node carried."""

    edge: int  # position in the node's `edges`
    data: Array
    local: Array | None  # the local derivative, where the values on both ends have one element each
    reduced_from: tuple[int, ...] | None  # the shape before the engine summed over broadcast axes, if it did


@dataclass(frozen=True, slots=True)
class BackwardPass:
    """One run of the engine: `y.backward()` or `torch.autograd.grad(y, ...)`."""

    id: int
    roots: tuple[int, ...]  # the values it started from
    seeds: tuple[Array, ...]
    kind: Literal["backward", "grad"]
    implicit: bool  # started by the recorder, because the user's code did not
    create_graph: bool


@dataclass(frozen=True, slots=True)
class OptimizerSetting:
    """One setting of an optimizer: `lr` = (0.1,), `betas` = (0.9, 0.999); a switch is 0 or 1."""

    name: str
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class OptimizerState:
    """One tensor that the optimizer remembers for a parameter: `momentum_buffer`, `exp_avg`, `step`."""

    name: str
    before: Array | None  # None: this step made it
    after: Array


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a parameter through a step, where its gradient is largest."""

    index: tuple[int, ...]
    before: float
    gradient: float
    state: tuple[tuple[float | None, float], ...]  # before and after, in the order of the update's `state`
    after: float


@dataclass(frozen=True, slots=True)
class Update:
    """An optimizer's step of one parameter; or, where `gradient` is None, its effect on the output that it lowers."""

    value: int  # the parameter, or the output
    before: Array
    after: Array
    gradient: Array | None = None
    optimizer: str = ""  # the name of its class: 'SGD'
    settings: tuple[OptimizerSetting, ...] = ()
    state: tuple[OptimizerState, ...] = ()
    element: Element | None = None  # None where the elements do not go each their own way


@dataclass(frozen=True, slots=True)
class Change:
    """What a step changed beside its own result, as both look at one memory: another leaf's `.grad`, or a value."""

    value: int
    of: Literal["grad", "value"]
    after: Array


@dataclass(frozen=True, slots=True)
class Step:
    """One event in true order. `k` steps done means `trace.steps[:k]`."""

    index: int
    phase: Phase
    kind: StepKind
    op: int | None = None  # kind 'op'
    node: int | None = None  # kinds 'node' and 'accumulate'
    backward_pass: int | None = None  # every kind but 'op' and 'update'; None also for a 'zero_grad' before the first
    incoming: tuple[Array | None, ...] = ()  # the adjoint of each of the node's outputs
    contributions: tuple[Contribution, ...] = ()
    grad_before: Array | None = None  # kind 'accumulate' and 'zero_grad': the leaf's `.grad` before; None as in PyTorch
    grad_after: Array | None = None
    update: Update | None = None  # kind 'update'
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader should know about this trace: a seed of ones, a first NaN."""

    kind: str  # 'seed', 'non_finite', 'no_gradient', 'no_check', 'shared_gradient', ...: docs/trace.md has them all
    message: str
    value: int | None = None
    op: int | None = None


BY_DESIGN = "by design: "  # how a note begins that explains a gap, where the two numbers can be compared


@dataclass(frozen=True, slots=True)
class DifferenceCheck:
    """A gradient against a central finite difference in float64, along one direction or at one element."""

    value: int
    index: tuple[int, ...] | None  # the element; None: along a fixed random direction of unit length
    gradient: float  # PyTorch's: the adjoint's element, or its product with the direction
    difference: float
    uncertainty: float  # how far two step sizes disagreed
    note: str = ""  # why it cannot be compared (a kink, a jump, not defined), or why PyTorch's is another by design

    @property
    def gap(self) -> float:
        """|gradient - difference|."""
        return abs(self.gradient - self.difference)

    @property
    def is_comparable(self) -> bool:
        """Tell whether the two numbers mean the same thing: no note, or one on a gap that is PyTorch's design."""
        return not self.note or self.note.startswith(BY_DESIGN)


@dataclass(frozen=True, slots=True)
class SumCheck:
    """The contributions on a value's outgoing edges (and its seed), summed, against its adjoint."""

    value: int
    backward_pass: int
    gap: float  # the largest absolute difference over the elements


@dataclass(frozen=True, slots=True)
class Records:
    """All that happened in one run, in the order in which PyTorch did it."""

    values: tuple[Value, ...]
    ops: tuple[Op, ...]
    nodes: tuple[BackwardNode, ...]
    passes: tuple[BackwardPass, ...]
    steps: tuple[Step, ...]
    notes: tuple[Note, ...]
