"""One step of a recurrent layer, which a class calls itself: `h, c = self.cell(x, (h, c))`."""

from __future__ import annotations

from typing import Any

from torch import nn

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Kind, LayerArgument
from playground.layers.catalogue.kinds.arguments import plain


def _cell(gates: int, **row: Any) -> Kind:
    return Kind(
        family="Sequences",
        formula="(D) → (H)",
        parameters=f"{gates}·H·(D + H + 2) ({gates}·H·(D + H) without bias)",
        rule=shape_rules.cell(gates),
        arguments=(
            LayerArgument("hidden_size", "int", None, "how many numbers a state has, H", 1, 4096),
            LayerArgument("bias", "bool", True, "whether every gate has its offsets"),
        ),
        signature=plain("hidden_size", "bias", input_size="last"),
        pins=("input_size",),
        saves="unknown",
        example_shape=(8,),
        **row,
    )


CELLS: tuple[Kind, ...] = (
    _cell(4, name="LSTMCell", meaning="One step of an LSTM: the next state and memory.", build=nn.LSTMCell),
    _cell(3, name="GRUCell", meaning="One step of a GRU: the next state.", build=nn.GRUCell),
    _cell(1, name="RNNCell", meaning="One step of an RNN: the next state.", build=nn.RNNCell),
)
