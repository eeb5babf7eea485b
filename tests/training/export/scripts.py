"""What the script of a run prints, and the records in its words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from playground.training.records import TrainRecord
from tests.alone import output_of


def printed(code: str, folder: Path) -> list[str]:
    """What a script prints, run where nothing of the playground is within reach."""
    assert "playground" not in code
    return output_of(code, folder).splitlines()


def lines_of(records: Sequence[TrainRecord]) -> list[str]:
    """The records in the words of the script."""
    lines = []
    for record in records:
        name, score, tested = "accuracy", record.accuracy, record.test_accuracy
        if record.error is not None:
            name, score, tested = "error", record.error, record.test_error
        lines.append(f"step {record.step}, loss {record.loss}, {name} {score}")
        if record.test_loss is not None:
            lines.append(f"step {record.step}, test loss {record.test_loss}, test {name} {tested}")
    return lines
