"""Recording modules: names of parameters, nesting of calls, layers with state, big layers."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from playground.recorder.record import record
from playground.trace.trace import Trace
from tests.recorder.helpers import assert_consistent, node_names, note_kinds, op_names, random_leaf
from tests.recorder.replayed import assert_replayed


def seeded(module: nn.Module) -> nn.Module:
    """The same parameters in every run."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    return module


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.inner:
            x = torch.tanh(layer(x))
        return x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = Block()
        self.shared = self.block.inner[0]
        self.register_buffer("scale", torch.tensor([1.0, 2.0]))
        self.head = nn.Linear(2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.block(x) * self.scale + self.shared(x)).sum()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def net() -> Trace:
    return record(seeded(Net()), random_leaf(3, 2, dtype=torch.float32).detach())


def test_every_call_knows_the_modules_around_it(net: Trace) -> None:
    assert [(op.name, ".".join(op.module)) for op in net.ops] == [
        ("linear", "block.inner.0"),
        ("tanh", "block"),
        ("linear", "block.inner.1"),
        ("tanh", "block"),
        ("mul", ""),
        ("linear", "block.inner.0"),  # the shared layer keeps its first name
        ("add", ""),
        ("linear", "head"),
        ("sum", ""),
    ]


def test_parameters_and_buffers_have_their_names(net: Trace) -> None:
    kinds = {value.name: value.kind for value in net.values if value.op is None}
    assert kinds == {
        "x": "input",
        "block.inner.0.weight": "parameter",
        "block.inner.0.bias": "parameter",
        "block.inner.1.weight": "parameter",
        "block.inner.1.bias": "parameter",
        "scale": "buffer",
        "head.weight": "parameter",
        "head.bias": "parameter",
    }


def test_a_shared_layer_gathers_the_gradients_of_both_uses(net: Trace) -> None:
    weight = net["block.inner.0.weight"].id
    uses = [op.id for op in net.ops for argument in op.inputs if argument.value == weight]
    sent = [
        net.nodes[step.node].edges[part.edge].use
        for step in net.steps
        if step.node is not None
        for part in step.contributions
    ]
    assert sorted(use[0] for use in sent if use is not None and use[1] == "1" and use[0] in uses) == uses
    assert_consistent(net, 1e-4)


def test_linear_keeps_the_shape_and_bias_of_the_course() -> None:
    trace = record(seeded(nn.Linear(3, 4)), torch.ones(2, 3))
    assert [(argument.path, trace.values[argument.value].name) for argument in trace.ops[0].inputs] == [
        ("0", "input"),
        ("1", "weight"),
        ("2", "bias"),
    ]
    assert trace["weight"].shape == (4, 3)
    assert trace["bias"].grad is not None and trace["bias"].grad.tolist() == [2, 2, 2, 2]


def test_tied_weights_are_one_value() -> None:
    first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    second.weight = first.weight
    trace = record(seeded(nn.Sequential(first, second)), torch.ones(1, 2))
    assert [value.name for value in trace.values if value.kind == "parameter"] == ["0.weight"]
    assert_consistent(trace, 1e-4)


def test_a_module_around_the_function() -> None:
    net = seeded(nn.Sequential(nn.Linear(2, 3), nn.Tanh()))
    trace = record(lambda x: net(x).sum(), torch.ones(1, 2))
    assert [(op.name, op.module) for op in trace.ops] == [("linear", ("net", "0")), ("tanh", ("net", "1")), ("sum", ())]
    assert trace["net.0.weight"].kind == "parameter"


def test_a_module_among_the_inputs() -> None:
    trace = record(lambda model, x: model(x).sum(), seeded(nn.Linear(2, 1)), torch.ones(1, 2))
    assert trace["model.weight"].kind == "parameter"


class Expert(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.fc(x))


class Unregistered(nn.Module):
    """Layers as beginners keep them, out of PyTorch's sight: `parameters()` has none of these."""

    def __init__(self) -> None:
        super().__init__()
        self.experts = [Expert(), Expert()]
        self.by_name = {"gate": nn.Linear(2, 2)}
        self.scale = torch.tensor([1.0, 2.0], requires_grad=True)
        self.inner = nn.ModuleList([Expert()])
        self.also = [self.inner[0]]
        vars(self.inner[0])["outer"] = [self]  # a circle

    def forward(self, x: Tensor) -> Tensor:
        weights = self.by_name["gate"](x).softmax(-1)
        mixed = sum(weights[:, [i]] * expert(x) for i, expert in enumerate(self.experts))
        return torch.as_tensor(self.also[0](mixed * self.scale))


