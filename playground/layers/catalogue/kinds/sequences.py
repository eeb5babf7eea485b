"""Layers of sequences (T, D): T steps of D numbers each."""

from __future__ import annotations

from torch import nn

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Fixed, Kind, LayerArgument
from playground.layers.catalogue.kinds.arguments import plain
from playground.layers.catalogue.modules import MultiheadAttention

BATCH_FIRST = Fixed("batch_first", True, "the batch is the first axis here: (N, T, features)")
_SEQUENCE = (5, 8)  # what the examples of the rows take

SEQUENCES: tuple[Kind, ...] = (
    Kind(
        "MultiheadAttention",
        "Sequences",
        "Every step mixes all steps, by how well its query fits their keys; queries, keys and values are its input.",
        "the same shape",
        "4·D·D + 4·D",
        MultiheadAttention,
        shape_rules.attention,
        (LayerArgument("num_heads", "int", None, "how many mixtures, each of a part of the features", 1, 64),),
        plain("num_heads", embed_dim="last"),
        pins=("embed_dim",),
        saves="input and its own",
        example="MultiheadAttention(2)",
        example_shape=_SEQUENCE,
        original=nn.MultiheadAttention,
        call="x, _ = {}(x, x, x, need_weights=False)",
        fixed=(BATCH_FIRST,),
    ),
)
