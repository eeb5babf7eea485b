"""`python -m playground train [CONFIG]`: train in the terminal, and print a table of the records."""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from playground.errors import PlaygroundError

STOPPED = 130  # the exit status after Ctrl-C, as shells have it
FAILED = 1  # the loss was no longer finite


READING = ("side", "colour", "without", "label", "missing", "words", "predict")  # how data of one's own is read


def add_train(commands: Any) -> None:
    """Add the subcommand and its arguments."""
    parser = commands.add_parser("train", help="train a net, and write what comes of it")
    parser.add_argument("config", metavar="CONFIG", nargs="?", type=Path, help="a TOML or JSON file with settings")
    parser.add_argument("--preset", metavar="ID", help="begin with an example of the train page, e.g. digits-mlp")
    parser.add_argument(
        "--data",
        metavar="NAME|PATH",
        help="the data set: digits, MNIST, Fashion-MNIST, KMNIST, CIFAR-10; or data of your own: a folder or a zip "
        "with one folder of pictures per class, or a CSV table",
    )
    parser.add_argument("--side", metavar="N", type=int, help="own pictures: resized to N by N pixels (28)")
    parser.add_argument("--colour", action="store_const", const=True, help="own pictures: in colour, not grey")
    parser.add_argument("--without", metavar="CLASS", nargs="+", help="own pictures: classes that are left out")
    parser.add_argument("--label", metavar="NAME", help="own table: the column of the label (else found by itself)")
    parser.add_argument(
        "--missing", choices=("leave out", "mean"), help="own table: what becomes of rows with empty cells (leave out)"
    )
    parser.add_argument(
        "--words", choices=("one-hot", "leave out"), help="own table: what becomes of columns of words (one-hot)"
    )
    parser.add_argument(
        "--predict",
        choices=("classes", "numbers"),
        help="own table: whether the labels are classes or numbers to predict (else found by their values)",
    )
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="one setting, e.g. epochs=3 or 'text=Flatten Linear(10)'; may be given often",
    )
    parser.add_argument("--threads", metavar="N", type=int, help="of PyTorch (as many as a run of the train page has)")
    parser.add_argument("--out", metavar="DIR", type=Path, help="write records, settings, weights and script there")
    parser.set_defaults(run=train_command)


def train_command(options: argparse.Namespace) -> int:
    """Train, print the records, write the files; the exit status."""
    from playground.notebook.train import carry_out, chosen_config
    from playground.runs.limits import LIMITS
    from playground.training.learner import Learner
    from playground.training.records import TrainRecord
    from playground.views.charts.console import Console, headings_of

    given = {name: getattr(options, name) for name in READING}
    reading = {name: content for name, content in given.items() if content is not None}
    config = chosen_config(None, settings_of(options), reading, progress=sys.stderr.isatty())
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)  # now, not after an hour
    console: Console | None = None

    def show(record: TrainRecord, learner: Learner) -> None:
        nonlocal console
        if console is None:
            console = Console(config.batch, len(learner.train_set))
            written("  ".join(headings_of(record)))
        for line in console.lines[console.add([record]) :]:
            cells = ["" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in line]
            written("  ".join(cell.rjust(len(head)) for cell, head in zip(cells, console.headings, strict=True)))

    threads = LIMITS.threads if options.threads is None else options.threads
    run = carry_out(config, progress=sys.stderr.isatty(), threads=threads, on_record=show)
    if run.is_interrupted:
        print(f"stopped after {run.learner.step} of {run.learner.steps} steps", file=sys.stderr)
    if options.out is not None:
        for path in run.save(options.out):
            print(path)
    if run.problem is not None:
        print(run.problem.marked(), file=sys.stderr)
        return FAILED
    return STOPPED if run.is_interrupted else 0


def written(line: str) -> None:
    """A line of the table, above the bar if there is one."""
    from tqdm import tqdm

    tqdm.write(line, file=sys.stdout)
    sys.stdout.flush()


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Preset, file, --data and --set, the later over the earlier. PlaygroundError for what cannot be read."""
    settings: dict[str, Any] = {}
    if options.preset is not None:
        settings |= preset_settings(options.preset)
    if options.config is not None:
        settings |= read(options.config)
    if options.data is not None:
        settings["data"] = options.data
    for given in options.set:
        name, equals, content = given.partition("=")
        if not equals:
            raise PlaygroundError(f"{given!r} is not NAME=VALUE", hint="write for example --set epochs=3")
        settings[name.strip()] = typed(name.strip(), content)
    return settings


def typed(name: str, content: str) -> Any:
    """A number or true/false where the setting is one; any text is left to the check of the settings."""
    from playground.training.config import TrainConfig

    if isinstance(TrainConfig().fields().get(name, ""), str):
        return content
    try:
        return json.loads(content.strip().lower())
    except (ValueError, RecursionError):
        return content


def preset_settings(preset: str) -> dict[str, Any]:
    """The settings of an example of the train page."""
    from playground.lessons.runs import RUNS

    known = {entry.id: entry.document for entry in RUNS.presets}
    if preset not in known:
        raise PlaygroundError(f"there is no example {preset[:40]!r}", hint=f"there are {', '.join(known)}")
    return known[preset].fields()


def read(path: Path) -> dict[str, Any]:
    """The settings in a file: TOML, JSON, or the run.json that a run was exported as."""
    content = path.read_bytes()
    try:
        text = content.decode()
        document = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # of JSON, TOML or UTF-8; nested too deep
        hint = "a .json file holds JSON, every other one TOML: epochs = 3"
        raise PlaygroundError(f"{path} cannot be read: {error}", hint=hint) from error
    if isinstance(document, dict) and "format" in document:
        document = document.get("config")
    if not isinstance(document, dict):
        raise PlaygroundError(f"{path} holds no settings", hint='for example {"data": "MNIST", "epochs": 3}')
    return document
