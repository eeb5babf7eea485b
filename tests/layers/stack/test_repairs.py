"""A repair does what its label says, and the layer that did not fit runs then or fails for another reason."""

from __future__ import annotations

import pytest

from playground.errors import Repair
from playground.layers.catalogue.spec import Shape, Stack
from playground.layers.document import StackDocument
from playground.layers.pasted.analysis import pasted_listing
from playground.layers.stack.analysis import analyse
from playground.layers.stack.parse import parse_stack
from playground.layers.stack.text import to_text

PICTURE: Shape = (3, 8, 8)


def repairs_of(text: str, shape: Shape) -> dict[str, str]:
    problem = analyse(Stack(parse_stack(text), shape)).problem
    assert problem is not None
    return {repair.label: repair.text for repair in problem.repairs}


@pytest.mark.parametrize(
    ("text", "shape", "repairs"),
    [
        (
            "ReLU BatchNorm1d(eps=0.001)",
            PICTURE,
            {
                "take BatchNorm2d": "ReLU BatchNorm2d(eps=0.001)",
                "insert Flatten": "ReLU Flatten BatchNorm1d(eps=0.001)",
            },
        ),
        ("BatchNorm1d", (2, 3, 4, 5), {"insert Flatten": "Flatten BatchNorm1d"}),
        (
            "Linear(4, in_features=192)",
            PICTURE,
            {"insert Flatten": "Flatten Linear(4, in_features=192)", "set in_features to 8": "Linear(4)"},
        ),
        (
            "Conv2d(2, 9)",
            PICTURE,
            {"set kernel_size to 8": "Conv2d(2, 8)", "set padding to 1": "Conv2d(2, 9, padding=1)"},
        ),
    ],
)
def test_a_repair_does_what_it_says(text: str, shape: Shape, repairs: dict[str, str]) -> None:
    found = repairs_of(text, shape)
    assert found == {label: to_text(parse_stack(repaired)) for label, repaired in repairs.items()}
    for repaired in found.values():
        assert analyse(Stack(parse_stack(repaired), shape)).problem is None


def test_the_kind_of_a_layer_is_mended_in_a_class_too() -> None:
    text = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(3, eps=0.001)
    def forward(self, x):
        return self.norm(x).flatten(1)
"""
    problem = pasted_listing(StackDocument(text, PICTURE, batch=2)).error
    assert problem is not None and problem.repair == Repair("take BatchNorm2d", text.replace("1d", "2d"))
    assert pasted_listing(StackDocument(problem.repair.text, PICTURE, batch=2)).error is None