def test_modules_in_plain_lists_and_dicts_of_a_module_have_their_paths() -> None:
    trace = record(nn.Sequential(seeded(Unregistered())), torch.ones(3, 2))
    assert {value.name: value.kind for value in trace.values if value.op is None} == {
        "input": "input",
        "0.by_name.gate.weight": "parameter",
        "0.by_name.gate.bias": "parameter",
        "0.experts.0.fc.weight": "parameter",
        "0.experts.0.fc.bias": "parameter",
        "0.experts.1.fc.weight": "parameter",
        "0.experts.1.fc.bias": "parameter",
        "0.scale": "input",
        "0.inner.0.fc.weight": "parameter",  # what is registered keeps its name
        "0.inner.0.fc.bias": "parameter",
    }
    assert [".".join(op.module) for op in trace.ops if op.name in ("linear", "tanh")] == [
        *("0.by_name.gate", "0.experts.0.fc", "0.experts.0", "0.experts.1.fc", "0.experts.1"),
        *("0.inner.0.fc", "0.inner.0"),
    ]
    assert all(value.grad is not None for value in trace.values if value.kind == "parameter")
    assert_replayed(trace)


def test_a_bound_method() -> None:
    trace = record(seeded(Net()).block.forward, torch.ones(1, 2))  # type: ignore[union-attr]
    assert trace["inner.0.weight"].kind == "parameter"
    assert trace.ops[0].module == ("inner", "0")


def test_parameters_are_not_changed_by_a_recording() -> None:
    layer = nn.Linear(2, 2)
    before = layer.weight.detach().clone()
    record(layer, torch.ones(1, 2))
    assert torch.equal(layer.weight, before)
    assert layer.weight.grad is None


def test_a_parameter_that_an_optimizer_changes_later_stays_as_recorded() -> None:
    layer = nn.Linear(2, 2)
    trace = record(layer, torch.ones(1, 2))
    recorded = layer.weight.tolist()
    with torch.no_grad():
        layer.weight.zero_()
    assert trace["weight"].data.tolist() == recorded


def test_batch_norm_in_training_keeps_its_bookkeeping_out_of_the_graph() -> None:
    layer = nn.BatchNorm1d(2)
    trace = record(layer, torch.tensor([[1.0, 2.0], [3.0, 6.0]]))
    assert op_names(trace) == ["batch_norm"]
    assert trace["running_mean"].data.tolist() == [0, 0]
    assert layer.running_mean is not None
    assert trace["running_mean'"].data.tolist() == layer.running_mean.tolist() != [0, 0]
    assert trace["running_mean"].was_modified
    assert [trace.values[index].name for index in trace.ops[0].outputs] == ["v1"]
    assert not trace.ops[0].in_place


def test_a_convolutional_block() -> None:
    block = seeded(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(inplace=True), nn.MaxPool2d(2)))
    trace = record(block, random_leaf(2, 1, 8, 8, dtype=torch.float32).detach())
    assert op_names(trace) == ["conv2d", "batch_norm", "relu", "max_pool2d"]
    before, after = (trace.values[trace.ops[index].outputs[0]] for index in (1, 2))
    assert before.data.statistics.minimum is not None and before.data.statistics.minimum < 0  # the old numbers
    assert after.data.statistics.minimum == 0
    assert_consistent(trace, 1e-3)


@pytest.mark.parametrize("training", [True, False])
def test_dropout(training: bool) -> None:
    layer = nn.Dropout(0.5).train(training)
    trace = record(lambda x: layer(x).sum(), torch.ones(8, requires_grad=True))
    value = trace.values[trace.ops[0].outputs[0]]
    assert (value.alias_of is None) == training
    assert ("no_check" in note_kinds(trace)) == training
    if training:
        assert trace["x"].grad is not None
        assert trace["x"].grad.tolist() == value.data.tolist()  # the same units were dropped


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_layers_are_one_call(kind: type[nn.Module]) -> None:
    layer = seeded(kind(3, 4))
    trace = record(lambda x: layer(x)[0].sum(), random_leaf(5, 2, 3, dtype=torch.float32))
    assert op_names(trace)[0] == kind.__name__.lower().replace("rnn", "rnn_tanh")
    assert trace["layer.weight_ih_l0"].grad is not None
    assert_consistent(trace, 1e-3)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_dropout_inside_a_recurrent_layer_is_random(kind: type[nn.Module]) -> None:
    trace = record(kind(3, 4, 2, dropout=0.5), torch.ones(5, 2, 3))
    assert "no_check" in note_kinds(trace)


