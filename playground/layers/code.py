"""A stack as a plain PyTorch script that prints the page's numbers: as `nn.Sequential`, as a class, from scratch.

The numbers agree to the last digit because the net is built right after `torch.manual_seed`, as `build` draws, and the
data have a generator of their own: dropout then draws from the stream exactly where the page's does.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor, nn

from playground.layers import modules
from playground.layers.analysis import Analysis, Row
from playground.layers.build import constructor
from playground.layers.catalogue import kind_of
from playground.layers.document import StackDocument
from playground.layers.losses import loss_of
from playground.layers.spec import Path
from playground.layers.text import content_text

Form = Literal["sequential", "module", "tensors"]
WIDTH = 100  # a call that is longer is broken into lines

RANDOM = """\
g = torch.Generator().manual_seed({seed})  # of its own: the data do not move the stream that weights are drawn from
x = torch.randn({batch}, {sizes}, generator=g)
y = torch.randint({classes}, ({batch},), generator=g)
"""
DIGITS = """\
from sklearn.datasets import load_digits

g = torch.Generator().manual_seed({seed})
digits = load_digits()  # 1,797 handwritten digits of 8 by 8 pixels from 0 to 16
images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16
images = nn.functional.interpolate(images, size=(28, 28), mode="bilinear")
order = torch.randperm(len(images), generator=g)[:{batch}]
x = images[order].reshape({batch}, {sizes})
y = torch.tensor(digits.target)[order]
"""
GRADIENTS = """\
loss.backward()
for name, parameter in {named}:
    print("gradient norm of", name, "=", parameter.grad.norm(dtype=torch.float64).item())
"""
LOG_SOFTMAX = '''\
def log_softmax(x):
    """Over axis 1; without the largest score taken off, exp overflows."""
    x = x - x.amax(1, keepdim=True).detach()
    return x - x.exp().sum(1, keepdim=True).log()
'''
UNIFORM = '''\
def uniform(*shape, fan_in):
    """As nn.Linear and nn.Conv2d draw them: uniform within 1/sqrt(fan_in)."""
    bound = fan_in**-0.5
    return torch.empty(*shape).uniform_(-bound, bound).requires_grad_()
'''
# A layer with torch's elementary operations; what is not here is called as nn.functional's function.
FROM_SCRATCH = {
    "Linear": "x @ {weight}.T",
    "Bias": "x + {bias}",
    "Dropout": "x * torch.empty_like(x).bernoulli_(1 - {p}) / (1 - {p})",
    "Flatten": "x.flatten(1)",
    "Reshape": "x.reshape(len(x), {shape})",
    # Not by clamp, whose derivative at 0 itself is another, nor with an exp that may overflow.
    "ReLU": "torch.where(x > 0, x, 0)",
    "LeakyReLU": "torch.where(x > 0, x, {negative_slope} * x)",
    "ELU": "torch.where(x > 0, x, {alpha} * torch.where(x > 0, 0, x).expm1())",
    "GELU": "0.5 * x * (1 + torch.erf(x / 2**0.5))",
    "SiLU": "x * torch.sigmoid(x)",
    "Sigmoid": "torch.sigmoid(x)",
    "Tanh": "torch.tanh(x)",
    "Softmax": "log_softmax(x).exp()",
    "LogSoftmax": "log_softmax(x)",
    "Identity": "x",
}
FUNCTIONS = {
    "Conv1d": "conv1d",
    "Conv2d": "conv2d",
    "ConvTranspose2d": "conv_transpose2d",
    "MaxPool2d": "max_pool2d",
    "AvgPool2d": "avg_pool2d",
    "AdaptiveAvgPool2d": "adaptive_avg_pool2d",
    "Softplus": "softplus",
}
LOSSES = {
    "CrossEntropyLoss": "-log_softmax(output)[torch.arange(len(target)), target].mean()",
    "NLLLoss": "-output[torch.arange(len(target)), target].mean()",
    "MSELoss": "((output - target) ** 2).mean()",
    "L1Loss": "(output - target).abs().mean()",
    "BCEWithLogitsLoss": "(F.softplus(output) - target * output).mean()",
}


def random_batch(document: StackDocument) -> tuple[Tensor, Tensor]:
    """Noise `x` (N, *input_shape) and labels (N,), the same as the script's."""
    generator = torch.Generator().manual_seed(document.rng_seed)
    x = torch.randn(document.batch, *document.input_shape, generator=generator)
    return x, torch.randint(document.classes, (document.batch,), generator=generator)


