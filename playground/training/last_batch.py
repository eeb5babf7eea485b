"""A last batch of one example, of which batch norm has no spread: told before a run instead of at its end."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import nn

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of

NEEDS_MORE = "more than 1 value per channel"  # PyTorch's words


def check_last_batch(document: StackDocument, batch: int, examples: int, steps: int = 0) -> None:
    """PlaygroundError where an epoch of so many examples ends with one that comes alone, which the net cannot take.

    `steps`: after which the run stops, 0 at the end of an epoch.
    """
    is_alone = batch == 1 or examples % batch == 1
    is_reached = not steps or steps >= math.ceil(examples / batch)
    if not (is_alone and is_reached and _needs_two(document)):
        return
    sizes = [size for size in (batch - 1, batch + 1, *range(2, examples + 2)) if size > 1 and examples % size != 1]
    hint = f"take batches of {sizes[0]:,}, for example" if sizes else "take more examples"
    alone = "one example" if batch == 1 else f"{batch:,} the last of {examples:,} examples comes alone: of one example"
    raise PlaygroundError(f"in batches of {alone} batch norm has no spread to divide by", hint=hint, text=document.text)


@lru_cache(maxsize=128)
def _needs_two(document: StackDocument) -> bool:
    """Tell whether the net, built once more and in training, refuses a batch of one."""
    net = net_of(document).build()
    if not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in net.modules()):
        return False
    try:
        with torch.no_grad():
            net.train()(torch.zeros(1, *document.input_shape))
    except ValueError as error:
        return NEEDS_MORE in str(error)
    except PlaygroundError as error:  # of a pasted class, in its own words
        return NEEDS_MORE in f"{error} {error.__cause__}"
    return False
