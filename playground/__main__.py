"""The command line: `python -m playground trace TEXT NAME=VALUE ... [--json | --table | --svg FILE | --html FILE]`,
and `python -m playground train [CONFIG] [--preset ID] [--data NAME|PATH] [--set NAME=VALUE ...] [--out DIR]`.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from playground.cli.trace import add_trace
from playground.cli.train import add_train
from playground.errors import PlaygroundError
from playground.texts import whole_characters
from playground.unforeseen import own_mistake, refused_file

BAD_TEXT = 2  # the exit status for a text, a value or a file that cannot be used
OWN_MISTAKE = 70  # for an error that nobody foresaw, as sysexits.h has it; PLAYGROUND_TRACEBACK=1 shows where
INTERRUPTED = 130  # after Ctrl-C, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()  # here, where a reader that has gone is no surprise
        return status
    except PlaygroundError as error:
        return _refused(error)
    except BrokenPipeError:  # `| head` has read enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # until the end: what is not written yet is nobody's
        return 0
    except OSError as error:
        return _refused(refused_file(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        if os.environ.get("PLAYGROUND_TRACEBACK"):
            raise
        return _refused(own_mistake(error), OWN_MISTAKE)


def _refused(error: PlaygroundError, status: int = BAD_TEXT) -> int:
    print(whole_characters(error.marked()), file=sys.stderr)
    return status


class _Parser(argparse.ArgumentParser):
    """A parser whose messages can be written, whatever bytes the words had that it quotes."""

    def error(self, message: str) -> NoReturn:
        super().error(whole_characters(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m playground", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_trace(commands)
    add_train(commands)
    return parser


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal may lack Greek letters
    sys.exit(main())
