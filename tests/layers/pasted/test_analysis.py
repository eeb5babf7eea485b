"""The rows of a pasted class: the costs of a stack of the same layers, shared weights once, misfits marked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from playground.layers.catalogue.table import KINDS
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, script_of
from playground.layers.pasted.analysis import pasted_listing
from playground.layers.pasted.build import build_pasted
from playground.layers.pasted.parse import parse_module
from playground.layers.stack.build import build
from tests.layers.pasted_classes import DOCUMENTS
from tests.layers.scripts import random_batch

LENET = DOCUMENTS["lenet"]
PLAIN = [kind for kind in KINDS if not (kind.branches or kind.takes_indices)]


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.name)
def test_every_kind_has_the_row_of_a_stack(kind) -> None:  # type: ignore[no-untyped-def]
    stack = StackDocument(f"{kind.example} Flatten Linear(3)", kind.example_shape, classes=3, data="random", batch=2)
    code = script_of(stack, "module")
    text = code[code.index("class Net") : code.index("torch.manual_seed")].replace(" = Bias(", " = nn.Bias(")
    text = text.replace(" = Reshape(", " = nn.Reshape(")
    expected, found = stack.analysis(), pasted_listing(replace(stack, text=text))
    assert found.error is None and found.output == expected.output
    assert [(row.kind, row.name) for row in found.rows] == [(row.layer.kind, row.name) for row in expected.rows]
    for mine, row in zip(found.rows, expected.rows, strict=True):
        assert (mine.takes, mine.gives, mine.formula) == (row.takes, row.gives, row.formula)
        assert (mine.parameters, mine.parameters_formula) == (row.parameters, row.parameters_formula)
        assert mine.multiplications == 2 * row.multiplications
        assert mine.span is not None and mine.span.of(text) == mine.text
    # What a layer keeps is counted where it is first kept; the totals are the same.
    assert found.multiplications == 2 * expected.multiplications and found.parameters == expected.parameters
    learns = any(p.requires_grad for p in build(expected).get_submodule(expected.rows[0].name).parameters())
    if learns and expected.saved_with(2) is not None:
        assert found.saved == expected.saved_with(2)


def test_a_layer_that_is_called_twice_is_listed_twice_and_counted_once() -> None:
    analysis = pasted_listing(DOCUMENTS["tied"])
    assert [row.name for row in analysis.rows] == ["first", "second", "first", "last"]
    first, second, again, _ = analysis.rows
    assert again.parameters == 0 and again.parameters_formula == "counted above"
    assert second.parameters == 6 and first.parameters == 42  # one weight for both
    assert sum(row.parameters for row in analysis.rows) == analysis.parameters
    products = sum(row.multiplications for row in analysis.rows)
    assert analysis.multiplications == products + 4 * 6 * 3  # x @ weight.T outside of the layers


def test_classes_of_the_text_and_sequences_are_blocks() -> None:
    document = DOCUMENTS["residual"]
    rows = pasted_listing(document).rows
    assert [row.name for row in rows][:5] == ["stem", "stage", "stage.0", "stage.0.conv1", "stage.0.bn1"]
    assert [row.path for row in rows][:5] == [(0,), (1,), (1, 0, 0), (1, 0, 0, 0, 0), (1, 0, 0, 0, 1)]
    block = next(row for row in rows if row.name == "stage.0")
    assert block.kind == "Block" and block.is_block and block.gives == (6, 4, 4)
    net = build_pasted(parse_module(document.text))
    assert block.parameters == sum(p.numel() for p in net.get_submodule("stage.0").parameters())
    inside = [row for row in rows if row.path[: len(block.path)] == block.path and not row.is_block]
    assert block.multiplications == sum(row.multiplications for row in inside)


def test_a_cell_in_a_loop_has_a_row_for_every_step() -> None:
    rows = pasted_listing(DOCUMENTS["recurrent"]).rows
    assert [row.name for row in rows if not row.is_block][:4] == ["cell.i2h", "cell.h2h", "cell.i2h", "cell.h2h"]
    assert len([row for row in rows if row.name == "cell"]) == 4


def test_totals_belong_to_what_is_computed_without_layers() -> None:
    text = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 3))
    def forward(self, x):
        return x @ self.w
"""
    analysis = pasted_listing(StackDocument(text, (4,), batch=5))
    assert (analysis.rows, analysis.parameters, analysis.multiplications) == ((), 12, 5 * 4 * 3)
    assert analysis.saved == 5 * 4 * 4  # x, for the gradient of w


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("nn.Linear(400, 120)", "nn.Linear(401, 120)", "Linear expects in_features = 401, and got 400"),
        ("nn.Conv2d(6, 16, 5)", "nn.Conv2d(7, 16, 5)", "Conv2d expects in_channels = 7, and got 6"),
        ("        x = x.view(x.size(0), -1)\n", "", "Linear expects in_features = 400, and got 5"),
        ("nn.Conv2d(6, 16, 5)", 'nn.Conv2d(6, 16, 5, padding="same")', "Linear expects in_features = 400, and got 784"),
        ("nn.Conv2d(6, 16, 5)", "nn.Conv2d(6, 16, 15)", "Conv2d expects at least 15 in each direction, and got 14"),
    ],
)
def test_a_misfit_is_marked_and_mended_and_what_is_before_stays(wrong: str, right: str, message: str) -> None:
    document = replace(LENET, text=LENET.text.replace(wrong, right))
    analysis = pasted_listing(document)
    problem = analysis.error
    assert problem is not None and problem.message == message and problem.span is not None
    assert problem.span.of(document.text).startswith("self.")
    last = analysis.rows[-1]
    assert last.gives is None and not last.is_block
    assert all(row.gives is not None for row in analysis.rows[:-1])
    trace = net_of(document).trace_before_problem(random_batch(document)[0])
    assert trace is not None and trace.values[trace.outputs[-1]].shape[1:] == analysis.rows[-2].gives
    assert problem.repair is not None
    mended = pasted_listing(replace(document, text=problem.repair.text))
    later = None if mended.error is None else mended.error.message
    assert later != message and len(mended.rows) > len(analysis.rows)


