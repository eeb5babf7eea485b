"""The classic blocks as people write them: recorded, every call repeated, every gradient beside plain PyTorch's."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from playground.recorder.record import record
from playground.trace.trace import Trace
from tests.recorder.helpers import assert_differences_agree, op_names
from tests.recorder.replayed import Draws, assert_replayed

SEED = 7  # of what is drawn in a run
LENGTHS = torch.tensor([5, 3])
PADDING = torch.arange(5) >= LENGTHS[:, None]  # True where a sequence has ended
CAUSAL = torch.ones(5, 5).tril().bool()


class Attention(nn.Module):
    """Attention by hand, as in a small GPT: causal, and blind to padding."""

    def __init__(self, width: int = 8, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.register_buffer("causal", CAUSAL)

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q, k, v = (t.view(batch, length, self.heads, -1).transpose(1, 2) for t in (q, k, v))
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
        scores = scores.masked_fill(~self.causal[:length, :length], float("-inf"))  # type: ignore[index]
        scores = scores.masked_fill(padding[:, None, None, :], float("-inf"))
        mixed = (scores.softmax(dim=-1) @ v).transpose(1, 2).contiguous().view(batch, length, width)
        return torch.as_tensor(self.out(mixed))


class FusedAttention(Attention):
    """The same by PyTorch's own function."""

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = (t.view(batch, length, self.heads, -1).transpose(1, 2) for t in self.qkv(x).split(width, dim=2))
        allowed = self.causal & ~padding[:, None, None, :]  # type: ignore[operator]
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        return torch.as_tensor(self.out(mixed.transpose(1, 2).reshape(batch, length, width)))


class OnlyCausal(nn.Module):
    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)


class MultiHead(nn.Module):
    """PyTorch's own layer, with both masks."""

    def __init__(self, need_weights: bool) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.need_weights = need_weights

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        masks = {"attn_mask": ~CAUSAL, "key_padding_mask": padding}
        mixed, weights = self.attention(x, x, x, need_weights=self.need_weights, **masks)
        return torch.as_tensor(mixed if weights is None else mixed.sum() + (weights**2).sum())


class CellInALoop(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell, self.head = nn.LSTMCell(3, 4), nn.Linear(4, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = c = torch.zeros(x.shape[0], 4)
        outputs = []
        for step in range(x.shape[1]):
            h, c = self.cell(x[:, step], (h, c))
            outputs.append(self.head(h))
        return torch.stack(outputs, dim=1)


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.Module], is_packed: bool = False) -> None:
        super().__init__()
        self.rnn = kind(3, 4, num_layers=2, batch_first=True, bidirectional=True)
        self.is_packed = is_packed

    def forward(self, x: Tensor) -> Tensor:
        if not self.is_packed:
            return torch.as_tensor(self.rnn(x)[0])
        packed, _ = self.rnn(pack_padded_sequence(x, LENGTHS, batch_first=True))
        return pad_packed_sequence(packed, batch_first=True)[0]


class DoubleConvolution(nn.Sequential):
    def __init__(self, ins: int, outs: int) -> None:
        super().__init__(
            *(nn.Conv2d(ins, outs, 3, padding=1, bias=False), nn.BatchNorm2d(outs), nn.ReLU(inplace=True)),
            *(nn.Conv2d(outs, outs, 3, padding=1, bias=False), nn.BatchNorm2d(outs), nn.ReLU(inplace=True)),
        )


class UNet(nn.Module):
    """Two levels down, and up again: by interpolation, and by a transposed convolution with padding."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2, self.bottom = (DoubleConvolution(*n) for n in ((1, 2), (2, 4), (4, 4)))
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.up2, self.up1 = DoubleConvolution(8, 4), DoubleConvolution(4, 2)
        self.head = nn.Conv2d(2, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        first = self.down1(x)
        second = self.down2(F.max_pool2d(first, 2))
        low = self.bottom(F.max_pool2d(second, 2))
        low = F.interpolate(low, size=second.shape[2:], mode="bilinear", align_corners=False)
        low = self.up(self.up2(torch.cat([second, low], dim=1)))
        rows, columns = first.shape[2] - low.shape[2], first.shape[3] - low.shape[3]
        low = F.pad(low, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2])
        return torch.as_tensor(self.head(self.up1(torch.cat([first, low], dim=1))))


class LanguageModel(nn.Module):
    """The projection to the vocabulary is the embedding itself."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.head = nn.Embedding(7, 4), nn.Linear(4, 7, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, tokens: Tensor) -> Tensor:
        logits = self.head(torch.tanh(self.embedding(tokens)))
        return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())


