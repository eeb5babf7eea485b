"""PyTorch's own computational graph, step by step, forward and backward.

>>> from playground import record, run
>>> trace = run("f = log(x1) + x1*x2 - sin(x2)", {"x1": 2.0, "x2": 5.0})
>>> round(trace["x2"].adjoint.item(), 3)
1.716

The names are imported when they are first used, so that importing the package costs nothing: PyTorch takes seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playground.errors import PlaygroundError
    from playground.explain.comparison.comparison import Comparison, compare
    from playground.language.evaluate.leaves import Leaf
    from playground.language.run import run
    from playground.notebook.train import TrainedRun, train
    from playground.recorder.record import record
    from playground.trace.trace import Trace

__all__ = ["Comparison", "Leaf", "PlaygroundError", "Trace", "TrainedRun", "compare", "record", "run", "train"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'playground' has no attribute {name!r}")
    if name in ("TrainedRun", "train"):
        from playground.notebook import train

        return getattr(train, name)
    from playground.notebook import traces

    return getattr(traces, name)
