"""`Variant`: a document made of another one by one change, to be put beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

D = TypeVar("D", covariant=True)  # the document


@dataclass(frozen=True, slots=True)
class Variant(Generic[D]):
    """The changed document and what it is called."""

    name: str  # 'float64', 'no-activation'
    label: str  # 'without relu'
    document: D
