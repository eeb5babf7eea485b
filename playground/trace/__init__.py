"""The recorder, and the records of what PyTorch did."""

from playground.trace.array import Array, Statistics
from playground.trace.recorder import Recorder, current, record
from playground.trace.records import (
    Argument,
    BackwardNode,
    BackwardPass,
    Constant,
    Contribution,
    DifferenceCheck,
    Edge,
    Note,
    Op,
    Saved,
    Step,
    SumCheck,
    Value,
)
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
    "Note",
    "Op",
    "Recorder",
    "Saved",
    "Snapshot",
    "Statistics",
    "Step",
    "SumCheck",
    "Trace",
    "Value",
    "current",
    "record",
]