def test_a_misfit_in_a_sequence_is_mended_in_it() -> None:
    text = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Linear(72, 3))
    def forward(self, x):
        return self.net(x)
"""
    problem = pasted_listing(StackDocument(text, (1, 8, 8), batch=2)).error
    assert problem is not None and problem.repair is not None
    assert "nn.ReLU(), nn.Flatten(), nn.Linear(72, 3)" in problem.repair.text
    assert pasted_listing(StackDocument(problem.repair.text, (1, 8, 8), batch=2)).error is None


def test_nothing_is_raised_for_a_text_that_is_not_understood() -> None:
    analysis = pasted_listing(StackDocument("class Net(nn.Module):\n    x", (4,)))
    assert analysis.rows == () and analysis.error is not None


def test_the_summary_of_a_class_is_a_table() -> None:
    lines = net_of(DOCUMENTS["recurrent"]).summary().splitlines()
    assert lines[0].split()[:3] == ["name", "layer", "output"] and lines[-1].startswith("total")
    assert len(lines) == len(pasted_listing(DOCUMENTS["recurrent"]).rows) + 2
    assert (
        net_of(replace(LENET, text=LENET.text.replace("400", "4"))).summary().splitlines()[-1].startswith("stopped: ")
    )


def test_a_stride_that_does_not_keep_the_size_is_mended() -> None:
    text = LENET.text.replace("nn.Conv2d(1, 6, 5, padding=2)", 'nn.Conv2d(1, 6, 5, 2, "same")')
    error = pasted_listing(replace(LENET, text=text)).error
    assert error is not None and error.message == 'Conv2d expects a stride of 1 with padding="same", and got 2'
    assert error.repair is not None and 'nn.Conv2d(1, 6, 5, 1, "same")' in error.repair.text
    assert pasted_listing(replace(LENET, text=error.repair.text)).error is None


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_size_of_a_class_is_counted_as_its_list_is(name: str) -> None:
    net, document = net_of(DOCUMENTS[name]), DOCUMENTS[name]
    assert net.size().multiplications * document.batch == net.listing.multiplications > 0
