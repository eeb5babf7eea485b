"""Normalisation and dropout: what keeps training in its range."""

from __future__ import annotations

from typing import Any

from torch import nn

from playground.layers.catalogue import fresh, shape_rules
from playground.layers.catalogue.kind import Given, Kind, LayerArgument
from playground.layers.catalogue.kinds.arguments import PICTURE, plain
from playground.layers.catalogue.modules import SeededDropout, SeededDropout2d
from playground.layers.catalogue.spec import Shape

_affine = LayerArgument("affine", "bool", True, "whether a scale and an offset are learnt")
_momentum = LayerArgument("momentum", "float", 0.1, "how much of each batch the kept statistics take on", 0.0, 1.0)
_eps = LayerArgument("eps", "float", 1e-5, "added to the variance", 1e-12, 65536.0)


def _layer_norm(shape: Shape, given: Given) -> dict[str, Any]:
    return {
        "normalized_shape": shape[-given["dims"] :],
        "eps": given["eps"],
        "elementwise_affine": given["elementwise_affine"],
    }


def _group_norm(shape: Shape, given: Given) -> dict[str, Any]:
    return {"num_groups": given["num_groups"], "num_channels": shape[0], "eps": given["eps"], "affine": given["affine"]}


NORMALISATION: tuple[Kind, ...] = (
    Kind(
        "BatchNorm1d",
        "Normalisation",
        "Each feature to mean 0 and deviation 1 over the batch, then scaled.",
        "the same shape",
        "2·features (0 without affine)",
        nn.BatchNorm1d,
        shape_rules.batch_norm(1),
        (_eps, _momentum, _affine),
        plain("eps", "momentum", "affine", num_features="channels"),
        pins=("num_features",),
        saves="input and statistics of the batch",
        example="BatchNorm1d",
        example_shape=(5,),
    ),
    Kind(
        "BatchNorm2d",
        "Normalisation",
        "Each channel to mean 0 and deviation 1 over the batch, then scaled.",
        "the same shape",
        "2·C (0 without affine)",
        nn.BatchNorm2d,
        shape_rules.batch_norm(2),
        (_eps, _momentum, _affine),
        plain("eps", "momentum", "affine", num_features="channels"),
        pins=("num_features",),
        saves="input and statistics of the batch",
        example="BatchNorm2d",
        example_shape=PICTURE,
    ),
    Kind(
        "InstanceNorm2d",
        "Normalisation",
        "Each channel of each picture by itself to mean 0 and deviation 1.",
        "the same shape",
        "2·C (0 without affine)",
        nn.InstanceNorm2d,
        shape_rules.instance_norm,
        (_eps, LayerArgument("affine", "bool", False, "whether a scale and an offset are learnt")),
        plain("eps", "affine", num_features="channels"),
        pins=("num_features",),
        saves="input and statistics",
        example="InstanceNorm2d",
        example_shape=PICTURE,
    ),
    Kind(
        "LayerNorm",
        "Normalisation",
        "Each example to mean 0 and deviation 1 over its last axes, then scaled.",
        "the same shape",
        "2·sizes of the last axes (0 without elementwise_affine)",
        nn.LayerNorm,
        shape_rules.layer_norm,
        (
            LayerArgument("dims", "int", 1, "how many of the last axes", 1, 3),
            _eps,
            LayerArgument("elementwise_affine", "bool", True, "whether a scale and an offset are learnt"),
        ),
        _layer_norm,
        saves="input and statistics",
        example="LayerNorm",
        example_shape=(5,),
    ),
    Kind(
        "GroupNorm",
        "Normalisation",
        "Each group of channels of an example to mean 0 and deviation 1, then scaled channel by channel.",
        "the same shape",
        "2·C (0 without affine)",
        nn.GroupNorm,
        shape_rules.group_norm,
        (LayerArgument("num_groups", "int", None, "how many groups of channels", 1, 1024), _eps, _affine),
        _group_norm,
        pins=("num_channels",),
        saves="input and statistics",
        example="GroupNorm(2)",
        example_shape=(4, 3, 3),
        fresh=fresh.groups,
    ),
    Kind(
        "Dropout",
        "Normalisation",
        "Sets each number to 0 with probability p while training, and scales up the others.",
        "the same shape",
        "0",
        SeededDropout,
        shape_rules.same,
        (LayerArgument("p", "float", 0.5, "probability", 0.0, 0.99),),
        plain("p"),
        saves="mask",
        example="Dropout(0.3)",
        example_shape=(4,),
    ),
    Kind(
        "Dropout2d",
        "Normalisation",
        "Sets whole channels to 0 with probability p while training, and scales up the others.",
        "the same shape",
        "0",
        SeededDropout2d,
        shape_rules.pictures,
        (LayerArgument("p", "float", 0.5, "probability", 0.0, 0.99),),
        plain("p"),
        saves="mask",
        example="Dropout2d(0.3)",
        example_shape=PICTURE,
    ),
)
