"""Settings that fit other data: as many outputs as it has classes, or one, and a loss that can compare them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from playground.errors import PlaygroundError
from playground.layers.catalogue.losses import loss_of
from playground.layers.catalogue.spec import Shape
from playground.layers.net.net import net_of
from playground.layers.run.settings import check_output
from playground.training.config import TrainConfig
from playground.training.model import document_of
from playground.training.size import size_of

HIDDEN = 32  # units of the net for a table; a picture has more to say


def fitted(config: TrainConfig, input_shape: Shape, classes: int, known: Collection[str] = ()) -> TrainConfig:
    """The settings for data of this shape with so many classes, 0 where numbers are predicted.

    The net gets the outputs that are wanted; one of the `known` texts that does not run on the data gives way to a
    small net, and a text of somebody's own stays. Numbers are compared by MSELoss, and a table is normalised: its
    columns are in units of their own.

    >>> fitted(TrainConfig(), (4,), 3).changed()
    {'text': 'Flatten Linear(100) ReLU Linear(3)', 'normalise': True}
    >>> fitted(TrainConfig("Conv2d(8, 3) Flatten Linear(10)"), (4,), 0, ["Conv2d(8, 3) Flatten Linear(10)"]).text
    'Linear(32) ReLU Linear(1)'
    """
    if not classes and not loss_of(config.loss).takes_numbers:
        config = replace(config, loss="MSELoss")
    if len(input_shape) == 1:
        config = replace(config, normalise=True)
    document = document_of(config, input_shape, classes)
    outputs = [caution for caution in net_of(document).cautions() if caution.id == "outputs"]
    text = next((cure.text for caution in outputs for cure in caution.repairs), config.text)
    try:
        check_output(size_of(replace(document, text=text)).output, document)
    except PlaygroundError:
        if config.text in known:
            hidden = f"Linear({HIDDEN})" if len(input_shape) == 1 else "Flatten Linear(100)"
            text = f"{hidden} ReLU Linear({classes or 1})"
    return replace(config, text=text)
