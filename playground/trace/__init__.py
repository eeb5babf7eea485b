"""What PyTorch did in one recorded run, as plain data: `Trace` and its records."""

from playground.trace.array import Array
from playground.trace.records import (
    Argument,
    BackwardNode,
    BackwardPass,
    Constant,
    Contribution,
    DifferenceCheck,
    Edge,
    Element,
    Note,
    Op,
    OptimizerState,
    Saved,
    Setting,
    Step,
    SumCheck,
    Update,
    Value,
)
from playground.trace.statistics import Statistics
from playground.trace.trace import Snapshot, Trace

__all__ = [
    "Argument",
    "Array",
    "BackwardNode",
    "BackwardPass",
    "Constant",
    "Contribution",
    "DifferenceCheck",
    "Edge",
    "Element",
    "Note",
    "Op",
    "OptimizerState",
    "Saved",
    "Setting",
    "Snapshot",
    "Statistics",
    "Step",
    "SumCheck",
    "Trace",
    "Update",
    "Value",
]
