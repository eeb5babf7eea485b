"""The stepper as one file that runs from a disk with no network, and a trace as a notebook shows it."""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
import re
from functools import lru_cache
from html import escape
from pathlib import Path

from playground.explain.explanation import explain
from playground.trace.trace import Trace
from playground.views.graph.graph import GraphKind
from playground.views.graph.static import static_svg
from playground.views.stepper.picture import picture

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
ENTRY = "stepper/standalone.js"
NOTEBOOK_STEPS = 400  # beyond, a notebook shows the picture only
KINDS: tuple[GraphKind, ...] = ("forward", "backward", "both")

_IMPORT = re.compile(r'^import\s+\{([^}]*)\}\s+from\s+"(\.\.?/[\w./-]+\.js)";[^\S\n]*$', re.MULTILINE)
_EXPORT = re.compile(r"^export\s+(default\s+)?((?:async\s+)?function\*?|const|let|class)\s+(\w+)", re.MULTILINE)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main></main>
<script type="application/json" id="pictures">{pictures}</script>
<script type="module">{script}</script>
</body>
</html>
"""

_STYLE = """
html { color-scheme: light dark; }
body { margin: 0; background: #ffffff; }
@media (prefers-color-scheme: dark) { body { background: #11131a; } }
"""

_START = """
const pictures = JSON.parse(document.getElementById("pictures").textContent);
stepper_standalone_js.mountStandalone(document.querySelector("main"), pictures.forward, pictures);
"""


def stepper_html(trace: Trace) -> str:
    """A self-contained page with the stepper and all three graphs of a trace."""
    explanation = explain(trace)
    pictures = {kind: picture(trace, kind, explanation=explanation) for kind in KINDS}
    script = bundle(FRONTEND, ENTRY) + _START
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=escape((trace.text.strip().splitlines() or ["Computational graph"])[0][:120]),
        style=(FRONTEND / "stepper/stepper.css").read_text(encoding="utf-8").replace("</", r"<\/") + _STYLE,
        pictures=json_in_html(pictures),
        script=script,
    )


def json_in_html(data: object) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def notebook_html(trace: Trace) -> str:
    """The static picture, and the stepper folded under it."""
    drawn = static_svg(trace)
    if len(trace.steps) > NOTEBOOK_STEPS or not (FRONTEND / ENTRY).exists():
        return f'<div style="overflow-x:auto">{drawn}</div>'
    frame = escape(stepper_html(trace), quote=True)
    return (
        f'<div style="overflow-x:auto">{drawn}</div><details><summary>Step through it</summary>'
        f'<iframe srcdoc="{frame}" sandbox="allow-scripts allow-downloads" title="Stepper" loading="lazy" '
        'style="width:100%;height:640px;border:1px solid #c3c3d4;border-radius:8px"></iframe></details>'
    )


def bundle(folder: Path, entry: str) -> str:
    """An ECMAScript module and all that it imports as one script; each module keeps its own scope.

    `entry` and the modules that it imports are files below `folder`.
    """
    order: list[str] = []
    _visit(folder, entry, order)
    return "".join(_module(folder, name) for name in order)


def _visit(folder: Path, name: str, order: list[str], above: tuple[str, ...] = ()) -> None:
    if name in order or name in above:
        return
    for match in _IMPORT.finditer(_read(folder / name)):
        _visit(folder, _resolved(name, match[2]), order, (*above, name))
    order.append(name)


def _resolved(importer: str, specifier: str) -> str:
    """The file that an import names, from the folder of all modules.

    >>> _resolved("stepper/panel/why.js", "../../shared/dom.js")
    'shared/dom.js'
    """
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))


def _module(folder: Path, name: str) -> str:
    """One module as a function that is called at once and returns its exports."""
    text = _IMPORT.sub(
        lambda match: f"const {{{match[1].replace(' as ', ': ')}}} = {_scope(_resolved(name, match[2]))};",
        _read(folder / name),
    )
    exports = [match[3] for match in _EXPORT.finditer(text)]
    text = _EXPORT.sub(lambda match: f"{match[2]} {match[3]}", text)
    return f"const {_scope(name)} = (() => {{\n{text}\nreturn {{ {', '.join(exports)} }};\n}})();\n"


def _scope(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _read(path: Path) -> str:
    return _cached(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=128)
def _cached(path: Path, _changed: int) -> str:
    return path.read_text(encoding="utf-8").replace("</script", r"<\/script")


__all__ = ["bundle", "json_in_html", "notebook_html", "stepper_html"]
