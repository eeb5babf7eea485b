"""Layers of sequences (T, D): T steps of D numbers each."""

from __future__ import annotations

from typing import Any

from torch import nn

from playground.layers.catalogue import shape_rules
from playground.layers.catalogue.kind import Fixed, Given, Kind, LayerArgument
from playground.layers.catalogue.kinds.arguments import plain
from playground.layers.catalogue.modules import MultiheadAttention
from playground.layers.catalogue.spec import Shape

BATCH_FIRST = Fixed("batch_first", True, "the batch is the first axis here: (N, T, features)")
_SEQUENCE = (5, 8)  # what the examples of the rows take


def _encoder(shape: Shape, given: Given) -> dict[str, Any]:
    activation = {} if given["activation"] == "relu" else {"activation": given["activation"]}
    return {
        "d_model": shape[-1],
        "nhead": given["nhead"],
        "dim_feedforward": given["dim_feedforward"],
        "dropout": 0.0,
        **activation,
        "batch_first": True,
        "norm_first": given["norm_first"],
    }


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
    Kind(
        "TransformerEncoderLayer",
        "Sequences",
        "Attention, then two Linear with an activation between; each is added to its input and normalised. No dropout.",
        "the same shape",
        "4·D·D + 2·D·dim_feedforward + dim_feedforward + 9·D",
        nn.TransformerEncoderLayer,
        shape_rules.encoder,
        (
            LayerArgument("nhead", "int", None, "how many heads of attention, each of a part of the features", 1, 64),
            LayerArgument("dim_feedforward", "int", 2048, "how many features stand between the two Linear", 1, 65536),
            LayerArgument("activation", "word", "relu", "what stands between the two Linear", words=("relu", "gelu")),
            LayerArgument("norm_first", "bool", False, "whether inputs are normalised, and not sums"),
        ),
        _encoder,
        pins=("d_model",),
        saves="input and its own",
        example="TransformerEncoderLayer(2, dim_feedforward=16)",
        example_shape=_SEQUENCE,
        fixed=(Fixed("dropout", 0.0, "what it drops could not be repeated: add Dropout as a layer"), BATCH_FIRST),
    ),
)
