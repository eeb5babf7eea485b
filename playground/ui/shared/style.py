"""The styles of every page."""

from pathlib import Path

STYLE = Path(__file__).with_name("page.css")