def to_code(document: StackDocument, form: Form, data_code: str | None = None) -> str:
    """The script; `data_code` says how `x` and `y` are made, if not as the document says. Raises PlaygroundError.

    >>> code = to_code(StackDocument("Conv2d(10, 7) ReLU Flatten Linear(10)", data="random"), "sequential")
    >>> print(code[code.index("net") : code.index("loss_function")])
    net = nn.Sequential(
        nn.Conv2d(1, 10, 7),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4840, 10),
    )
    """
    analysis = document.analysis()
    analysis.checked()
    writer = {"sequential": _Sequential, "module": _Module, "tensors": _Tensors}[form](document, analysis)
    parts = [*writer.definitions(), *writer.net(), data_code or _data(document), writer.loss()]
    if analysis.parameters:
        parts += [GRADIENTS.format(named=writer.named), writer.step()]
    return _script(parts)


def _script(parts: list[str]) -> str:
    """The parts under the imports that they need: two empty lines around a definition, otherwise one."""
    whole = "".join(parts)
    imports = "import torch\n"
    if re.search(r"\bF\.", whole):
        imports += "import torch.nn.functional as F\n"
    names = [name for name in ("Tensor", "nn") if re.search(rf"\b{name}\b", whole)]
    code = imports + (f"from torch import {', '.join(names)}" if names else "")
    before = ""
    for part in map(str.strip, parts):
        wide = part.startswith(("class ", "def ")) or before.startswith(("class ", "def "))
        code, before = code.rstrip("\n") + ("\n\n\n" if wide else "\n\n") + part, part
    return code + "\n"


def _data(document: StackDocument) -> str:
    code = RANDOM if document.data == "random" else DIGITS
    sizes = ", ".join(map(str, document.input_shape))
    return code.format(seed=document.rng_seed, batch=document.batch, sizes=sizes, classes=document.classes)


class _Sequential:
    """The layers inside one `nn.Sequential`."""

    named = "net.named_parameters()"
    functional = "nn.functional"

    def __init__(self, document: StackDocument, analysis: Analysis) -> None:
        self.document, self.analysis = document, analysis
        self.wants_labels = loss_of(document.loss).target == "labels"
        self.loss_call = f"loss_function(net(x), {'y' if self.wants_labels else 'target'})"

    def definitions(self) -> list[str]:
        """The classes that PyTorch lacks, as the page has them; only those that are used."""
        kinds = {kind_of(row.layer.kind).build for row in self.analysis.rows}
        own = [modules.Bias, modules.Reshape, modules.Residual, modules.Parallel]
        return [inspect.getsource(build) for build in own if build in kinds]

    def net(self) -> list[str]:
        layers = [self.module(row, 1) for row in self.row_of((), 0)]
        body = "".join(f"    {layer},\n" for layer in layers)
        return [self.seeded("net = nn.Sequential(" + (f"\n{body}" if body else "") + ")")]

    def seeded(self, line: str) -> str:
        return f"torch.manual_seed({self.document.rng_seed})\n{line}\nloss_function = nn.{self.document.loss}()\n"

    def loss(self) -> str:
        made = "" if self.wants_labels else f"target = {self.rows_of_labels()}\n"
        return f'{made}loss = {self.loss_call}\nprint("loss =", loss.item())\n'

    def rows_of_labels(self) -> str:
        """A 1 at the class, as `run.target_of` has it."""
        outputs = self.analysis.checked()[0]
        labels = "y" if outputs >= self.document.classes else f"y.clamp(max={outputs - 1})"
        return f"{self.functional}.one_hot({labels}, {outputs}).float()"

    def step(self) -> str:
        optimizer = self.optimizer("net.parameters()")
        return f"optimizer = {optimizer}\noptimizer.step()\nwith torch.no_grad():\n    {self.after()}\n"

    def after(self) -> str:
        return f'print("loss after one step =", {self.loss_call}.item())'

    def optimizer(self, parameters: str) -> str:
        """The call that `run.optimizer_of` makes."""
        name, _, momentum = self.document.optimizer.partition(" with ")
        extra = ", momentum=0.9" if momentum else ""
        return f"torch.optim.{name}({parameters}, lr={self.document.learning_rate!r}{extra})"

    def row_of(self, path: Path, branch: int) -> Iterator[Row]:
        """The rows of one sub-stack; of the whole stack for the path ()."""
        prefix = (*path, branch) if path else ()
        return (row for row in self.analysis.rows if row.path[:-1] == prefix)

    def module(self, row: Row, depth: int) -> str:
        """The constructor's call."""
        layer = row.layer
        if not layer.branches:
            return _call(row)
        bodies = []
        for branch in range(len(layer.branches)):
            inner = [self.module(inside, depth + 2) for inside in self.row_of(row.path, branch)]
            bodies.append(_joined("nn.Sequential", inner, depth + 1) if len(inner) > 1 else inner[0])
        return _joined(layer.kind, bodies, depth)


