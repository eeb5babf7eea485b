"""The stepper as one file that runs from a disk with no network, and a trace as a notebook shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from html import escape

from playground.explain.explanation import explain
from playground.frontend import FRONTEND
from playground.frontend.bundle import bundle, plain, read
from playground.trace.trace import Trace
from playground.views.graph.graph import GraphKind
from playground.views.graph.static import static_svg
from playground.views.stepper.picture import picture

ENTRY = "stepper/standalone.js"
NOTEBOOK_STEPS = 400  # beyond, a notebook shows the picture only
KINDS: tuple[GraphKind, ...] = ("forward", "backward", "both")

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
</head>
<body>
<main></main>
<script type="text/plain" id="style">{style}</script>
<script type="text/plain" id="script">{script}</script>
<script type="text/plain" id="pictures">{pictures}</script>
<script type="module">{start}</script>
</body>
</html>
"""

_STYLE = """
html { color-scheme: light dark; }
body { margin: 0; background: #ffffff; }
@media (prefers-color-scheme: dark) { body { background: #11131a; } }
"""

_MOUNT = """
globalThis.temml = temml;
const pictures = JSON.parse(document.getElementById("pictures").textContent);
stepper_standalone_js.mountStandalone(document.querySelector("main"), pictures);
"""


def stepper_html(trace: Trace) -> str:
    """A self-contained page with the stepper and all three graphs of a trace."""
    explanation = explain(trace)
    title = (trace.text.strip().splitlines() or ["Computational graph"])[0][:120]
    return offline_page({kind: picture(trace, kind, explanation=explanation) for kind in KINDS}, title)


def offline_page(pictures: Mapping[GraphKind, object], title: str) -> str:
    """The stepper in one file, with these pictures of one trace; all but a few lines of it is compressed."""
    both = pictures["both"]
    data = {"both": both} | {kind: change(both, other) for kind, other in pictures.items() if kind != "both"}
    start = plain(read(FRONTEND / "stepper/unpack.js"))
    script = f"/*\n{read(FRONTEND / 'vendor/temml.LICENSE')}*/\n{read(FRONTEND / 'vendor/temml.min.js')}\n"
    script += plain(bundle(FRONTEND, ENTRY)) + _MOUNT
    policy = (
        f"default-src 'none'; script-src {_source(start)} {_source(script)}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=escape(title),
        style=_packed(plain(read(FRONTEND / "stepper/stepper.css")) + _STYLE),
        script=_packed(script),
        pictures=_packed(json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))),
        start=start,
    )


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


def _packed(text: str) -> str:
    """A text as `unpack.js` reads it: deflated, in digits of which HTML makes nothing else."""
    return base64.b85encode(zlib.compress(text.encode(), 9)).translate(bytes.maketrans(b"<>&`", b".:,[")).decode()


def _source(script: str) -> str:
    """Write what allows a script in a policy, and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


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
