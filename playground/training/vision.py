"""torchvision's data sets, imported when they are first needed: a broken torchvision stops only what needs it."""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from playground.errors import PlaygroundError


def torchvision_datasets() -> Any:
    """The module `torchvision.datasets`. Raises PlaygroundError where it is missing or does not match torch."""
    try:
        return importlib.import_module("torchvision.datasets")
    except Exception as error:  # a torchvision built for another torch raises whatever its first missing symbol raises
        hint = "Install the two that belong together: pip install --upgrade torch torchvision."
        message = f"torchvision {_version('torchvision')} does not work with torch {_version('torch')}: {error}"
        raise PlaygroundError(message, hint=f"{hint} The bundled digits need no torchvision.") from error


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
