"""The whole trace as one picture that stands alone: for notebooks, shells and slides."""

from __future__ import annotations

from playground.explain.explanation import explain
from playground.trace.trace import Trace
from playground.views.graph.build import build_graph
from playground.views.graph.dot import to_dot
from playground.views.graph.graph import GraphKind
from playground.views.graph.layout import lay_out
from playground.views.graph.palette import DARK, LIGHT
from playground.views.graph.scene import scene
from playground.views.graph.svg import Filled, attribute, escape, inner_svg
from playground.views.graph.timeline import Timelines


def static_svg(trace: Trace, kind: GraphKind = "forward", *, limit: int | None = None) -> str:
    """The picture after the last step, every number in place; follows the reader's light or dark theme."""
    explanation = explain(trace)
    graph = build_graph(explanation, kind, limit=limit)
    drawn = scene(graph, lay_out(graph))
    filled = Filled(*Timelines(trace, graph.slots).final())
    x, y, width, height = (f"{number:g}" for number in drawn["view"])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="trace-graph" width="{width}" height="{height}" '
        f'viewBox="{x} {y} {width} {height}" role="img" aria-label={attribute(graph.title)}>'
        f"<title>{escape(graph.title)}</title><desc>{escape(explanation.summary)}</desc><style>{style()}</style>"
        f'<rect class="backdrop" x="{x}" y="{y}" width="{width}" height="{height}"/>{inner_svg(drawn, filled)}</svg>'
    )


def dot_file(trace: Trace, kind: GraphKind = "forward", *, limit: int | None = None) -> str:
    """The graph in DOT with the numbers after the last step, for a reader's own Graphviz."""
    graph = build_graph(explain(trace), kind, limit=limit)
    return to_dot(graph, Timelines(trace, graph.slots, images=False).final()[0])


def style() -> str:
    """Style rules with both palettes written out: many viewers of SVG know no custom properties."""
    return _rules(LIGHT) + "@media (prefers-color-scheme:dark){" + _rules(DARK) + "}"


def _rules(c: dict[str, str]) -> str:
    g = ".trace-graph "
    return "".join(
        [
            f"{g}text{{font-family:Inter,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;fill:{c['ink']};"
            "font-variant-numeric:tabular-nums}",
            f"{g}.backdrop{{fill:{c['surface']}}}",
            f"{g}.title{{font-weight:600}}{g}.note,{g}text.cluster,{g}.label{{fill:{c['muted']};font-weight:400}}",
            f"{g}.box{{fill:{c['surface']};stroke:{c['line']};stroke-width:1.2}}",
            f"{g}.leaf .box{{stroke:{c['primal']};stroke-width:1.6}}{g}.op .box{{stroke:{c['primal-line']}}}",
            f"{g}.constant .box{{fill:{c['frame']}}}{g}.module .box{{fill:{c['frame']};stroke-width:1.6}}",
            f"{g}.node .box,{g}.module.backward .box{{stroke:{c['adjoint-line']}}}",
            f"{g}.seed .box{{stroke:{c['adjoint']};stroke-width:1.6}}{g}.seed .title{{fill:{c['adjoint']}}}",
            f"{g}.copy .box{{stroke-width:1;stroke-dasharray:7 2}}",
            f"{g}.detached .box{{stroke-dasharray:4 3;stroke:{c['muted']}}}",
            f"{g}.tint.primal{{fill:{c['primal']}}}{g}.tint.adjoint{{fill:{c['adjoint']}}}",
            f"{g}.tint.tangent{{fill:{c['tangent']}}}{g}.tint:not(.has-value){{fill:none}}",
            f"{g}.slot{{font-weight:500}}{g}.slot.primal{{fill:{c['primal-ink']}}}{g}.slot.tangent{{fill:{c['tangent']}}}",
            f"{g}.slot.adjoint{{fill:{c['adjoint-ink']}}}{g}.slot.contribution{{fill:{c['adjoint']}}}",
            f"{g}g.cluster rect{{fill:{c['frame']};stroke:{c['line']};stroke-dasharray:2 3}}",
            f"{g}.edge path{{fill:none;stroke:{c['line']};stroke-width:1.4}}{g}.edge polygon{{fill:{c['line']}}}",
            f"{g}.forward .line{{stroke:{c['primal-line']}}}{g}.forward polygon{{fill:{c['primal-line']}}}",
            f"{g}.backward .line{{stroke:{c['adjoint-line']}}}{g}.backward polygon{{fill:{c['adjoint-line']}}}",
            f"{g}.edge.match .line{{stroke-dasharray:1 4;stroke-linecap:round;stroke:{c['muted']}}}",
            f"{g}.edge.detached .line{{stroke-dasharray:4 3}}",
            f"{g}.edge text{{paint-order:stroke;stroke:{c['surface']};stroke-width:3px;stroke-linejoin:round}}",
        ]
    )
