"""How a table was read, so that pandas alone can do it again: kept with the upload, and written into scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LARGEST = 100_000  # characters of one as JSON that are kept


@dataclass(frozen=True, slots=True)
class Recipe:
    """`file`: how the file is written (`Table.source`). `used`: the columns in their order, each with the words that
    become columns of 0 and 1, None for a column of numbers; columns are counted from 0.
    """

    file: Mapping[str, Any]
    used: list[tuple[int, list[str] | None]]
    label: int
    missing: str
    predicts_numbers: bool
    are_pixels: bool

    def to_json(self) -> dict[str, Any] | None:
        """Plain data; None where that is too much to keep, or for a compressed file that is no text."""
        if self.file["compression"] and self.file["format"] != "text":
            return None
        plain = asdict(self)
        return plain if len(json.dumps(plain)) <= LARGEST else None
