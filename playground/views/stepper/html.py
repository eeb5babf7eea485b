"""The stepper as one file that runs from a disk with no network, and a trace as a notebook shows it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from playground.explain.explanation import explain
from playground.frontend import FRONTEND
from playground.frontend.bundle import read
from playground.trace.trace import Trace
from playground.views.graph.graph import GraphKind
from playground.views.graph.static import static_svg
from playground.views.offline import one_file
from playground.views.stepper.picture import picture

ENTRY = "stepper/standalone.js"
NOTEBOOK_STEPS = 400  # beyond, a notebook shows the picture only
KINDS: tuple[GraphKind, ...] = ("forward", "backward", "both")

_MOUNT = """
globalThis.temml = temml;
stepper_standalone_js.mountStandalone(document.querySelector("main"), data);
"""


def stepper_html(trace: Trace) -> str:
    """A self-contained page with the stepper and all three graphs of a trace."""
    explanation = explain(trace)
    title = (trace.text.strip().splitlines() or ["Computational graph"])[0][:120]
    return offline_page({kind: picture(trace, kind, explanation=explanation) for kind in KINDS}, title)


def offline_page(pictures: Mapping[GraphKind, object], title: str) -> str:
    """The stepper in one file, with these pictures of one trace."""
    both = pictures["both"]
    data = {"both": both} | {kind: change(both, other) for kind, other in pictures.items() if kind != "both"}
    library = f"/*\n{read(FRONTEND / 'vendor/temml.LICENSE')}*/\n{read(FRONTEND / 'vendor/temml.min.js')}\n"
    return one_file(title, data, entry=ENTRY, mount=_MOUNT, styles=("stepper/stepper.css",), library=library)


def change(old: object, new: object) -> object:
    """Find what makes `new` of `old`, both of JSON, in the least space.

    `[new]` where nothing is shared, else changes by key (by index in lists of one length); None takes a key out.

    >>> change({"a": 1, "b": [2, 3], "c": 4, "d": 0}, {"a": 1, "b": [2, 5], "d": False})
    {'c': None, 'b': {1: [5]}, 'd': [False]}
    """
    if isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        old, new = dict(enumerate(old)), dict(enumerate(new))
    if not isinstance(old, dict) or not isinstance(new, dict):
        return {} if old == new and repr(old) == repr(new) else [new]  # 0 is no False, 0.0 no -0.0
    gone = {key: None for key in old if key not in new}
    changes = {key: change(old[key], value) if key in old else [value] for key, value in new.items()}
    return gone | {key: changed for key, changed in changes.items() if changed != {}}


def notebook_html(trace: Trace) -> str:
    """The static picture, and the stepper folded under it."""
    drawn = static_svg(trace)
    if len(trace.steps) > NOTEBOOK_STEPS:
        return f'<div style="overflow-x:auto">{drawn}</div>'
    frame = escape(stepper_html(trace), quote=True)
    return (
        f'<div style="overflow-x:auto">{drawn}</div><details><summary>Step through it</summary>'
        f'<iframe srcdoc="{frame}" sandbox="allow-scripts allow-downloads" title="Stepper" loading="lazy" '
        'style="width:100%;height:640px;border:1px solid #c3c3d4;border-radius:8px"></iframe></details>'
    )
