"""The command line: `python -m playground trace TEXT NAME=VALUE ... [--json | --table | --svg FILE | --html FILE]`,
and `python -m playground train [CONFIG] [--preset ID] [--data NAME|PATH] [--set NAME=VALUE ...] [--out DIR]`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from playground.cli.trace import add_trace
from playground.cli.train import add_train
from playground.errors import PlaygroundError

BAD_TEXT = 2  # the exit status for a text, a value or a file that cannot be used


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        return status
    except PlaygroundError as error:
        print(error.marked(), file=sys.stderr)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
    return BAD_TEXT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m playground", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_trace(commands)
    add_train(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
