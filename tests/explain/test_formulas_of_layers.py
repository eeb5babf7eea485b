"""Layers in both modes, embeddings with settings, recurrent cells, the galleries: no false line, no missing word."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from playground.errors import PlaygroundError
from playground.explain.explanation import explain
from playground.language.document import Document
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net
from playground.layers.run.settings import batch_of
from playground.lessons.gallery import Preset
from playground.lessons.presets import EXPRESSIONS, STACKS
from playground.recorder.record import record
from playground.trace.trace import Trace
from tests.explain.reading import Reader


def complaints(trace: Trace) -> list[str]:
    return list(Reader(explain(trace)).complaints())


def said(trace: Trace) -> str:
    return " ".join(text.sentence for text in explain(trace).steps)


def rows(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).requires_grad_()


LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "batch norm": (lambda: nn.BatchNorm1d(3), (4, 3)),
    "batch norm of pictures": (lambda: nn.BatchNorm2d(2), (3, 2, 4, 4)),
    "batch norm without weights": (lambda: nn.BatchNorm1d(3, affine=False), (4, 3)),
    "layer norm": (lambda: nn.LayerNorm(3), (4, 3)),
    "group norm": (lambda: nn.GroupNorm(1, 2), (2, 2, 3)),
    "instance norm": (lambda: nn.InstanceNorm1d(2, affine=True), (2, 2, 3)),
    "linear": (lambda: nn.Linear(3, 2), (4, 3)),
    "linear of one": (lambda: nn.Linear(3, 2), (3,)),
    "linear of a batch of rows": (lambda: nn.Linear(3, 2), (2, 4, 3)),
    "linear of ones": (lambda: nn.Linear(1, 1), (1, 1)),
    "convolution": (lambda: nn.Conv2d(1, 2, 2), (1, 1, 3, 3)),
    "dropout": (lambda: nn.Dropout(0.5), (4, 3)),
    "gru": (lambda: nn.GRU(2, 3), (4, 1, 2)),
    "lstm": (lambda: nn.LSTM(2, 3), (4, 1, 2)),
    "rnn": (lambda: nn.RNN(2, 3), (4, 1, 2)),
    "gru cell": (lambda: nn.GRUCell(2, 3), (1, 2)),
    "lstm cell": (lambda: nn.LSTMCell(2, 3), (2, 2)),
    "attention": (lambda: nn.MultiheadAttention(2, 1), (3, 1, 2)),
    "transformer": (lambda: nn.TransformerEncoderLayer(2, 1, 4, dropout=0.0), (3, 1, 2)),
    "prelu": (lambda: nn.PReLU(), (4,)),
    "mish": (lambda: nn.Mish(), (5,)),
    "selu": (lambda: nn.SELU(), (5,)),
    "relu6": (lambda: nn.ReLU6(), (5,)),
    "reflection": (lambda: nn.ReflectionPad2d(1), (2, 2, 3, 4)),
    "pixel shuffle": (lambda: nn.PixelShuffle(2), (1, 4, 2, 2)),
    "bilinear": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), (1, 1, 2, 3)),
    "bicubic": (lambda: nn.Upsample(scale_factor=2, mode="bicubic"), (1, 1, 2, 3)),
    "instance norm of pictures": (lambda: nn.InstanceNorm2d(2), (2, 2, 3, 3)),
    "pooling of signals": (lambda: nn.Sequential(nn.MaxPool1d(2), nn.AvgPool1d(2)), (1, 2, 8)),
    "tanhshrink": (lambda: nn.Tanhshrink(), (1,)),
}


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.filterwarnings("ignore")
def test_of_layers(name: str, training: bool) -> None:
    make, shape = LAYERS[name]
    torch.manual_seed(0)
    layer = make().train(training)
    given = [rows(*shape)] * (3 if name == "attention" else 1)
    assert complaints(record(layer, *given)) == []


def test_batch_norm_in_evaluation_is_a_constant_scale() -> None:
    norm = nn.BatchNorm1d(3)
    assert "through the mean and variance of the batch" in said(record(norm, rows(4, 3)))
    norm.eval()
    text = said(record(norm, rows(4, 3)))
    assert "in evaluation the statistics are constants" in text
    assert "of the batch" not in text


ONES = torch.ones(2, 2, 3, dtype=torch.float64)
KERNEL = torch.ones(1, 2, 2, dtype=torch.float64)
PARTS: dict[str, tuple[Callable[..., Tensor], str]] = {
    "bias of a layer norm": (
        lambda b: F.layer_norm(ONES, (3,), None, b),
        "to a, summed over the samples.",
    ),
    "weight and bias of a layer norm": (
        lambda w, b: F.layer_norm(ONES, (3,), w, b),
        "to a, times the normalised input, summed over the samples, and to b, summed over the samples.",
    ),
    "input of a layer norm": (lambda x: F.layer_norm(x, (3,)), "to a, through the mean and variance of each sample."),
    "bias of a batch norm": (
        lambda b: F.batch_norm(ONES.mT, None, None, None, b, training=True),
        "to a, summed over all axes but the channels'.",
    ),
    "bias of a group norm": (
        lambda b: F.group_norm(ONES.mT, 1, None, b),
        "to a, summed over all axes but the channels'.",
    ),
    "bias of a convolution": (
        lambda b: F.conv1d(ONES, KERNEL, b[:1]),
        "summed over all places and examples.",
    ),
    "kernel of a convolution": (
        lambda w: F.conv1d(ONES, w.expand(1, 2, 3)),
        "times what the kernel was laid on, summed over all places and examples.",
    ),
    "windows with a divisor": (
        lambda x: F.avg_pool1d(x[None, None], 3).sum() + F.avg_pool2d(x[None, None], (1, 3), divisor_override=1),
        "over 1, to each element of its window.",
    ),
    "dropout": (
        lambda x: torch.native_dropout(x, 0.5, True)[0],
        "over 1 − p where the element was kept, and 0 elsewhere.",
    ),
    "one piece of two": (lambda x: x.split(2)[0], "v̄₁ goes to a,"),
}


@pytest.mark.parametrize("name", PARTS)
def test_what_one_argument_gets_is_told_alone(name: str) -> None:
    function, sentence = PARTS[name]
    leaves = [torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True) for _ in range(2)]
    names = ["a", "b"][: function.__code__.co_argcount]
    trace = record(lambda *given: function(*given).sum(), *leaves[: len(names)], names=names)
    assert any(sentence in step.sentence for step in explain(trace).steps)


def test_an_embedding_says_what_its_settings_do() -> None:
    looked_up = torch.tensor([0, 1, 2, 2])
    plain = said(record(nn.Embedding(4, 2), looked_up, names=["i"]))
    assert "into the rows that were looked up." in plain and "in place" not in plain
    padded = said(record(nn.Embedding(4, 2, padding_idx=1), looked_up, names=["i"]))
    assert "none into the row of padding, 1." in padded
    scaled = said(record(nn.Embedding(4, 2, scale_grad_by_freq=True), looked_up, names=["i"]))
    assert "over how often each row was looked up." in scaled
    bounded = said(record(nn.Embedding(4, 2, max_norm=0.1), looked_up, names=["i"]))
    assert "in place: it shortens the rows that it looks up, where they are longer than max_norm, in weight" in bounded
    assert "overwrites i" not in bounded


@pytest.mark.parametrize("entry", EXPRESSIONS.presets, ids=lambda entry: entry.id)
def test_of_the_gallery_of_expressions(entry: Preset[Document]) -> None:
    try:
        trace = entry.document.run()
    except PlaygroundError:  # two of them show a mistake
        return
    assert complaints(trace) == []


@pytest.mark.slow
@pytest.mark.parametrize("entry", STACKS.presets, ids=lambda entry: entry.id)
def test_of_the_gallery_of_stacks(entry: Preset[StackDocument]) -> None:
    trace = record_net(net_of(entry.document), *batch_of(entry.document)).trace
    assert complaints(trace) == []
    again = Trace.from_json(trace.to_json())  # which keeps no more than a summary of most tensors
    assert explain(again).steps == explain(trace).steps
