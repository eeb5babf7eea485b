"""Layers in both modes, embeddings with settings, recurrent cells, the galleries: no false line, no missing word."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

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


@pytest.mark.parametrize("entry", STACKS.presets, ids=lambda entry: entry.id)
def test_of_the_gallery_of_stacks(entry: Preset[StackDocument]) -> None:
    trace = record_net(net_of(entry.document), *batch_of(entry.document)).trace
    assert complaints(trace) == []
    again = Trace.from_json(trace.to_json())  # which keeps no more than a summary of most tensors
    assert explain(again).steps == explain(trace).steps
