#!/usr/bin/env bash
# Graphviz needs longer for 50 boxes, one of which is used in every row, than for a tree of 1,000.
#
# A surprise against: the time of `dot` follows the number of boxes and edges.
# Versions: graphviz-pure 0.2.2, a port of Graphviz 16.1.0; Graphviz 2.43 itself took two to three times as long.
# Expected: a chain of 24 rows `f = f * s + s`, 96 labelled edges, costs less than a tree with 1,000 boxes; twice the rows, twice the time.
# Seen: it costs several trees, and twice the rows cost fifteen to thirty times as much. Each edge from `s` takes a place in all rows
# above its end, and nearly all of the time goes into moving these places sideways: not into the order in the rows (`-Gphase=2` stops
# after it), nor the curves (without them it takes as long). With a copy of `s` in each row, more boxes and as many edges, a hundredth
# of a second is enough. So a limit on boxes bounds nothing: what has to be bounded is how far edges reach.
#
# Output seen:
#   a tree of 1,000 boxes:               0.06 s
#   24 rows, 73 boxes, a leaf for each:  0.01 s
#   12 rows, 26 boxes, a leaf shared:    0.01 s
#   24 rows, 50 boxes, a leaf shared:    0.25 s
#   the same, ranks and order only:      0.00 s
#   the same without curves:             0.19 s
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check graphviz-pure==0.2.2
"$dir/venv/bin/python" -I - "$dir/venv/bin/graphviz-pure" <<'END'
import resource
import subprocess
import sys


def chain(rows, is_shared):
    """f = f * s + s, `rows` times, with one s or with one for each row."""
    edges = []
    for row in range(rows):
        scale = "s" if is_shared else f"s{row}"
        before = f"sum{row - 1}" if row else "f"
        edges += [(before, f"product{row}"), (scale, f"product{row}"), (f"product{row}", f"sum{row}"), (scale, f"sum{row}")]
    return "; ".join(f'{tail} -> {head} [label="x"]' for tail, head in edges)


def tree(boxes):
    return "; ".join(f"n{(box - 1) // 2} -> n{box}" for box in range(1, boxes))


def cost(name, edges, *options):
    """Seconds of processor time that the drawing takes, the least of three."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        command, dot = [sys.argv[1], "-Tsvg", *options], f"digraph {{{edges}}}"
        subprocess.run(command, input=dot.encode(), stdout=subprocess.DEVNULL, check=True)
        times.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    print(f"{name:36} {min(times):.2f} s")
    return min(times)


large = cost("a tree of 1,000 boxes:", tree(1000))
copies = cost("24 rows, 73 boxes, a leaf for each:", chain(24, is_shared=False))
half = cost("12 rows, 26 boxes, a leaf shared:", chain(12, is_shared=True))
whole = cost("24 rows, 50 boxes, a leaf shared:", chain(24, is_shared=True))
order = cost("the same, ranks and order only:", chain(24, is_shared=True), "-Gphase=2")
straight = cost("the same without curves:", chain(24, is_shared=True), "-Gsplines=none")
assert whole > 2 * large, "changed: a shared leaf costs no more than a tree of 1,000"
assert whole > 10 * copies, "changed: a copy for each row saves little"
assert whole > 8 * half, "changed: the time grows with less than the cube of the rows"
assert order < whole / 5 and straight > whole / 4, "changed: something else than the places costs"
END
