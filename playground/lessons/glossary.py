"""`GLOSSARY`: what the terms on the pages mean, by chapter, from glossary.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

GLOSSARY: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
