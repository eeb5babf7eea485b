"""Arguments that several families share: those of a window, and how a constructor is given its own."""

from __future__ import annotations

from typing import Any

from playground.layers.catalogue.kind import Given, LayerArgument
from playground.layers.catalogue.spec import Shape

WINDOW = "floor((n + 2·padding − kernel)/stride + 1)"
FILTER = "floor((n + 2·padding − dilation·(kernel − 1) − 1)/stride + 1)"  # padding "same" gives n
PICTURE = (2, 8, 8)  # what the examples of the rows take

KERNEL = LayerArgument("kernel_size", "size", None, "height and width of the filter", 1, 64)
STRIDE = LayerArgument("stride", "size", 1, "how far the window moves", 1, 64)
DILATION = LayerArgument("dilation", "size", 1, "how far apart the filter's numbers lie", 1, 64)
PADDING = LayerArgument("padding", "size", 0, "zeros added on every side", 0, 64)
SAME = ("same", "valid")  # the paddings of a convolution that have a name: the size stays, or nothing is added
FILTER_PADDING = LayerArgument("padding", "size", 0, "zeros added on every side; same: the size stays", 0, 64, SAME)


def plain(*names: str, **first: str) -> Any:
    """A constructor's arguments: in-sizes by their place in the shape, then our own arguments by the same names."""

    def signature(shape: Shape, given: Given) -> dict[str, Any]:
        places = {"channels": shape[:1], "last": shape[-1:]}
        inside = {name: places[place][0] for name, place in first.items()}
        return inside | {name: given[name] for name in names}

    return signature