class _Module(_Sequential):
    """A class of its own with a line for each layer."""

    def net(self) -> list[str]:
        rows = list(self.row_of((), 0))
        made = "".join(f"        self.{row.name} = {self.module(row, 2)}\n" for row in rows)
        done = "".join(f"        x = self.{row.name}(x)\n" for row in rows)
        head = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        return [f"{head}{made}\n    def forward(self, x):\n{done}        return x", self.seeded("net = Net()")]


class _Tensors(_Sequential):
    """Weights as tensors, the forward pass and the optimizer's step by hand."""

    named = "parameters.items()"
    functional = "F"

    def definitions(self) -> list[str]:
        kinds = {row.layer.kind for row in self.analysis.rows}
        softmax = self.document.loss == "CrossEntropyLoss" or kinds & {"Softmax", "LogSoftmax"}
        drawn = kinds & {"Linear", "Conv1d", "Conv2d", "ConvTranspose2d"}
        return [code for code, used in ((LOG_SOFTMAX, softmax), (UNIFORM, drawn)) if used]

    def net(self) -> list[str]:
        made = "".join(f"{_variable(name)} = {draw}\n" for row in self.analysis.rows for name, draw in _drawn(row))
        names = [name for row in self.analysis.rows for name, _ in _drawn(row)]
        table = "".join(f'    "{name}": {_variable(name)},\n' for name in names)
        forward = "".join(f"    {line}\n" for row in self.row_of((), 0) for line in self.lines(row))
        seeded = f"torch.manual_seed({self.document.rng_seed})\n{made}"
        return [
            seeded + (f"parameters = {{\n{table}}}\n" if names else ""),
            f"def net(x):\n{forward}    return x",
            f"def loss_function(output, target):\n    return {LOSSES[self.document.loss]}",
        ]

    def step(self) -> str:
        if self.document.optimizer != "SGD":
            return super().step().replace("net.parameters()", "parameters.values()")
        step = f"for parameter in parameters.values():\n        parameter -= {self.document.learning_rate!r} * "
        return f"with torch.no_grad():\n    {step}parameter.grad\n    {self.after()}\n"

    def lines(self, row: Row) -> list[str]:
        """What one layer does to x."""
        if not row.layer.branches:
            return [f"x = {line}" for line in _computed(row)]
        start = _variable(row.name)
        found, ends = [f"{start} = x"], []
        for branch in range(len(row.layer.branches)):
            found += [f"x = {start}"] if branch else []
            found += [line for inside in self.row_of(row.path, branch) for line in self.lines(inside)]
            ends.append(f"{start}_{branch}")
            found += [f"{ends[-1]} = x"] if row.layer.kind == "Parallel" else []
        joined = f"torch.cat([{', '.join(ends)}], dim=1)" if row.layer.kind == "Parallel" else f"{start} + x"
        return [*found, f"x = {joined}"]


