"""`UnfitSetting`: a setting that is allowed in itself, and does not fit the stack or the other settings."""

from __future__ import annotations

from playground.errors import PlaygroundError


class UnfitSetting(PlaygroundError):
    """The page marks `field` of a StackDocument where it stands."""

    def __init__(self, field: str, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.field = field


__all__ = ["UnfitSetting"]
