"""An explained trace as files: JSON with every step in words, and the whole computation in LaTeX."""

from __future__ import annotations

from playground.explain.derivation_lines import number
from playground.explain.explanation import Explanation, explain
from playground.trace.codec import dumps, to_document
from playground.trace.trace import Trace


def explained_json(trace: Trace) -> str:
    """`trace.to_json()` with a `sentence` and a line of `arithmetic` in each step (docs/trace.md)."""
    document = to_document(trace)
    for written, text in zip(document["steps"], explain(trace).steps, strict=True):
        written |= {"sentence": text.sentence, "arithmetic": text.arithmetic}
    return dumps(document)


def derivation(trace: Trace) -> str:
    """The whole computation in LaTeX: the forward trace, then the chain rule for each value in the engine's order."""
    explanation = explain(trace)
    names = explanation.names
    forward = []
    for op in trace.ops:
        for output in op.outputs[:1]:
            data = trace.values[output].data
            result = f" = {number(data)}" if data.numel == 1 else ""
            forward.append(f"{names.latex(output)} &= {names.latex_expression(op)}{result}")
    reverse = []
    for value in _by_arrival(explanation):
        start = names.latex_bar(value)
        for written in explanation.derivation(value):
            left, equals, right = written.latex.partition(" = ")
            if equals and left == names.latex_bar(value):
                reverse.append(f"{start} &= {right}")
                start = ""
    parts = [r"% needs \usepackage{amsmath}", *_aligned(forward), *_aligned(reverse)]
    return "\n".join(parts) + "\n"


def _aligned(rows: list[str]) -> list[str]:
    if not rows:
        return []
    return [r"\begin{align*}", *(f"  {row} \\\\" for row in rows[:-1]), f"  {rows[-1]}", r"\end{align*}"]


def _by_arrival(explanation: Explanation) -> list[int]:
    """Values with a gradient: the roots, then in the order in which their gradient was complete."""
    order = [root for p in explanation.trace.passes[-1:] for root in p.roots]
    last = {value: parts[-1][0].index for value, parts in explanation.contributions.items() if parts}
    return order + [value for value in sorted(last, key=lambda v: (last[v], v)) if value not in order]
