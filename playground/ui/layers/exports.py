"""The files that a net is exported as: one row of STACK_EXPORTS each."""

from __future__ import annotations

from collections.abc import Callable

from playground.explain.export import explained_json
from playground.layers.document import StackDocument
from playground.layers.export.script import Form
from playground.layers.net.net import net_of, record_net, script_of
from playground.layers.run.settings import batch_of
from playground.trace.trace import Trace
from playground.views.export import NOTEBOOK, PYTHON, Export
from playground.views.graph.static import dot_file, static_svg
from playground.views.jupyter import to_notebook
from playground.views.stepper.html import stepper_html
from playground.views.stepper.table import to_csv


def _has(form: Form) -> Callable[[StackDocument], bool]:
    return lambda document: form in net_of(document).forms


def _trace(document: StackDocument) -> Trace:
    return record_net(net_of(document), *batch_of(document)).trace


STACK_EXPORTS: tuple[Export[StackDocument], ...] = (
    Export(
        "nn.Sequential",
        "A PyTorch script",
        "sequential.py",
        PYTHON,
        lambda d: script_of(d, "sequential"),
        _has("sequential"),
    ),
    Export(
        "Own module",
        lambda d: "The class and its numbers" if net_of(d).forms[0] == "module" else "A class with forward",
        "module.py",
        PYTHON,
        lambda d: script_of(d, "module"),
    ),
    Export("From scratch", "Tensors only", "tensors.py", PYTHON, lambda d: script_of(d, "tensors"), _has("tensors")),
    Export(
        "Notebook",
        lambda d: "The class for Jupyter" if net_of(d).forms[0] == "module" else "nn.Sequential for Jupyter",
        "stack.ipynb",
        NOTEBOOK,
        lambda d: to_notebook(script_of(d, net_of(d).forms[0]), "A stack of layers, in plain PyTorch"),
    ),
    Export("Summary", "Shapes and counts as text", "summary.txt", "text/plain", lambda d: net_of(d).summary()),
    Export("Stepper", "One HTML file that works offline", "stack.html", "text/html", lambda d: stepper_html(_trace(d))),
    Export("Trace table", "CSV for a spreadsheet", "stack.csv", "text/csv", lambda d: to_csv(_trace(d))),
    Export("Trace", "JSON with every step", "stack.json", "application/json", lambda d: explained_json(_trace(d))),
    Export(
        "Graph, DOT", "For your own Graphviz", "stack.dot", "text/vnd.graphviz", lambda d: dot_file(_trace(d), d.graph)
    ),
    Export("Graph, SVG", "After the last step", "stack.svg", "image/svg+xml", lambda d: static_svg(_trace(d), d.graph)),
)
