"""The gallery of the layers page: every preset opens, runs, and shows the lecture's shapes."""

from __future__ import annotations

import json
import math
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pytest import approx

from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net, script_of
from playground.layers.run.settings import batch_of
from playground.lessons.gallery import Preset
from playground.lessons.presets import STACKS
from playground.lessons.runs import RUNS
from playground.trace.statistics import MANY
from playground.ui.layers.exports import STACK_EXPORTS
from playground.ui.layers.frames import ShownStack, show_stack
from playground.ui.layers.links import restore_stack, stack_query
from tests.layers.pasted_classes import DOCUMENTS
from tests.layers.scripts import printed, shown
from tests.sampled import sampled

TWO = [(10, 22, 22), (10, 22, 22), (55, 21, 21), (55, 21, 21)]  # the two convolutions of L2.4
DIGITS = StackDocument("Conv2d(4, 7, stride=3) ReLU Flatten Dropout(0.2) Linear(10)", batch=16, rng_seed=3)


@pytest.mark.parametrize("entry", sampled(STACKS.presets, 4, name=lambda entry: entry.id))
def test_every_preset_runs_and_its_link_opens_it(entry: Preset[StackDocument]) -> None:
    assert isinstance(show_stack(net_of(entry.document)), ShownStack)
    opened = restore_stack(dict(parse_qsl(stack_query(entry.document))))
    assert opened.document == entry.document and not opened.problems


@pytest.mark.parametrize(
    ("id", "shapes", "total"),
    [
        ("L0.9a", [(784,), (784,)], 784),
        ("L1.1", [(784,), (10,), (10,)], 7850),
        ("L2.3a", [(10, 25, 25), (10, 25, 25), (6250,), (600,), (600,), (600,), (600,), (10,)], 4117380),
        ("L2.3", [(10, 22, 22), (10, 22, 22), (4840,), (600,), (600,), (600,), (600,), (10,)], 3271710),
        ("L2.4", [*TWO, (24255,), (600,), (600,), (600,), (600,), (10,)], 14922965),
        ("two-convolutions", [*TWO, (24255,), (10,)], 245315),
        ("L3.1", [(10, 12, 12), (10, 12, 12), (20, 3, 3), (20, 3, 3), (180,), (5,), (5,), (10,)], 11045),
    ],
)
def test_the_shapes_and_parameters_of_the_lectures(id: str, shapes: list[tuple[int, ...]], total: int) -> None:
    analysis = STACKS.preset(id).document.analysis()
    assert [row.gives for row in analysis.rows] == shapes
    assert analysis.parameters == total


def test_the_three_hundred_units_have_relu_between() -> None:
    texts = {STACKS.preset("L4.6").document.text, RUNS.preset("L4.6a").document.text}
    assert texts == {"Flatten Linear(300) ReLU Linear(10)"}


def test_xor_is_shown_the_points_of_xor() -> None:
    x, labels = batch_of(STACKS.preset("xor").document)
    assert [(*point, label) for point, label in zip(x.tolist(), labels.tolist(), strict=True)] == [
        (a, b, a != b) for a in (0, 1) for b in (0, 1)
    ]


def page_numbers(document: StackDocument) -> list[tuple[str, Any]]:
    """What the page shows, by the script's names: the loss, the norm of every gradient, the loss after a step.

    The norm of a long gradient is summed in blocks of float32 (`trace.summary`), and so close rather than the same.
    """
    recorded = record_net(net_of(document), *batch_of(document))
    assert recorded.step is not None
    long = {f"gradient norm of {p.name}" for p in recorded.step.parameters if math.prod(p.gradient.shape) > MANY}
    return [(name.replace(" net.", " "), approx(n, rel=1e-7) if name in long else n) for name, n in shown(recorded)]


def numbers(lines: list[tuple[str, Any]]) -> list[Any]:
    return [number for _, number in lines]


@pytest.mark.slow
@pytest.mark.parametrize(
    "entry", [p for p in STACKS.presets if "sequential" in net_of(p.document).forms], ids=lambda entry: entry.id
)
def test_the_exported_scripts_print_the_numbers_of_the_page(entry: Preset[StackDocument]) -> None:
    document = entry.document
    expected = page_numbers(document)
    assert numbers(printed(script_of(document, "sequential"))) == numbers(expected)
    module = printed(script_of(document, "module"))
    assert numbers(module) == numbers(expected)
    if not any(layer.branches for layer in document.stack().layers):  # a class numbers what is in its blocks
        assert module == expected
    from_scratch = printed(script_of(document, "tensors"))
    assert [name for name, _ in from_scratch] == [name for name, _ in expected]
    assert numbers(from_scratch) == approx(numbers(module), rel=1e-5)


@pytest.mark.parametrize("classes", [3, 10, 12])
def test_digits_have_the_labels_of_the_page_whatever_the_number_of_classes(classes: int) -> None:
    document = StackDocument(f"Flatten Linear({classes})", classes=classes, batch=20)
    assert printed(script_of(document, "module")) == page_numbers(document)


@pytest.mark.parametrize("document", [DIGITS, DOCUMENTS["residual"]], ids=["digits", "pasted class"])
def test_the_notebook_prints_the_numbers_of_the_page(document: StackDocument) -> None:
    export = next(export for export in STACK_EXPORTS if export.file_name == "stack.ipynb")
    cells = [cell for cell in json.loads(export.make(document))["cells"] if cell["cell_type"] == "code"]
    assert len(cells) > 4
    # As Jupyter does it: each cell is compiled by itself, and all share their names.
    run = [f"exec(compile({''.join(cell['source'])!r}, 'cell {n}', 'exec'))" for n, cell in enumerate(cells)]
    assert numbers(printed("\n".join(run))) == numbers(page_numbers(document))
