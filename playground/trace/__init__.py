"""One recorded run of PyTorch as plain data: `Trace` and its records."""

from playground.trace.array import Array
from playground.trace.records import (
    BackwardNode,
    BackwardPass,
    ConstantArgument,
    Contribution,
    DifferenceCheck,
    Edge,
    Element,
    Note,
    Op,
    OptimizerSetting,
    OptimizerState,
    Saved,
    Step,
    SumCheck,
    TensorArgument,
    Update,
    Value,
)
from playground.trace.statistics import Statistics
from playground.trace.trace import Snapshot, Trace

__all__ = [
    "Array",
    "BackwardNode",
    "BackwardPass",
    "ConstantArgument",
    "Contribution",
    "DifferenceCheck",
    "Edge",
    "Element",
    "Note",
    "Op",
    "OptimizerSetting",
    "OptimizerState",
    "Saved",
    "Snapshot",
    "Statistics",
    "Step",
    "SumCheck",
    "TensorArgument",
    "Trace",
    "Update",
    "Value",
]
