"""The files that a net is exported as: one row of STACK_EXPORTS each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from playground.explain.document import explained_json
from playground.layers.document import StackDocument
from playground.layers.export.script import Form
from playground.layers.net.net import net_of, record_net, script_of
from playground.layers.run.settings import batch_of
from playground.trace.trace import Trace
from playground.views.graph.static import dot_file, static_svg
from playground.views.notebook import to_notebook
from playground.views.stepper.html import stepper_html
from playground.views.stepper.table import to_csv

PYTHON = "text/x-python"


@dataclass(frozen=True, slots=True)
class StackExport:
    """One way out: what its button says in bold and beside it, and how the file is made.

    `about` is what stands beside it, by the form of script that is nearest to a net: a net of a form that is not there
    does not leave in this way.
    """

    label: str
    about: Mapping[Form, str]
    file_name: str
    mime: str
    make: Callable[[StackDocument], str]

    def about_for(self, document: StackDocument) -> str:
        """What stands beside the bold word."""
        return self.about[net_of(document).form]


def _any(about: str) -> Mapping[Form, str]:
    return {"sequential": about, "module": about}


def _trace(document: StackDocument) -> Trace:
    return record_net(document, *batch_of(document)).trace


def _notebook(document: StackDocument) -> str:
    return to_notebook(script_of(document, net_of(document).form), "A stack of layers, in plain PyTorch")


STACK_EXPORTS: tuple[StackExport, ...] = (
    StackExport(
        "nn.Sequential",
        {"sequential": "A PyTorch script"},
        "sequential.py",
        PYTHON,
        lambda d: script_of(d, "sequential"),
    ),
    StackExport(
        "Own module",
        {"sequential": "A class with forward", "module": "The class and its numbers"},
        "module.py",
        PYTHON,
        lambda d: script_of(d, "module"),
    ),
    StackExport(
        "From scratch", {"sequential": "Tensors only"}, "tensors.py", PYTHON, lambda d: script_of(d, "tensors")
    ),
    StackExport(
        "Notebook",
        {"sequential": "nn.Sequential for Jupyter", "module": "The class for Jupyter"},
        "stack.ipynb",
        "application/x-ipynb+json",
        _notebook,
    ),
    StackExport(
        "Summary", _any("Shapes and counts as text"), "summary.txt", "text/plain", lambda d: net_of(d).summary()
    ),
    StackExport(
        "Stepper",
        _any("One HTML file that works offline"),
        "stack.html",
        "text/html",
        lambda d: stepper_html(_trace(d)),
    ),
    StackExport("Trace table", _any("CSV for a spreadsheet"), "stack.csv", "text/csv", lambda d: to_csv(_trace(d))),
    StackExport(
        "Trace", _any("JSON with every step"), "stack.json", "application/json", lambda d: explained_json(_trace(d))
    ),
    StackExport(
        "Graph, DOT",
        _any("For your own Graphviz"),
        "stack.dot",
        "text/vnd.graphviz",
        lambda d: dot_file(_trace(d), d.graph),
    ),
    StackExport(
        "Graph, SVG",
        _any("After the last step"),
        "stack.svg",
        "image/svg+xml",
        lambda d: static_svg(_trace(d), d.graph),
    ),
)


def stack_exports(document: StackDocument) -> tuple[StackExport, ...]:
    """The exports that this net has."""
    return tuple(export for export in STACK_EXPORTS if net_of(document).form in export.about)