class TwoExperts(nn.Module):
    """Each expert's answer, weighed by the gate."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(4, 2)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(4, 6), nn.GELU(), nn.Linear(6, 4)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        weights = self.gate(x).softmax(dim=-1)
        answers = torch.stack([expert(x) for expert in self.experts], dim=-2)
        return torch.as_tensor((weights.unsqueeze(-1) * answers).sum(dim=-2))


class TopOne(TwoExperts):
    """Each row goes to one expert, and is scaled by the gate's confidence."""

    def forward(self, x: Tensor) -> Tensor:
        confidence, chosen = self.gate(x).softmax(dim=-1).max(dim=-1)
        out = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            mine = chosen == index
            if mine.any():
                out[mine] = confidence[mine, None] * expert(x[mine])
        return out


class TopOneByIndex(TwoExperts):
    """The same, gathered and scattered by positions."""

    def forward(self, x: Tensor) -> Tensor:
        scores, chosen = torch.topk(self.gate(x).softmax(dim=-1), k=1)
        out = torch.zeros_like(x)
        for index, expert in enumerate(self.experts):
            rows, place = torch.where(chosen == index)
            out.index_add_(0, rows, expert(x[rows]) * scores[rows, place, None])
        return out


class SqueezeAndExcite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Conv2d(4, 2, 1), nn.Conv2d(2, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        scale = F.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.excite(F.relu(self.squeeze(scale))))


class StochasticDepth(nn.Module):
    """Residual blocks of which some are left out: for a whole batch, and for each picture by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Conv2d(2, 2, 3, padding=1) for _ in range(6))

    def forward(self, x: Tensor) -> Tensor:
        for index, block in enumerate(self.blocks):
            if index % 2 == 0:
                if torch.rand(1).item() < 0.5:
                    continue
                x = x + F.relu(block(x), inplace=True)
            else:
                kept = x.new_empty(x.shape[0], 1, 1, 1).bernoulli_(0.5).div_(0.5)
                x = x + kept * block(x)
        return x


class Siamese(nn.Module):
    """One tower for both inputs; a loss on the distance."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        distance = F.pairwise_distance(self.tower(left), self.tower(right))
        same = torch.tensor([1.0, 0.0, 1.0])
        return (same * distance**2 + (1 - same) * F.relu(2.0 - distance) ** 2).mean()


class Translator(nn.Module):
    """PyTorch's own encoder and decoder, with all masks."""

    def __init__(self) -> None:
        super().__init__()
        self.transformer = nn.Transformer(8, 2, 1, 1, 16, dropout=0.1, batch_first=True)

    def forward(self, source: Tensor, target: Tensor, padding: Tensor) -> Tensor:
        causal = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        masks = {"tgt_mask": causal, "src_key_padding_mask": padding, "memory_key_padding_mask": padding}
        return torch.as_tensor(self.transformer(source, target, tgt_is_causal=True, **masks))


def numbers(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def separable() -> nn.Module:
    depthwise = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False)
    return nn.Sequential(depthwise, nn.Conv2d(4, 6, 1), nn.BatchNorm2d(6), nn.ReLU6(inplace=True))


def normed(norm: Callable[[nn.Module], nn.Module]) -> nn.Module:
    first, last = norm(nn.Conv2d(2, 3, 3)), norm(nn.Linear(12, 1))
    return nn.Sequential(first, nn.LeakyReLU(0.2, inplace=True), nn.Flatten(), last)


def layers(kind: type[nn.Module]) -> nn.Module:
    layer = kind(8, 2, 16, dropout=0.1, batch_first=True, norm_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)  # type: ignore[arg-type]


SEQUENCE = (numbers(2, 5, 8), PADDING)
BLOCKS: dict[str, tuple[Callable[[], nn.Module], tuple[Tensor, ...]]] = {
    "attention by hand": (Attention, SEQUENCE),
    "attention by one function": (FusedAttention, SEQUENCE),
    "attention that is causal": (OnlyCausal, tuple(numbers(1, 2, 5, 4, seed=seed) for seed in range(3))),
    "multi-head attention": (lambda: MultiHead(False), SEQUENCE),
    "multi-head attention and its weights": (lambda: MultiHead(True), SEQUENCE),
    "LSTM cells in a loop": (CellInALoop, (numbers(2, 5, 3),)),
    "LSTM": (lambda: Recurrent(nn.LSTM), (numbers(2, 5, 3),)),
    "LSTM on packed sequences": (lambda: Recurrent(nn.LSTM, True), (numbers(2, 5, 3),)),
    "GRU": (lambda: Recurrent(nn.GRU), (numbers(2, 5, 3),)),
    "U-Net": (UNet, (numbers(2, 1, 9, 11),)),
    "tied weights": (LanguageModel, (torch.tensor([[0, 3, 2, 6, 3], [1, 1, 4, 5, 0]]),)),
    "weight norm": (lambda: normed(parametrizations.weight_norm), (numbers(2, 2, 4, 4),)),
    "spectral norm": (lambda: normed(parametrizations.spectral_norm), (numbers(2, 2, 4, 4),)),
    "two experts": (TwoExperts, (numbers(6, 4),)),
    "top-1 routing": (TopOne, (numbers(6, 4),)),
    "top-1 routing by index": (TopOneByIndex, (numbers(6, 4),)),
    "squeeze and excite": (SqueezeAndExcite, (numbers(2, 4, 3, 3),)),
    "depthwise separable": (separable, (numbers(2, 4, 4, 4),)),
    "stochastic depth": (StochasticDepth, (numbers(3, 2, 4, 4),)),
    "siamese": (Siamese, (numbers(3, 4), numbers(3, 4, seed=2))),
    "transformer": (Translator, (numbers(2, 5, 8), numbers(2, 4, 8, seed=2), PADDING)),
    "encoder, norm first": (lambda: layers(nn.TransformerEncoderLayer), (numbers(2, 5, 8),)),
}


