"""The cost of training a net, known before it is built, and the error for one that costs too much."""

from __future__ import annotations

from functools import lru_cache

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.layers.listing import NetSize
from playground.layers.net.net import net_of
from playground.training.limits import LIMITS

EVALUATED_AT_ONCE = 500  # examples; more would need more memory, and is no faster


@lru_cache(maxsize=128)
def size_of(document: StackDocument) -> NetSize:
    """The size of a net: by arithmetic for a list of layers; a pasted class is built and run with two examples.
    PlaygroundError where the net does not fit its input.

    >>> size_of(StackDocument("Flatten Linear(10)"))
    NetSize(output=(10,), parameters=7850, outputs=794, multiplications=7840, largest='flatten1')
    """
    if document.vocabulary is not None:
        message = "an Embedding takes whole numbers, and a data set gives measurements"
        raise PlaygroundError(message, hint="begin with another layer, for instance Linear", text=document.text)
    return net_of(document).size()


def evaluated_at_once(size: NetSize) -> int:
    """Examples that go through the net together when it is tested."""
    return max(1, min(EVALUATED_AT_ONCE, LIMITS.outputs // max(size.outputs, 1)))


def check_size(size: NetSize, batch: int, text: str) -> None:
    """PlaygroundError for a net that has nothing to learn, too much to learn, or gives more than memory should hold for
    a batch of so many examples."""
    if not size.parameters:
        raise PlaygroundError("a net without parameters has nothing to learn", hint="add a Linear", text=text)
    if size.parameters > LIMITS.parameters:
        hint = f"at most {LIMITS.parameters:,} can be trained here"
        raise PlaygroundError(f"{size.parameters:,} parameters", hint=hint, text=text)
    if size.outputs * batch > LIMITS.outputs:
        fits = LIMITS.outputs // size.outputs
        most = f", {size.largest} the most" if size.largest else ""
        message = (
            f"the layers give {size.outputs:,} numbers for one example{most}: {size.outputs * batch:,} for a batch"
        )
        smaller = f"take a batch of at most {fits:,}, or a net with fewer outputs" if fits else "let layers give fewer"
        hint = f"a step may keep {LIMITS.outputs:,}: {smaller}, for example by a larger stride"
        raise PlaygroundError(f"{message} of {batch:,}", hint=hint, text=text)
