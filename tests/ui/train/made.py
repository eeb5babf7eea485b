"""A run as the store would give it, made without one."""

from __future__ import annotations

from typing import Any

from playground.runs.run import Run
from playground.training.config import TrainConfig


def run(**changes: Any) -> Run:
    """A run that waits, with some of its fields changed."""
    new: dict[str, Any] = {
        "id": "3f2a51c0de99", "config": TrainConfig(), "title": "", "owner": "", "status": "queued", "reason": "",
        "wanted": "run", "created": 0.0, "finished": None, "step": 0, "steps": 0, "seconds": 0.0, "parameters": 0,
        "device": "", "worker": "", "attempt": 0, "learning_rate": None, "more_epochs": 0, "threads": None,
        "share": None, "samples": (),
    }  # fmt: skip
    return Run(**new | changes)