def block(name: str) -> tuple[nn.Module, tuple[Tensor, ...]]:
    make, inputs = BLOCKS[name]
    torch.manual_seed(0)
    return make(), tuple(tensor.detach().clone().requires_grad_(tensor.requires_grad) for tensor in inputs)


def assert_gradients_are_pytorchs(trace: Trace, model: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    torch.manual_seed(SEED)
    torch.autograd.backward(model(*inputs).sum())
    plain = [parameter.grad for parameter in model.parameters()] + [x.grad for x in inputs if x.requires_grad]
    leaves = {value.name: value for value in trace.values if value.is_leaf and value.requires_grad}
    names = [name for name, _ in model.named_parameters()]
    names += [name for name, value in leaves.items() if value.kind == "input"]
    assert len(names) == len(plain)
    for name, expected in zip(names, plain, strict=True):
        mine = leaves[name].grad if name in leaves else None  # a block that was left out reads no parameters
        assert (mine is None) == (expected is None), name
        assert mine is None or torch.equal(mine.tensor(), expected), name  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block(name: str) -> None:
    model, inputs = block(name)
    plain_model, plain_inputs = copy.deepcopy(model), block(name)[1]
    torch.manual_seed(SEED)
    with Draws() as draws:
        trace = record(model, *inputs)
    assert_replayed(trace, draws)
    assert_gradients_are_pytorchs(trace, plain_model, plain_inputs)
    assert all(check.gap == 0 for check in trace.sums)
    assert_differences_agree(trace, 1e-3)
    assert Trace.from_json(trace.to_json()) == trace


def test_tied_weights_are_one_leaf_with_both_gradients() -> None:
    model, (tokens,) = block("tied weights")
    trace = record(model, tokens)
    assert [value.name for value in trace.values if value.kind == "parameter"] == ["embedding.weight"]
    weight = trace["embedding.weight"]
    reads = [(op.name, argument.path) for op in trace.ops for argument in op.inputs if argument.value == weight.id]
    assert reads == [("embedding", "1"), ("linear", "1")]
    untied = copy.deepcopy(model)
    assert isinstance(untied, LanguageModel)
    untied.head.weight = nn.Parameter(untied.embedding.weight.detach().clone())
    torch.autograd.backward(untied(tokens))
    both = untied.embedding.weight.grad, untied.head.weight.grad
    assert both[0] is not None and both[1] is not None and weight.grad is not None
    assert torch.allclose(weight.grad.tensor(), both[0] + both[1], rtol=1e-6, atol=1e-8)


def test_a_shared_tower_is_recorded_twice_under_one_name() -> None:
    model, inputs = block("siamese")
    trace = record(model, *inputs)
    assert [op.module for op in trace.ops if op.name == "linear"] == [("tower", "0"), ("tower", "2")] * 2
    assert {value.name for value in trace.values if value.kind == "parameter"} == {
        f"tower.{layer}.{part}" for layer in (0, 2) for part in ("weight", "bias")
    }


def test_each_row_goes_through_one_expert() -> None:
    model, inputs = block("top-1 routing")
    trace = record(model, *inputs)
    rows = [trace.values[op.outputs[0]].shape[0] for op in trace.ops if op.module[:1] == ("experts",)]
    assert sum(rows) == 3 * len(inputs[0]), "three calls of an expert for each row"
    assert {op.module[1] for op in trace.ops if op.module[:1] == ("experts",)} == {"0", "1"}


def test_blocks_that_are_left_out_are_not_there() -> None:
    model, inputs = block("stochastic depth")
    torch.manual_seed(SEED)
    trace = record(model, *inputs)
    ran = {op.module for op in trace.ops if op.name == "conv2d"}
    assert {("blocks", str(index)) for index in (1, 3, 5)} <= ran and len(ran) < 6
    assert op_names(trace).count("bernoulli_") == 3
