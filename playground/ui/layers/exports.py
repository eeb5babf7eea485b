"""Everything leaves: the files that a stack, or a pasted class, can be taken away as. One row of STACK_EXPORTS each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playground.explain.document import explained_json
from playground.layers.document import StackDocument
from playground.layers.export.script import to_code
from playground.layers.pasted.analysis import own_summary
from playground.layers.run.run import run_stack
from playground.layers.stack.summary import summary
from playground.trace.trace import Trace
from playground.ui.layers.frames import batch_of
from playground.views.graph.static import dot_file, static_svg
from playground.views.notebook import to_notebook
from playground.views.stepper.html import stepper_html
from playground.views.stepper.table import to_csv

PYTHON = "text/x-python"


@dataclass(frozen=True, slots=True)
class StackExport:
    """One way out: what its button says in bold and beside it, and how the file is made.

    `own` is what stands beside it for a pasted class; None: a pasted class does not leave in this way.
    """

    label: str
    about: str
    file_name: str
    mime: str
    make: Callable[[StackDocument], str]
    own: str | None = ""

    def about_for(self, document: StackDocument) -> str:
        """What stands beside the bold word."""
        return self.own if document.is_own and self.own else self.about


def _trace(document: StackDocument) -> Trace:
    return run_stack(document, *batch_of(document)).trace


STACK_EXPORTS: tuple[StackExport, ...] = (
    StackExport("nn.Sequential", "A PyTorch script", "sequential.py", PYTHON, lambda d: to_code(d, "sequential"), None),
    StackExport(
        "Own module",
        "A class with forward",
        "module.py",
        PYTHON,
        lambda d: to_code(d, "module"),
        "The class and its numbers",
    ),
    StackExport("From scratch", "Tensors only", "tensors.py", PYTHON, lambda d: to_code(d, "tensors"), None),
    StackExport(
        "Notebook",
        "nn.Sequential for Jupyter",
        "stack.ipynb",
        "application/x-ipynb+json",
        lambda d: to_notebook(
            to_code(d, "module" if d.is_own else "sequential"), "A stack of layers, in plain PyTorch"
        ),
        "The class for Jupyter",
    ),
    StackExport(
        "Summary",
        "Shapes and counts as text",
        "summary.txt",
        "text/plain",
        lambda d: own_summary(d) if d.is_own else summary(d.analysis(), d.batch),
    ),
    StackExport(
        "Stepper", "One HTML file that works offline", "stack.html", "text/html", lambda d: stepper_html(_trace(d))
    ),
    StackExport("Trace table", "CSV for a spreadsheet", "stack.csv", "text/csv", lambda d: to_csv(_trace(d))),
    StackExport("Trace", "JSON with every step", "stack.json", "application/json", lambda d: explained_json(_trace(d))),
    StackExport(
        "Graph, DOT", "For your own Graphviz", "stack.dot", "text/vnd.graphviz", lambda d: dot_file(_trace(d), d.graph)
    ),
    StackExport(
        "Graph, SVG", "After the last step", "stack.svg", "image/svg+xml", lambda d: static_svg(_trace(d), d.graph)
    ),
)


def stack_exports(document: StackDocument) -> tuple[StackExport, ...]:
    """The ways out that this stack has."""
    return tuple(export for export in STACK_EXPORTS if not document.is_own or export.own is not None)
