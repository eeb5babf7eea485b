"""The files that a shown document is exported as: one row of EXPORTS each."""

from __future__ import annotations

from playground.explain.export import derivation, explained_json
from playground.language.export.script import to_python
from playground.ui.expressions.frame import Shown
from playground.views.export import NOTEBOOK, PYTHON, Export
from playground.views.graph.static import dot_file, static_svg
from playground.views.jupyter import to_notebook
from playground.views.stepper.html import stepper_html
from playground.views.stepper.table import to_csv


def script(shown: Shown) -> str:
    """A plain PyTorch script that prints the page's numbers."""
    document = shown.document
    reverse = document.mode == "reverse"
    return to_python(
        document.program(),
        {leaf.name: leaf for leaf in document.used_leaves()},
        rng_seed=document.rng_seed,
        passes=document.passes if reverse else 1,
        zero_grad=document.zero_grad,
        second=document.second if reverse else None,
        tangents=document.moving(),
    )


EXPORTS: tuple[Export[Shown], ...] = (
    Export(
        "Stepper", "One HTML file that works offline", "stepper.html", "text/html", lambda s: stepper_html(s.trace())
    ),
    Export("PyTorch script", "Prints these numbers", "graph.py", PYTHON, script),
    Export(
        "Notebook",
        "The same for Jupyter",
        "graph.ipynb",
        NOTEBOOK,
        lambda s: to_notebook(script(s), "The computational graph, in plain PyTorch"),
    ),
    Export(
        "Derivation", "The chain rule in LaTeX", "derivation.tex", "application/x-tex", lambda s: derivation(s.trace())
    ),
    Export("Trace table", "CSV for a spreadsheet", "trace.csv", "text/csv", lambda s: to_csv(s.trace())),
    Export(
        "Trace", "JSON with every value and step", "trace.json", "application/json", lambda s: explained_json(s.trace())
    ),
    Export(
        "Graph, DOT",
        "For your own Graphviz",
        "graph.dot",
        "text/vnd.graphviz",
        lambda s: dot_file(s.trace(), s.document.graph),
    ),
    Export(
        "Graph, SVG",
        "After the last step",
        "graph.svg",
        "image/svg+xml",
        lambda s: static_svg(s.trace(), s.document.graph),
    ),
)
