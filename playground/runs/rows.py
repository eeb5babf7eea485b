"""Convert rows of the store to records and back. All that is kept is JSON that a browser reads too: it knows no NaN."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from playground.runs.run import Run
from playground.trace.json_numbers import encode
from playground.training.config import TrainConfig
from playground.training.records import TrainRecord

_NUMBER = "number"  # {"number": "NaN"} stands for a number that is not finite


def run_of(row: Row[Any]) -> Run:
    """The run that a row of `RUNS` holds."""
    return Run(
        **{name: getattr(row, name) for name in Run.__dataclass_fields__ if name not in ("config", "samples")},
        config=_config_of(row.config),
        samples=_samples_of(row.samples),
    )


@lru_cache(maxsize=1024)  # a page that polls its runs asks for the same ones twice a second
def _config_of(text: str) -> TrainConfig:
    return TrainConfig.from_fields(json.loads(text))


def samples_text(samples: Sequence[Sequence[float]]) -> str:
    """Probabilities as text; none where a net that has diverged gives no numbers."""
    is_finite = all(math.isfinite(probability) for row in samples for probability in row)
    return json.dumps(samples if is_finite else [], allow_nan=False)


def _samples_of(text: str) -> tuple[tuple[float, ...], ...]:
    return () if "NaN" in text else tuple(map(tuple, json.loads(text)))  # older rows may hold it


def record_text(record: TrainRecord) -> str:
    """A record as text.

    >>> record_of(record_text(TrainRecord(1, 0.1, 2.3, 0.1, 0.1, 0.0, 0.0, test_loss=math.inf))).test_loss
    inf
    """
    return json.dumps(_strict(record.to_json()), allow_nan=False)


def record_of(text: str) -> TrainRecord:
    """The record that `record_text` gave."""
    hook = _number if f'"{_NUMBER}"' in text else None  # seldom, and it costs a call for every layer
    return TrainRecord.from_json(json.loads(text, object_hook=hook))


def _strict(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _strict(part) for name, part in content.items()}
    if isinstance(content, list | tuple):
        return [_strict(part) for part in content]
    is_number = isinstance(content, float) and not math.isfinite(content)
    return {_NUMBER: encode(content)} if is_number else content


def _number(found: dict[str, Any]) -> Any:
    return float(found[_NUMBER]) if found.keys() == {_NUMBER} else found
