"""The gallery of the layers page: every preset opens, runs, and shows the lecture's shapes."""

from __future__ import annotations

import runpy
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from playground.layers.code import to_code
from playground.layers.run import run_stack
from playground.lessons.stacks import StackPreset, stack_preset, stack_presets
from playground.ui.stack_frames import ShownStack, batch_of, show_stack
from playground.ui.stack_links import open_stack, stack_query


@pytest.mark.parametrize("entry", stack_presets(), ids=lambda entry: entry.id)
def test_every_preset_runs_and_its_link_opens_it(entry: StackPreset) -> None:
    assert isinstance(show_stack(entry.document), ShownStack)
    opened = open_stack({"v": "1", "stack": entry.document.text, **_query(entry)})
    assert opened.document == entry.document and not opened.problems


def _query(entry: StackPreset) -> dict[str, str]:
    return {key: content for key, content in parse_qsl(stack_query(entry.document)) if key not in ("v", "stack")}


@pytest.mark.parametrize(
    ("id", "shapes", "total"),
    [
        ("L0.9a", [(784,), (784,)], 784),
        ("L1.1", [(784,), (10,), (10,)], 7850),
        ("L2.3", [(10, 22, 22), (10, 22, 22), (4840,), (600,), (600,), (10,)], 2911110),
        ("L2.4", [(10, 22, 22), (10, 22, 22), (55, 21, 21), (55, 21, 21), (24255,), (10,)], 245315),
        ("L3.1", [(10, 12, 12), (10, 12, 12), (20, 3, 3), (20, 3, 3), (180,), (5,), (5,), (10,)], 11045),
    ],
)
def test_the_shapes_and_parameters_of_the_lectures(id: str, shapes: list[tuple[int, ...]], total: int) -> None:
    analysis = stack_preset(id).document.analysis()
    assert [row.gives for row in analysis.rows] == shapes
    assert analysis.parameters == total


@pytest.mark.parametrize("entry", [p for p in stack_presets() if not p.document.is_own], ids=lambda entry: entry.id)
def test_the_exported_scripts_print_the_numbers_of_the_page(
    entry: StackPreset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = entry.document
    recorded = run_stack(document, *batch_of(document))
    assert recorded.step is not None
    file = tmp_path / "stack.py"
    for form in ("sequential", "module", "tensors"):
        file.write_text(to_code(document, form), encoding="utf-8")
        runpy.run_path(str(file))
        first, *_, last = capsys.readouterr().out.splitlines()
        printed = [float(line.partition(" = ")[2]) for line in (first, last)]
        shown = [recorded.loss, recorded.step.loss_after]
        assert printed == (pytest.approx(shown, rel=1e-5) if form == "tensors" else shown), form
