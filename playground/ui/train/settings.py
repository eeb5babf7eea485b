"""The settings of a run as fields of a form, and what was typed there or stands in a link back as settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from playground.computing.device import devices
from playground.data.datasets import DATASETS
from playground.data.uploads.store import title_of
from playground.document_settings import DocumentSetting
from playground.errors import PlaygroundError
from playground.training.config import SETTINGS, TrainConfig
from playground.ui.train.frame_data import SettingFieldData

GROUPS: dict[str, tuple[str, ...]] = {
    "": ("data", "train_size", "loss", "optimizer", "learning_rate", "batch", "epochs"),
    "Optimizer and schedule": ("momentum", "nesterov", "weight_decay", "schedule", "decay", "decay_epochs", "clip"),
    "Data": ("test_size", "normalise", "shuffle", "folds", "fold"),
    "Run": ("initial", "rng_seed", "steps", "record_every", "device"),
}
_ROWS = {row.name: row for row in DATASETS}
LONGEST = 40  # characters of what was typed that are shown again


@dataclass(frozen=True, slots=True)
class Typed:
    """Settings, and what of the form could not be taken: by field, what was typed and why not."""

    config: TrainConfig
    refused: Mapping[str, tuple[str, str]]


def read_settings(base: TrainConfig, typed: Mapping[str, Any]) -> Typed:
    """The settings with these fields changed, each a text, or true or false; one that cannot be taken stays as it was.

    >>> read_settings(TrainConfig(), {"epochs": "5", "batch": "many"}).refused
    {'batch': ('many', 'a whole number, 1 to 4096')}
    """
    wanted = {name: _read(SETTINGS[name], content) for name, content in typed.items() if name in SETTINGS}
    config, _ = base.with_settings(wanted)
    config, refusals = config.with_settings(wanted)  # again: what one field allows may depend on one that comes later
    refused = {name: (str(typed[name])[:LONGEST], _told(name, error)) for name, error in refusals.items()}
    return Typed(config, refused)


def _read(setting: DocumentSetting, content: Any) -> Any:
    """The content that was typed, of the setting's kind; as it was typed where it is of another."""
    if not isinstance(content, str):
        return content
    if isinstance(setting.default, bool):
        return {"1": True, "0": False, "true": True, "false": False}.get(content.lower(), content)
    if setting.zero and content.strip().lower() == setting.zero:
        return 0
    try:
        return content if isinstance(setting.default, str) else setting.read(content.strip())
    except ValueError:
        return content


def _told(name: str, error: PlaygroundError) -> str:
    if not error.message.startswith(f"{name}:"):
        return f"{error.message}: {error.hint}"
    setting = SETTINGS[name]
    if setting.choices:
        return f"one of {setting.allowed}"
    return {int: f"a whole number, {setting.allowed}", float: f"a number, {setting.allowed}"}.get(
        type(setting.default), error.hint
    )


def fields(typed: Typed, uploads: tuple[str, ...] = ()) -> list[SettingFieldData]:
    """Return a dict per field: name, group, label, help, kind, choices, value, shown, refused; `uploads`: names."""
    return [_field(typed, name, group, uploads) for group, names in GROUPS.items() for name in names]


def _field(typed: Typed, name: str, group: str, uploads: tuple[str, ...]) -> SettingFieldData:
    config, setting = typed.config, SETTINGS[name]
    content = getattr(config, name)
    choices = list(setting.choices)
    if name == "data":
        choices += [one for one in (*uploads, content) if one not in choices]
    if name == "device":  # those that are here
        choices = list(dict.fromkeys(("auto", *devices(), content)))
    kind: Literal["flag", "choice", "number"] = "flag" if type(content) is bool else "choice" if choices else "number"
    given, why = typed.refused.get(name, (_formed(setting, content), ""))
    return {
        "name": name,
        "group": group,
        "label": TrainConfig.label(name),
        "help": f"{setting.meaning}" + (f" ({setting.allowed})" if kind == "number" else ""),
        "kind": kind,
        "choices": choices,
        "titles": _titles(choices) if name == "data" else {},
        "value": content if kind == "flag" else given,
        "shown": matters(config, name),
        "refused": why,
    }


def _titles(names: list[str]) -> dict[str, str]:
    """The names of the files that data sets of one's own came from; two of one name are told apart."""
    titles = {name: title_of(name) for name in names if title_of(name) != name}
    often = Counter(titles.values())
    return {name: title if often[title] == 1 else f"{title} ({name})" for name, title in titles.items()}


def suited(typed: Typed, before: TrainConfig, own: Collection[str]) -> Typed:
    """The settings with a batch and epochs that suit other data than `before`, but for those that are the visitor's
    own by name.

    >>> suited(Typed(TrainConfig(data="MNIST", batch=20, epochs=10), {}), TrainConfig(), []).config.changed()
    {'data': 'MNIST', 'epochs': 2}
    """
    row = _ROWS.get(typed.config.data)
    if row is None or typed.config.data == before.data:
        return typed
    suits: dict[str, Any] = {"batch": row.batch, "epochs": row.epochs}
    changes = {name: number for name, number in suits.items() if name not in own and name not in typed.refused}
    return replace(typed, config=replace(typed.config, **changes))


def matters(config: TrainConfig, name: str) -> bool:
    """Tell whether a setting changes anything beside the others."""
    return {
        "momentum": config.optimizer in ("SGD", "RMSprop"),
        "nesterov": config.optimizer == "SGD",
        "decay": config.schedule == "step",
        "decay_epochs": config.schedule == "step",
        "fold": config.folds > 1,
        "test_size": config.folds < 2,
    }.get(name, True)


def written(content: Any) -> str:
    """A setting as text.

    >>> written(0.1), written(True), written(3.0)
    ('0.1', 'yes', '3')
    """
    if isinstance(content, bool):
        return "yes" if content else "no"
    return f"{content:.12g}" if isinstance(content, float) else str(content)


def differing(configs: list[TrainConfig]) -> list[tuple[str, list[str]]]:
    """The settings that are not the same in all, each in words with its contents.

    >>> differing([TrainConfig(), TrainConfig(epochs=5)])
    [('Epochs', ['3', '5'])]
    """
    names = [name for name in TrainConfig().fields() if len({getattr(config, name) for config in configs}) > 1]
    return [(TrainConfig.label(name), [_content(config, name) for config in configs]) for name in names]


def _formed(setting: DocumentSetting, content: Any) -> str:
    """A setting as the form shows it."""
    return setting.zero if setting.zero and content == 0 else written(content)


def _content(config: TrainConfig, name: str) -> str:
    return title_of(config.data) if name == "data" else _formed(SETTINGS[name], getattr(config, name))
