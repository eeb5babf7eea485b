"""What scripts print, and what the page shows of the same net."""

from __future__ import annotations

import contextlib
import io
import runpy
import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from playground.layers.document import StackDocument
from playground.layers.run.record_batch import Recorded
from playground.layers.run.settings import batch_of


def random_batch(document: StackDocument) -> tuple[Tensor, Tensor]:
    """Noise `x` (N, *input_shape) and labels (N,), whatever data the document names."""
    return batch_of(replace(document, data="random"))


def printed(code: str) -> list[tuple[str, float]]:
    """What a script prints, as names and numbers; the process's own random numbers stay where they are."""
    output = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, torch.random.fork_rng(devices=[]):
        path = Path(folder, "script.py")
        path.write_text(code, encoding="utf-8")
        with contextlib.redirect_stdout(output):
            try:
                runpy.run_path(str(path))
            finally:
                torch.set_default_dtype(torch.float32)
    return read(output.getvalue())


def read(output: str) -> list[tuple[str, float]]:
    lines = [line.rpartition(" = ") for line in output.splitlines()]
    return [(name, float(number)) for name, _, number in lines]


def shown(recorded: Recorded) -> list[tuple[str, float]]:
    """What the page shows, in the script's order."""
    adjoints = {value.name: value.adjoint for value in recorded.trace.values if value.kind == "parameter"}
    numbers = [("loss", recorded.loss)]
    assert recorded.step is not None
    for parameter in recorded.step.parameters:
        adjoint = adjoints[parameter.name]
        assert adjoint is not None and adjoint.statistics.norm is not None
        numbers.append((f"gradient norm of {parameter.name}", adjoint.statistics.norm))
    return [*numbers, ("loss after one step", recorded.step.loss_after)]