def _arguments(row: Row) -> tuple[list[Any], dict[str, Any]]:
    """Those of the constructor by position, and by name those that differ from PyTorch's defaults."""
    kind = kind_of(row.layer.kind)
    given = kind.given(row.layer)
    if row.layer.kind == "Reshape":
        return list(given["shape"]), {}  # as it is written: -1 may stand in it
    by_position: list[Any] = []
    by_name: dict[str, Any] = {}
    signature = inspect.signature(kind.build).parameters
    for name, content in constructor(row).items():
        default = signature[name].default
        if default is inspect.Parameter.empty:
            by_position.append(content[0] if name == "normalized_shape" and len(content) == 1 else content)
        elif content != default and not (name == "stride" and given["stride"] == 0):  # 0: as wide as the window
            by_name[name] = content
    return by_position, by_name


def _call(row: Row) -> str:
    by_position, by_name = _arguments(row)
    written = [*map(content_text, by_position), *(f"{name}={content_text(c)}" for name, c in by_name.items())]
    own = kind_of(row.layer.kind).build in (modules.Bias, modules.Reshape)
    return f"{'' if own else 'nn.'}{row.layer.kind}({', '.join(written)})"


def _joined(name: str, parts: list[str], depth: int) -> str:
    line = f"{name}({', '.join(parts)})"
    if len(line) + 4 * depth <= WIDTH and "\n" not in line:
        return line
    return f"{name}(\n" + "".join(f"{'    ' * (depth + 1)}{part},\n" for part in parts) + "    " * depth + ")"


def _variable(name: str) -> str:
    return name.replace(".", "_")


def _drawn(row: Row) -> Iterator[tuple[str, str]]:
    """Each parameter of a layer with the code that draws it, in the order in which PyTorch draws."""
    kind = kind_of(row.layer.kind)
    if row.layer.branches or not row.parameters:
        return
    with torch.device("meta"):
        module = kind.build(**constructor(row))
    tensors = dict(module.named_parameters())
    for name, tensor in tensors.items():
        shape = ", ".join(map(str, tensor.shape))
        draw = f"torch.{'ones' if name == 'weight' else 'zeros'}({shape}, requires_grad=True)"
        if isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
            draw = f"uniform({shape}, fan_in={tensors['weight'][0].numel()})"
        yield f"{row.name}.{name}", draw


def _computed(row: Row) -> list[str]:
    """The values that x takes, one after the other."""
    kind = row.layer.kind
    weights = {name.rpartition(".")[2]: _variable(name) for name, _ in _drawn(row)}
    given = constructor(row)
    if "Norm" in kind:
        axes = tuple(range(-len(given["normalized_shape"]), 0)) if kind == "LayerNorm" else (0, 2, 3)[: len(row.takes)]
        return _normalised(axes, given["eps"], weights, len(row.takes) if kind != "LayerNorm" else 1)
    by_position, by_name = _arguments(row)
    if kind in FUNCTIONS:
        first = weights.values() if "Conv" in kind else map(content_text, by_position)
        extra = [f"{name}={content_text(content)}" for name, content in by_name.items() if name != "bias"]
        return [f"F.{FUNCTIONS[kind]}({', '.join(['x', *first, *extra])})"]
    if kind == "Reshape":
        given["shape"] = ", ".join(map(str, by_position))
    offset = f" + {weights['bias']}" if kind == "Linear" and "bias" in weights else ""
    return [FROM_SCRATCH[kind].format(**(given | weights)) + offset]


def _normalised(axes: tuple[int, ...], eps: float, weights: dict[str, str], axes_of_one: int) -> list[str]:
    """To mean 0 and deviation 1 over some axes, then scaled; the features of a picture are its axis 1."""
    centred = f"x - x.mean({axes}, keepdim=True)"
    scaled = f"x / (x.var({axes}, correction=0, keepdim=True) + {eps!r}) ** 0.5"
    if not weights:
        return [centred, scaled]
    view = "" if axes_of_one == 1 else f".view({', '.join(['-1', *'1' * (axes_of_one - 1)])})"
    return [centred, scaled, f"x * {weights['weight']}{view} + {weights['bias']}{view}"]
