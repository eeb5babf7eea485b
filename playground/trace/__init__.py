"""The recorder, and the records of what PyTorch did."""

from playground.trace.array import Array
from playground.trace.recorder import Recorder, current
from playground.trace.recording import record
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
from playground.trace.summary import Statistics
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
    "Recorder",
    "Saved",
    "Setting",
    "Snapshot",
    "Statistics",
    "Step",
    "SumCheck",
    "Trace",
    "Update",
    "Value",
    "current",
    "record",
]
