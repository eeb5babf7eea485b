"""Stacks as text: what is written is read back, also as PyTorch code, and what is wrong is marked where it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.errors import PlaygroundError
from playground.layers.catalogue.spec import Stack
from playground.layers.catalogue.table import KINDS
from playground.layers.document import StackDocument
from playground.layers.net.net import script_of
from playground.layers.stack.analysis import analyse
from playground.layers.stack.parse import parse_stack
from playground.layers.stack.text import to_text
from tests.layers.stacks import documents, stacks

WORDS = [*(kind.name for kind in KINDS), "nn.", "Sequential", "net", "=", "(", ")", ",", ";", "->", "-1", "0.5", "2"]
WORDS += ['"same"', "same", '"', "\n", " ", "#", "bias", "True", "stride", "é", "'", "[", "]", "1e99", "99999999999999"]


def without_matching_pins(stack: Stack) -> Stack:
    """Pins that say what is inferred anyway are dropped: what pasted PyTorch code is full of."""
    for row in analyse(stack).rows:
        if row.layer.pins:
            stack = stack.replace(row.path, replace(row.layer, pins=()))
    return stack


@given(stacks())
def test_text_is_read_back(stack: Stack) -> None:
    text = to_text(stack.layers)
    assert parse_stack(text) == stack.layers
    assert to_text(parse_stack(text)) == text


@given(documents())
def test_sequential_code_is_read_back(document: StackDocument) -> None:
    stack = document.stack()
    code = script_of(document, "sequential")
    net = code[code.index("net =") : code.index("loss_function =")]
    for pasted in (net, net.removeprefix("net = "), code):
        read = Stack(parse_stack(pasted), stack.input_shape, stack.loss, stack.classes)
        assert without_matching_pins(read) == stack


@given(st.lists(st.sampled_from(WORDS), max_size=20).map("".join) | st.text(max_size=60))
def test_any_text_gives_layers_or_a_marked_error(text: str) -> None:
    try:
        layers = parse_stack(text)
    except PlaygroundError as error:
        assert error.span is not None and 0 <= error.span.start <= error.span.end <= len(text)
        assert error.message and error.text == text
    else:
        assert parse_stack(to_text(layers)) == layers


@pytest.mark.parametrize(
    ("text", "marked", "message", "hint"),
    [
        ("Flatten Relux Linear(10)", "Relux", "unknown layer `Relux`", "did you mean ReLU?"),
        ("nn.Sequential(nn.ReLU(), tf.Dense(3))", "tf.Dense", "`tf` is unknown", "write nn.Linear"),
        ("Flatten Linear(10", "(", "this bracket is not closed", "write )"),
        ("Residual(Linear(4) ReLU", "(", "this bracket is not closed", "write )"),
        ("Flatten ReLU)", ")", "`)` is not understood here", ""),
        ("Flatten Linear", "Linear", "Linear needs out_features", "for instance Linear(3)"),
        ("nn.Flatten(), nn.Linear(784)", "nn.Linear", "Linear needs out_features", "for instance Linear(3)"),
        ("Conv2d(4, 3, stride=0)", "0", "stride of Conv2d is", "how far the window moves"),
        ('Conv2d(4, 3, padding="sane")', '"sane"', "padding of Conv2d is one or two whole", "the size stays"),
        ("Conv2d(4, 3, stride=same)", "same", "stride of Conv2d is one or two whole numbers", "how far"),
        ("Conv2d(4, 3, steps=2)", "steps=2", "Conv2d has no argument steps", "stride"),
        ("Linear(3, True, 5)", "5", "Linear has no argument number 3", "out_features, bias"),
        ("Linear(2.5)", "2.5", "out_features of Linear is", ""),
        ("Linear(3 4)", "4", "a comma is missing", ""),
        ("Residual()", "Residual", "Residual takes a sub-stack", "for instance"),
        ("Parallel(ReLU)", "Parallel", "Parallel takes at least two", "for instance"),
        ("nn.Softmax(dim=0)", "dim=0", "dim = 0 is not supported", "dim = 1"),
        ("Residual(" * 7 + "ReLU" + ")" * 7, "Residual", "nested more than 6 deep", "the limit is 6"),
        ("Sequential(" * 200 + "ReLU" + ")" * 200, "Sequential", "nested more than", "the limit is 6"),
    ],
)
def test_what_is_wrong_is_marked(text: str, marked: str, message: str, hint: str) -> None:
    with pytest.raises(PlaygroundError) as caught:
        parse_stack(text)
    error = caught.value
    assert error.span is not None and error.span.of(text) == marked
    assert error.message.startswith(message) and hint in error.hint


@pytest.mark.parametrize(
    ("text", "repaired"), [("Relux Flatten", "ReLU Flatten"), ("Linear(10", "Linear(10)"), ("Linaer(3)", "Linear(3)")]
)
def test_a_repair_gives_a_text_that_is_read(text: str, repaired: str) -> None:
    with pytest.raises(PlaygroundError) as caught:
        parse_stack(text)
    assert caught.value.repair is not None and caught.value.repair.text == repaired
    assert to_text(parse_stack(repaired)) == repaired


@pytest.mark.parametrize(
    ("code", "marked", "repaired"),
    [
        ("nn.MultiheadAttention(8, 2), nn.ReLU()", "nn.MultiheadAttention",
         "nn.MultiheadAttention(8, 2, batch_first=True), nn.ReLU()"),
        ("MultiheadAttention(2, batch_first=False)", "False", "MultiheadAttention(2, batch_first=True)"),
        ("nn.Sequential(nn.LSTM(28, 64, 2))", "nn.LSTM", "nn.Sequential(nn.LSTM(28, 64, 2, batch_first=True))"),
        ("nn.TransformerEncoderLayer(8, 2, 16, 0.0)", "nn.TransformerEncoderLayer",
         "nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)"),
    ],
)  # fmt: skip
def test_what_has_one_content_here_is_said_and_mended(code: str, marked: str, repaired: str) -> None:
    with pytest.raises(PlaygroundError, match="batch_first=True here") as caught:
        parse_stack(code)
    assert caught.value.span is not None and caught.value.span.of(code) == marked
    assert caught.value.repair is not None and caught.value.repair.text == repaired
    assert parse_stack(repaired)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("net = nn.Sequential(\n    nn.Linear(784, 10),\n)", "Linear(10, in_features=784)"),
        ("import torch\nfrom torch import nn\n\nnet = nn.Sequential(nn.ReLU())\nprint(net)", "ReLU"),
        ("self.net = torch.nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(1))", "ReLU Flatten"),
        ("nn.LayerNorm(5), nn.LayerNorm((3, 4)), nn.LayerNorm([2])", "LayerNorm LayerNorm(2) LayerNorm"),
        ("nn.Softmax(dim=1), nn.LogSoftmax(1)", "Softmax LogSoftmax"),
        ("nn.MultiheadAttention(8, 2, batch_first=True)", "MultiheadAttention(2, embed_dim=8)"),
        ("nn.LSTM(28, 64, 2, True, True)", "LSTM(64, num_layers=2, input_size=28)"),
        ("GRU(input_size=8, hidden_size=3, bidirectional=True)", "GRU(3, bidirectional=True, input_size=8)"),
        (
            "nn.TransformerEncoderLayer(8, nhead=2, dropout=0, activation='gelu', batch_first=True)",
            'TransformerEncoderLayer(2, activation="gelu", d_model=8)',
        ),
        ("MultiheadAttention(embed_dim=8, num_heads=2)", "MultiheadAttention(2, embed_dim=8)"),
        ("Residual(nn.Sequential(nn.ReLU(), Bias(5))), Reshape(2, -1)", "Residual(ReLU Bias) Reshape(2, -1)"),
        (
            "Conv2d(8, 3, padding=same) Conv1d(2, 3, padding=valid)",
            'Conv2d(8, 3, padding="same") Conv1d(2, 3, padding="valid")',
        ),
        ("nn.Conv2d(1, 8, 3, padding='same')", 'Conv2d(8, 3, padding="same", in_channels=1)'),
        ("nn.MaxPool2d(2, 2), nn.Dropout(p=0.3)", "MaxPool2d(2, stride=2) Dropout(0.3)"),
    ],
)
def test_pasted_code_is_read(code: str, text: str) -> None:
    assert to_text(parse_stack(code)) == text
