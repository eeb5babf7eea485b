"""A lens as one file that runs from a disk with no network, and as a notebook shows it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from playground.errors import PlaygroundError
from playground.explain.lens.frame import LensFrame
from playground.explain.lens.lens import lens
from playground.trace.trace import Trace
from playground.views.lens.lens import lens_data
from playground.views.offline import one_file

ENTRY = "lens/standalone.js"
_MOUNT = 'lens_standalone_js.mountLens(document.querySelector("main"), data);\n'
_STYLES = ("stepper/stepper.css", "lens/lens.css")


@dataclass(frozen=True, slots=True)
class LensPage:
    """One call looked into: `frame` is plain data, `html` a page of its own; a notebook shows it."""

    frame: LensFrame
    html: str

    def _repr_html_(self) -> str:
        title = escape(self.frame.title, quote=True)
        return (
            f'<iframe srcdoc="{escape(self.html, quote=True)}" sandbox="allow-scripts" title="{title}" '
            'style="width:100%;height:760px;border:1px solid #c3c3d4;border-radius:8px"></iframe>'
        )


def lens_page(trace: Trace, name: str, picks: dict[str, int]) -> LensPage:
    """The call that made the value with this name or label. PlaygroundError where none did, and as `lens` raises it.

    `picks`: where an axis begins of which only a part is shown, its name with _ for a space.
    """
    value = trace[name]
    if value.op is None:
        raise PlaygroundError(f"`{name}` was given: no call computed it", hint="name a value that a call made")
    frame = lens(trace, value.op, {axis.replace("_", " "): at for axis, at in picks.items()})
    unknown = sorted(axis for axis in picks if axis.replace("_", " ") not in {pick.axis for pick in frame.picks})
    if unknown:
        known = ", ".join(pick.axis.replace(" ", "_") for pick in frame.picks) or "none: all of it is shown"
        raise PlaygroundError(f"there is nothing to pick on `{unknown[0][:40]}`", hint=f"axes to pick on: {known}")
    data = lens_data(trace, frame)
    return LensPage(frame, one_file(frame.title, data, entry=ENTRY, mount=_MOUNT, styles=_STYLES))
