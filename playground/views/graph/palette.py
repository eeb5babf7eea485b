"""The colours of pictures that stand alone: values blue-violet, gradients orange.

On a page the browser has its own, for light and dark: frontend/stepper/stepper.css, --primal and --adjoint.
"""

# A static SVG: tints and text of a value (primal) and a gradient (adjoint) on either background.
LIGHT = {
    "surface": "#ffffff", "ink": "#1f1f33", "muted": "#62627a", "line": "#c3c3d4", "frame": "#f7f7fb",
    "primal": "#4f49d1", "adjoint": "#b8510a", "primal-line": "#a09ddf", "adjoint-line": "#e0a26f",
    "tangent": "#0f766e", "primal-ink": "#302b9e", "adjoint-ink": "#7a3200",
}  # fmt: skip
DARK = {
    "surface": "#1c1d2b", "ink": "#ececf6", "muted": "#a6a7bd", "line": "#50526b", "frame": "#161722",
    "primal": "#aaa6ff", "adjoint": "#ffb273", "primal-line": "#6f6bbd", "adjoint-line": "#a8703f",
    "tangent": "#5eead4", "primal-ink": "#d6d4ff", "adjoint-ink": "#ffd9b8",
}  # fmt: skip

# A DOT file, for a reader's own Graphviz.
INK, MUTED = "#23233a", "#6b6b80"
BLUE, ORANGE = "#4a45c4", "#b4500b"
FILLS = {
    "leaf": "#ecebff",
    "constant": "#f2f2f5",
    "op": "#ffffff",
    "node": "#fff3e8",
    "module": "#f5f5fa",
    "seed": "#ffd9b8",
}
LINK_COLOURS = {"forward": "#8a88c9", "backward": "#d18a52", "match": "#a5a5b5"}
