"""Nets to begin with: they fit whatever the input, the classes and the loss are."""

from __future__ import annotations

import pytest

from playground.layers.catalogue.losses import LOSSES
from playground.layers.catalogue.spec import Shape
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.layers.run.settings import check_output
from playground.layers.stack.starters import starters
from playground.ui.layers.frames import Answer, show_stack, stack_frame


@pytest.mark.parametrize("loss", [loss.name for loss in LOSSES])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 1, 1), (2,), (5, 8), (2, 3, 4, 5), (200_000,)])
@pytest.mark.parametrize("classes", [2, 10])
def test_every_starter_runs(shape: Shape, loss: str, classes: int) -> None:
    empty = StackDocument("", shape, loss, classes, "random", batch=2)
    found = starters(empty.stack())
    assert len(found) >= 2
    for starter in found:
        document = StackDocument(starter.text, shape, loss, classes, "random", batch=2)
        check_output(document.analysis().checked(), document)


def test_an_empty_stack_is_told_how_to_begin_and_not_scolded() -> None:
    net = net_of(StackDocument(""))
    frame = stack_frame(net, [], show_stack(net), Answer())
    assert (frame["error"], frame["problem"], frame["cautions"]) == (None, None, [])
    assert [starter["label"] for starter in frame["starters"]] == ["One Linear", "A hidden layer", "A convolution"]
    net = net_of(StackDocument("Flatten"))
    assert stack_frame(net, [], show_stack(net), Answer())["starters"] == []
