"""Layers of sequences (T, D): T steps of D numbers each."""

from __future__ import annotations

from typing import Any

from torch import nn

from playground.layers.catalogue import fresh, shape_rules
from playground.layers.catalogue.kind import Fixed, Given, Kind, LayerArgument
from playground.layers.catalogue.kinds.arguments import plain
from playground.layers.catalogue.modules import GRU, LSTM, RNN, MultiheadAttention
from playground.layers.catalogue.spec import Shape

BATCH_FIRST = Fixed("batch_first", True, "the batch is the first axis here: (N, T, features)")
_SEQUENCE = (5, 8)  # what the examples of the rows take
_NO_DROPOUT = Fixed("dropout", 0.0, "what it drops could not be repeated: add Dropout as a layer")


def _recurrent(gates: int, kept: int, **row: Any) -> Kind:
    return Kind(
        family="Sequences",
        formula="(T, D) → (T, H), or (T, 2·H) if bidirectional",
        parameters=f"directions·{gates}·H·(D + H + 2 + (num_layers − 1)·(directions·H + H + 2))",
        rule=shape_rules.recurrent(gates, kept),
        arguments=(
            LayerArgument("hidden_size", "int", None, "how many numbers a state has, H", 1, 4096),
            LayerArgument("num_layers", "int", 1, "how many one after the other", 1, 8),
            LayerArgument("bidirectional", "bool", False, "whether a second one reads from the end"),
        ),
        signature=plain("hidden_size", "num_layers", "bidirectional", input_size="last"),
        pins=("input_size",),
        example_shape=_SEQUENCE,
        fresh=fresh.recurrent,
        call="x, _ = {}(x)",
        fixed=(Fixed("bias", True, "every gate has its offsets"), BATCH_FIRST, _NO_DROPOUT),
        **row,
    )


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
        "Embedding",
        "Sequences",
        "A row of numbers, learnt, for each whole number from 0 on; random data are whole numbers then.",
        "(*) → (*, embedding_dim)",
        "num_embeddings·embedding_dim",
        nn.Embedding,
        shape_rules.embedding,
        (
            LayerArgument("num_embeddings", "int", None, "how many different whole numbers there are", 1, 65536),
            LayerArgument("embedding_dim", "int", None, "how many numbers stand for each", 1, 4096),
        ),
        plain("num_embeddings", "embedding_dim"),
        saves="indices",
        example="Embedding(10, 4)",
        example_shape=(5,),
        takes_indices=True,
    ),
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
        fresh=fresh.attention,
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
        fresh=fresh.encoder,
        fixed=(_NO_DROPOUT, BATCH_FIRST),
    ),
    _recurrent(
        4,
        6,
        name="LSTM",
        meaning="A state and a memory go from step to step; gates say what is kept. Hands on the state of every step.",
        build=LSTM,
        original=nn.LSTM,
        saves="unknown",
        example="LSTM(3)",
    ),
    _recurrent(
        3,
        7,
        name="GRU",
        meaning="A state goes from step to step; gates say what of it is kept. Hands on the state of every step.",
        build=GRU,
        original=nn.GRU,
        saves="input and its own",
        example="GRU(3)",
    ),
    _recurrent(
        1,
        1,
        name="RNN",
        meaning="A state goes from step to step, through tanh. Hands on the state of every step.",
        build=RNN,
        original=nn.RNN,
        saves="input and its own",
        example="RNN(3)",
    ),
)