def test_attention_is_one_call_with_many_nodes() -> None:
    layer = seeded(nn.MultiheadAttention(8, 2))
    query = random_leaf(5, 2, 8, dtype=torch.float32)
    trace = record(lambda x: layer(x, x, x)[0].sum(), query)
    assert op_names(trace)[0] == "multi_head_attention_forward"
    assert len(trace.ops[0].nodes) > 20
    assert trace["x"].grad is not None
    assert_consistent(trace, 1e-3)


def test_dropout_inside_attention_is_random() -> None:
    layer = nn.MultiheadAttention(8, 2, dropout=0.5)
    assert "no_check" in note_kinds(record(layer, *[torch.ones(5, 2, 8)] * 3))
    assert "no_check" not in note_kinds(record(layer.eval(), *[torch.ones(5, 2, 8)] * 3))


def test_a_transformer_layer() -> None:
    layer = seeded(nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0))
    trace = record(layer, random_leaf(5, 2, 8, dtype=torch.float32).detach())
    assert {".".join(op.module) for op in trace.ops} >= {"self_attn", "linear1", "norm1", ""}
    assert_consistent(trace, 1e-3)


@pytest.mark.parametrize("wrap", ["spectral_norm", "weight_norm"])
def test_parametrized_weights(wrap: str) -> None:
    layer = getattr(torch.nn.utils.parametrizations, wrap)(seeded(nn.Linear(3, 3)))
    trace = record(layer, random_leaf(2, 3, dtype=torch.float32).detach())
    assert_consistent(trace, 1e-3)


def test_functional_call_with_other_parameters() -> None:
    layer = nn.Linear(2, 1)

    def fn(weight: Tensor, bias: Tensor, x: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(layer, {"weight": weight, "bias": bias}, (x,))
        return result.sum()

    trace = record(fn, torch.ones(1, 2, requires_grad=True), torch.ones(1, requires_grad=True), torch.ones(3, 2))
    assert trace["weight"].grad is not None and trace["weight"].grad.tolist() == [[3, 3]]


def test_a_loss_on_a_network_with_labels() -> None:
    model = seeded(nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)))
    x, labels = torch.ones(5, 4), torch.tensor([0, 1, 0, 1, 1])
    trace = record(lambda x, labels: F.cross_entropy(model(x), labels), x, labels)
    assert "LogSoftmaxBackward0" in node_names(trace)
    parameters = [value for value in trace.values if value.kind == "parameter"]
    assert len(parameters) == 4 and all(value.grad is not None for value in parameters)
    plain = F.cross_entropy(model(x), labels)
    plain.backward()
    for name, parameter in model.named_parameters():
        grad = trace[f"model.{name}"].grad
        assert grad is not None and torch.equal(grad.tensor(), parameter.grad)  # type: ignore[arg-type]


def test_depth_is_no_problem() -> None:
    layers = [seeded(nn.Linear(2, 2)) for _ in range(150)]
    trace = record(nn.Sequential(*layers), torch.ones(1, 2))
    assert len(trace.ops) == 150
    assert all(earlier.outputs[0] == later.inputs[0].value for earlier, later in pairwise(trace.ops))


class Careful(nn.Module):
    """Falls back on another layer where the first does not take its input."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Sequential(nn.Tanh()), nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        try:
            return torch.as_tensor(self.first(x))
        except ValueError:
            return torch.exp(self.second(x))


@pytest.mark.parametrize("process_wide", [False, True], ids=["of the layer", "process-wide"])
@pytest.mark.parametrize("place", ["first", "first.0"])
def test_a_hook_that_raises_before_a_layer_leaves_the_nesting_right(place: str, process_wide: bool) -> None:
    net = Careful()
    refusing = net.get_submodule(place)

    def refuse(module: nn.Module, _: object) -> None:
        if module is refusing:
            raise ValueError("not this one")

    if process_wide:
        handle = nn.modules.module.register_module_forward_pre_hook(refuse)
    else:
        handle = refusing.register_forward_pre_hook(refuse)
    try:
        trace = record(net, random_leaf(3))
    finally:
        handle.remove()
    assert [(op.name, op.module) for op in trace.ops] == [("sigmoid", ("second",)), ("exp", ())]


def test_what_a_hook_computes_before_a_layer_is_computed_in_it() -> None:
    net = nn.Sequential(nn.Tanh(), nn.Tanh())
    net[1].register_forward_pre_hook(lambda _, inputs: (2 * inputs[0],))
    trace = record(net, random_leaf(3))
    assert [(op.name, op.module) for op in trace.ops] == [("tanh", ("0",)), ("mul", ("1",)), ("tanh", ("1",))]
