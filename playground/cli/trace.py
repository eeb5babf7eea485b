"""`python -m playground trace TEXT NAME=VALUE ...`: record a text, and print its trace or write it to a file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from playground.errors import PlaygroundError


def add_trace(commands: Any) -> None:
    """Add the subcommand and its arguments."""
    trace = commands.add_parser("trace", help="record a text, forward and backward")
    trace.add_argument("text", metavar="TEXT", help="one or more lines of the language, e.g. 'f = log(x1) + x1*x2'")
    trace.add_argument(
        "values",
        metavar="NAME=VALUE",
        nargs="*",
        help="a value for each free name: 2.0, '[[1, 2], [3, 4]]', 'randn(3)'",
    )
    trace.add_argument(
        "--device", default="auto", help="auto (PLAYGROUND_DEVICE, else the fastest), cpu, cuda, cuda:1 or mps"
    )
    output = trace.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print the trace as JSON (schema: docs/trace.md)")
    output.add_argument("--table", action="store_true", help="print the trace table (the default)")
    output.add_argument("--svg", metavar="FILE", type=Path, help="write the graph as SVG")
    output.add_argument("--html", metavar="FILE", type=Path, help="write a self-contained stepper")
    trace.set_defaults(run=trace_command)


def trace_command(options: argparse.Namespace) -> int:
    """Record the text, and print or write what is asked for; the exit status."""
    from playground.language.run import run

    values = dict(_pair(value) for value in options.values)
    trace = run(options.text.replace("\\n", "\n"), values, device=options.device)
    if options.json:
        from playground.explain.export import explained_json

        print(explained_json(trace))
    elif options.svg is not None:
        from playground.views.graph.static import static_svg

        options.svg.write_text(static_svg(trace, "both"), encoding="utf-8")
    elif options.html is not None:
        from playground.views.stepper.html import stepper_html

        options.html.write_text(stepper_html(trace), encoding="utf-8")
    else:
        from playground.views.stepper.table import to_text

        print(to_text(trace))
        for note in trace.notes:
            print(f"note: {note.message}")
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise PlaygroundError(f"{text!r} is not NAME=VALUE", hint="write for example x1=2.0 or W='[[1, 2], [3, 4]]'")
    return name.strip(), value.strip()
