"""The script from scratch: no module, no optimizer where a line will do."""

from __future__ import annotations

from playground.computing.device import CPU, here
from playground.layers.export.operations import computed, drawn, parameter_names, variable
from playground.layers.export.script import MOVED
from playground.layers.export.sequential import SequentialWriter
from playground.layers.stack.analysis import StackRow

LOG_SOFTMAX = '''\
def log_softmax(x):
    """Over axis 1; without the largest score taken off, exp overflows."""
    x = x - x.amax(1, keepdim=True).detach()
    return x - x.exp().sum(1, keepdim=True).log()
'''
UNIFORM = '''\
def uniform(*shape, fan_in):
    """As PyTorch draws those of Linear and Conv2d: uniform within 1/sqrt(fan_in)."""
    bound = fan_in**-0.5
    return torch.empty(*shape).uniform_(-bound, bound).requires_grad_()
'''
XAVIER = '''\
def xavier(outputs, inputs):
    """As PyTorch draws the projections of attention: uniform within sqrt(6 / (inputs + outputs))."""
    bound = (6 / (inputs + outputs)) ** 0.5
    return torch.empty(outputs, inputs).uniform_(-bound, bound).requires_grad_()
'''
ATTENTION = '''\
def attention(x, heads, in_weight, in_bias, out_weight, out_bias):
    """Every step mixes the values of all steps, by the softmax of its query times their keys."""
    parts = (x @ in_weight.T + in_bias).chunk(3, 2)
    query, key, value = (part.unflatten(2, (heads, -1)).transpose(1, 2) for part in parts)
    weights = (query @ key.transpose(2, 3) / query.shape[3] ** 0.5).softmax(3)
    return (weights @ value).transpose(1, 2).flatten(2) @ out_weight.T + out_bias
'''
LSTM = '''\
def lstm(x, weight_ih, weight_hh, bias_ih, bias_hh):
    """A memory goes from step to step; gates say what comes in, what is forgotten and what is shown as the state."""
    memory = state = torch.zeros(len(x), weight_hh.shape[1])
    states = []
    for step in x.unbind(1):
        gates = step @ weight_ih.T + bias_ih + state @ weight_hh.T + bias_hh
        comes_in, stays, new, is_shown = gates.chunk(4, 1)
        memory = torch.sigmoid(stays) * memory + torch.sigmoid(comes_in) * torch.tanh(new)
        state = torch.sigmoid(is_shown) * torch.tanh(memory)
        states.append(state)
    return torch.stack(states, 1)
'''
GRU = '''\
def gru(x, weight_ih, weight_hh, bias_ih, bias_hh):
    """A state goes from step to step; gates say what of it makes the new one, and what of it stays."""
    state = torch.zeros(len(x), weight_hh.shape[1])
    states = []
    for step in x.unbind(1):
        reset_x, stays_x, new_x = (step @ weight_ih.T + bias_ih).chunk(3, 1)
        reset_h, stays_h, new_h = (state @ weight_hh.T + bias_hh).chunk(3, 1)
        new = torch.tanh(new_x + torch.sigmoid(reset_x + reset_h) * new_h)
        state = new + torch.sigmoid(stays_x + stays_h) * (state - new)
        states.append(state)
    return torch.stack(states, 1)
'''
RNN = '''\
def rnn(x, weight_ih, weight_hh, bias_ih, bias_hh):
    """A state goes from step to step."""
    state = torch.zeros(len(x), weight_hh.shape[1])
    states = []
    for step in x.unbind(1):
        state = torch.tanh(step @ weight_ih.T + bias_ih + state @ weight_hh.T + bias_hh)
        states.append(state)
    return torch.stack(states, 1)
'''
RECURRENT = {"LSTM": LSTM, "GRU": GRU, "RNN": RNN}
LOSSES = {
    "CrossEntropyLoss": "-log_softmax(output)[torch.arange(len(target)), target].mean()",
    "NLLLoss": "-output[torch.arange(len(target)), target].mean()",
    "MSELoss": "((output - target) ** 2).mean()",
    "L1Loss": "(output - target).abs().mean()",
    "BCEWithLogitsLoss": "(F.softplus(output) - target * output).mean()",
}


class TensorsWriter(SequentialWriter):
    """Weights as tensors, the forward pass and the optimizer's step by hand."""

    named = "parameters.items()"
    functional = "F"

    def definitions(self) -> list[str]:
        kinds = {row.layer.kind for row in self.analysis.rows}
        softmax = self.document.loss == "CrossEntropyLoss" or kinds & {"Softmax", "LogSoftmax"}
        attention = kinds & {"MultiheadAttention", "TransformerEncoderLayer"}
        random = attention | kinds & {"Linear", "Conv1d", "Conv2d", "ConvTranspose2d", *RECURRENT}
        parts = (LOG_SOFTMAX, softmax), (UNIFORM, random), (XAVIER, attention), (ATTENTION, attention)
        used = [code for code, is_used in parts if is_used]
        used += [code for kind, code in RECURRENT.items() if kind in kinds]
        away = ".to(device).requires_grad_()" if self._is_away else ".requires_grad_()"
        return [code.replace(".requires_grad_()", away) for code in used]

    def net(self) -> list[str]:
        made = "".join(f"{variable(name)} = {draw}\n" for row in self.analysis.rows for name, draw in drawn(row))
        if self._is_away:
            made = made.replace("requires_grad=True", "device=device, requires_grad=True")
        names = [name for row in self.analysis.rows for name in parameter_names(row)]
        table = "".join(f'    "{name}": {variable(name)},\n' for name in names)
        forward = "".join(f"    {line}\n" for row in self.row_of((), 0) for line in self.lines(row))
        seeded = f"torch.manual_seed({self.document.rng_seed})\n{made}"
        return [
            seeded + (f"parameters = {{\n{table}}}\n" if names else ""),
            f"def net(x):\n{forward}    return x",
            f"def loss_function(output, target):\n    return {LOSSES[self.document.loss]}",
        ]

    def moved(self) -> str:
        return MOVED

    @property
    def _is_away(self) -> bool:
        return here() != CPU

    def step(self) -> str:
        if self.document.optimizer != "SGD":
            return super().step().replace("net.parameters()", "parameters.values()")
        step = f"for parameter in parameters.values():\n        parameter -= {self.document.learning_rate!r} * "
        return f"with torch.no_grad():\n    {step}parameter.grad\n    {self.after()}\n"

    def lines(self, row: StackRow) -> list[str]:
        """Write what one layer does to x."""
        if not row.layer.branches:
            return [f"x = {line}" for line in computed(row)]
        start = variable(row.name)
        found, ends = [f"{start} = x"], []
        for branch in range(len(row.layer.branches)):
            found += [f"x = {start}"] if branch else []
            found += [line for inside in self.row_of(row.path, branch) for line in self.lines(inside)]
            ends.append(f"{start}_{branch}")
            found += [f"{ends[-1]} = x"] if row.layer.kind == "Parallel" else []
        joined = f"torch.cat([{', '.join(ends)}], dim=1)" if row.layer.kind == "Parallel" else f"{start} + x"
        return [*found, f"x = {joined}"]
