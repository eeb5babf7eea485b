"""Names of runs: the one that its owner gave, the data and the net, or, among several, what differs between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

from playground.data.uploads.store import title_of
from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.runs.run import Run
from playground.training.config import TrainConfig
from playground.ui.train.settings import GROUPS, written

LONGEST = 48  # characters of a name that nobody gave
LONGEST_GIVEN = 60  # of one that somebody gave
LONGEST_PART = 24  # of one setting's share in a name
MOST_PARTS = 3  # settings in a name; a table says all that differ

# How a setting is said in a name; one that is not here is said by its label.
_SAID: dict[str, Callable[[Any], str]] = {
    "data": title_of,
    "train_size": lambda size: f"{size:,} examples" if size else "all examples",
    "loss": str,
    "optimizer": str,
    "learning_rate": lambda rate: f"lr {rate:g}",
    "epochs": lambda count: f"{count} epoch{'s' if count > 1 else ''}",
    "batch": lambda size: f"batch {size}",
    "schedule": lambda name: "constant rate" if name == "constant" else name,
    "initial": lambda name: f"{name} weights",
    "normalise": lambda chosen: "normalised" if chosen else "not normalised",
    "shuffle": lambda chosen: "shuffled" if chosen else "in order",
    "nesterov": lambda chosen: "Nesterov" if chosen else "no Nesterov",
    "rng_seed": lambda seed: f"seed {seed}",
    "device": str,
}


def run_name(run: Run) -> str:
    """The name of a run by itself: the one that was given, or the data and the net."""
    if run.title:
        return run.title
    return _cut(f"{title_of(run.config.data)} · {_title(run.config)}", LONGEST)


def names(runs: Sequence[Run]) -> dict[str, str]:
    """The names of runs beside each other, by id: one that nobody named is called by what differs.

    Where nothing does, by itself.
    """
    if len(runs) < 2:
        return {run.id: run_name(run) for run in runs}
    said = _differences([run.config for run in runs])
    return {run.id: run.title or differs or run_name(run) for run, differs in zip(runs, said, strict=True)}


def listed_names(runs: Sequence[Run]) -> dict[str, str]:
    """The names of runs in a list, by id: those that would be called the same say, too, what differs between them."""
    same = defaultdict[str, list[Run]](list)
    for run in runs:
        same[run_name(run)].append(run)
    found: dict[str, str] = {}
    for name, group in same.items():
        for run, differs in zip(group, _differences([run.config for run in group]), strict=True):
            found[run.id] = name if run.title or not differs else f"{name}, {differs}"
    return found


def given_name(typed: Any) -> str:
    """The name that somebody typed, on one line and of characters that are seen; '' gives back the one of its own.
    PlaygroundError where it is no text, or too long.

    >>> given_name(" my  best\\nrun ")
    'my best run'
    """
    if not isinstance(typed, str):
        raise PlaygroundError("a name is a text", hint="type one, or nothing for the name that the run has by itself")
    name = "".join(sign for sign in " ".join(typed.split()) if sign.isprintable())
    if len(name) > LONGEST_GIVEN:
        raise PlaygroundError(f"a name of {len(name):,} characters", hint=f"{LONGEST_GIVEN} at most")
    return name


def _differences(configs: Sequence[TrainConfig]) -> list[str]:
    """What is not the same in all of them, of each in a few words; '' where nothing differs."""
    order = ["text", *(name for names in GROUPS.values() for name in names)]
    differing = [name for name in order if len({getattr(config, name) for config in configs}) > 1]
    columns = [_column(name, configs) for name in differing[:MOST_PARTS]]
    return [", ".join(parts) for parts in zip(*columns, strict=True)] or [""] * len(configs)


def _column(name: str, configs: Sequence[TrainConfig]) -> list[str]:
    """What each says of one setting."""
    if name == "text":
        return _nets([_title(config) for config in configs])
    say = _SAID.get(name, lambda content: f"{TrainConfig.label(name).lower()} {written(content)}")
    return [_cut(say(getattr(config, name)), LONGEST_PART) for config in configs]


def _nets(titles: Sequence[str]) -> list[str]:
    """What is left of nets without the layers that all of them begin and end with.

    >>> _nets(["Flatten Linear(100) ReLU Linear(10)", "Flatten Linear(100) Tanh Linear(10)"])
    ['ReLU', 'Tanh']
    >>> _nets(["Flatten Linear(10)", "Flatten Linear(50) Linear(10)"])
    ['Flatten Linear(10)', 'Linear(50)']
    """
    nets = [_layers(title) for title in titles]
    begin = _common(nets)
    end = _common([net[begin:][::-1] for net in nets])
    left = [" ".join(net[begin : len(net) - end]) for net in nets]
    return [_cut(part or title, LONGEST_PART) for part, title in zip(left, titles, strict=True)]


def _common(nets: Sequence[Sequence[str]]) -> int:
    """Count the layers that all of them begin with."""
    return sum(1 for _ in takewhile(lambda layers: len(set(layers)) == 1, zip(*nets, strict=False)))


def _layers(title: str) -> list[str]:
    """The words of a net, each layer one: what stands in brackets belongs to the word before."""
    found, depth = [""], 0
    for sign in title:
        depth += (sign == "(") - (sign == ")")
        if sign == " " and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return found


def _title(config: TrainConfig) -> str:
    return net_of(StackDocument(config.text)).title


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
