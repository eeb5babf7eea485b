"""Everything leaves: the files that a shown document can be taken away as. One row of EXPORTS each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playground.explain.derivation import derivation
from playground.explain.document import explained_json
from playground.language.export.script import to_python
from playground.ui.expressions.frame import Shown
from playground.views.graph.static import dot_file, static_svg
from playground.views.notebook import to_notebook
from playground.views.stepper.html import stepper_html
from playground.views.stepper.table import to_csv


@dataclass(frozen=True, slots=True)
class Export:
    """One way out: what its button says in bold and beside it, and how the file is made."""

    label: str
    about: str
    file_name: str
    mime: str
    make: Callable[[Shown], str]


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


EXPORTS: tuple[Export, ...] = (
    Export(
        "Stepper",
        "One HTML file that works offline",
        "stepper.html",
        "text/html",
        lambda shown: stepper_html(shown.trace()),
    ),
    Export("PyTorch script", "Prints these numbers", "graph.py", "text/x-python", script),
    Export(
        "Notebook",
        "The same for Jupyter",
        "graph.ipynb",
        "application/x-ipynb+json",
        lambda shown: to_notebook(script(shown), "The computational graph, in plain PyTorch"),
    ),
    Export(
        "Derivation",
        "The chain rule in LaTeX",
        "derivation.tex",
        "application/x-tex",
        lambda shown: derivation(shown.trace()),
    ),
    Export("Trace table", "CSV for a spreadsheet", "trace.csv", "text/csv", lambda shown: to_csv(shown.trace())),
    Export(
        "Trace",
        "JSON with every value and step",
        "trace.json",
        "application/json",
        lambda shown: explained_json(shown.trace()),
    ),
    Export(
        "Graph, DOT",
        "For your own Graphviz",
        "graph.dot",
        "text/vnd.graphviz",
        lambda shown: dot_file(shown.trace(), shown.document.graph),
    ),
    Export(
        "Graph, SVG",
        "After the last step",
        "graph.svg",
        "image/svg+xml",
        lambda shown: static_svg(shown.trace(), shown.document.graph),
    ),
)
