"""A net as a plain PyTorch script that prints the page's numbers: as `nn.Sequential`, as a class, from scratch.

The numbers agree to the last digit because the net is built right after `torch.manual_seed`, as `build` draws, and the
data have a generator of their own: dropout then draws from the stream exactly where the page's does.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Literal

from playground.data.archives import CLASSES
from playground.data.datasets import row_of
from playground.data.first_examples import MOST
from playground.language.export.device import device_line
from playground.layers.catalogue.losses import loss_of
from playground.layers.document import RANDOM as RANDOM_DATA
from playground.layers.document import StackDocument

Form = Literal["sequential", "named", "module", "tensors"]  # "named": the first with the names of the page
DEFINITIONS = ("class ", "def ", "@")
RANDOM = """\
g = torch.Generator().manual_seed({seed})  # of its own: the data do not move the stream that weights are drawn from
x = {x}
y = {labels}
"""
DIGITS = """\
from sklearn.datasets import load_digits

g = torch.Generator().manual_seed({seed})
digits = load_digits()  # 1,797 handwritten digits of 8 by 8 pixels from 0 to 16
images = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16
images = nn.functional.interpolate(images, size=(28, 28), mode="bilinear")
order = torch.randperm(len(images), generator=g)[:{batch}]
x = images[order].reshape({batch}, {sizes})
y = torch.tensor(digits.target)[order]{modulo}
"""
PICTURES = """\
from torchvision import datasets

g = torch.Generator().manual_seed({seed})
examples = datasets.{reader}("data", train=True, download=True)
images = {pixels}
order = torch.randperm(len(images), generator=g)[:{batch}]
x = images[order]
y = torch.as_tensor(examples.targets)[order]{modulo}
"""
GREY = "examples.data[:{most}, None].float() / 255"
COLOURED = "torch.as_tensor(examples.data[:{most}]).permute(0, 3, 1, 2).float() / 255"
XOR = """\
which = torch.arange({batch}) % 4
x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])[which]
y = torch.tensor([0, 1, 1, 0])[which]{modulo}
"""
GRADIENTS = """\
loss.backward()
for name, parameter in {named}:
    print("gradient norm of", name, "=", parameter.grad.norm(dtype=torch.float64).item())
"""
SOME_GRADIENTS = """\
loss.backward()
for name, parameter in {named}:
    if parameter.grad is not None:  # forward may leave a layer out
        print("gradient norm of", name, "=", parameter.grad.norm(dtype=torch.float64).item())
"""
MOVED = """\
x, y = x.to(device), y.to(device)
torch.set_default_device(device)
"""


class NetWriter(ABC):
    """The parts of a script, each a piece of code. Raises PlaygroundError where the net gives no row of numbers."""

    named = "net.named_parameters()"
    gradients = GRADIENTS
    functional = "nn.functional"

    def __init__(self, document: StackDocument, parameters: int) -> None:
        self.document, self.parameters = document, parameters
        self.wants_labels = loss_of(document.loss).target == "labels"
        self.loss_call = f"loss_function(net(x), {'y' if self.wants_labels else 'target'})"

    @abstractmethod
    def definitions(self) -> list[str]:
        """The classes and functions that come first; only those that are used."""

    @abstractmethod
    def net(self) -> list[str]:
        """The code that builds the net, in parts."""

    def moved(self) -> str:
        """The lines that bring the net, drawn on the CPU, and the data to the device."""
        return f"net = net.to(device)\n{MOVED}"

    @abstractmethod
    def outputs(self) -> int:
        """The number of outputs for one example."""

    def seeded(self, line: str) -> str:
        """Write what draws weights, right after the seed."""
        return f"torch.manual_seed({self.document.rng_seed})\n{line}\nloss_function = nn.{self.document.loss}()\n"

    def loss(self) -> str:
        """The forward pass and the loss."""
        made = "" if self.wants_labels else f"target = {self.rows_of_labels()}\n"
        return f'{made}loss = {self.loss_call}\nprint("loss =", loss.item())\n'

    def rows_of_labels(self) -> str:
        """A 1 at the class, or the number to predict, as `record_batch.target_of` has it."""
        if not self.document.classes:
            return "y[:, None]"
        outputs = self.outputs()
        labels = "y" if outputs >= self.document.classes else f"y.clamp(max={outputs - 1})"
        return f"{self.functional}.one_hot({labels}, {outputs}).float()"

    def step(self) -> str:
        """Write one step of the optimizer, and the loss after it."""
        optimizer = self.optimizer("net.parameters()")
        return f"optimizer = {optimizer}\noptimizer.step()\nwith torch.no_grad():\n    {self.after()}\n"

    def after(self) -> str:
        """The line that prints the loss after the step."""
        return f'print("loss after one step =", {self.loss_call}.item())'

    def optimizer(self, parameters: str) -> str:
        """The call that `settings.stack_optimizer` makes."""
        name, _, momentum = self.document.optimizer.partition(" with ")
        extra = ", momentum=0.9" if momentum else ""
        return f"torch.optim.{name}({parameters}, lr={self.document.learning_rate!r}{extra})"


def script(writer: NetWriter, data_code: str | None = None) -> str:
    """The whole script; `data_code` says how `x` and `y` are made, if not as the document says."""
    device = device_line("device")  # dropout draws other numbers there: PyTorch's own has the device's generator
    parts = [device] * bool(device)
    parts += [*writer.definitions(), *writer.net(), data_code or _data(writer.document)]
    parts += [*[writer.moved()] * bool(device), writer.loss()]
    if writer.parameters:
        gradients = writer.gradients.format(named=writer.named)
        if device:  # not every device has float64
            gradients = gradients.replace("parameter.grad.norm", "parameter.grad.cpu().norm")
        parts += [gradients, writer.step()]
    return assembled(parts)


def assembled(parts: list[str]) -> str:
    """The parts under the imports that they need: two empty lines around a definition, otherwise one.

    >>> print(assembled(["print(OrderedDict(a=torch.ones(2)))"]))
    from collections import OrderedDict
    <BLANKLINE>
    import torch
    <BLANKLINE>
    print(OrderedDict(a=torch.ones(2)))
    <BLANKLINE>
    """
    whole = "".join(parts)
    imports = ("from collections import OrderedDict\n\n" if "OrderedDict" in whole else "") + "import torch\n"
    if re.search(r"\bF\.", whole):
        imports += "import torch.nn.functional as F\n"
    names = [name for name in ("Tensor", "nn") if re.search(rf"\b{name}\b", whole)]
    code = imports + (f"from torch import {', '.join(names)}" if names else "")
    before = ""
    for part in map(str.strip, parts):
        wide = part.startswith(DEFINITIONS) or before.startswith(DEFINITIONS)
        code, before = code.rstrip("\n") + ("\n\n\n" if wide else "\n\n") + part, part
    return code + "\n"


def _data(document: StackDocument) -> str:
    """The lines that make `x` and `y`; of examples in fewer classes than they have, the label counts
    modulo the number of classes, or is the number to predict."""
    code = {"random": RANDOM, "XOR": XOR, "digits": DIGITS}.get(document.data, PICTURES)
    sizes = ", ".join(map(str, document.input_shape))
    seed, batch, classes = document.rng_seed, document.batch, document.classes
    known = classes if document.data == RANDOM_DATA else len(row_of(document.data).classes)
    modulo = f" % {classes}" if classes < known else ""
    modulo = modulo if classes else ".float()"
    labels = f"randint({classes}, ({batch},), generator=g)" if classes else f"randn({batch}, generator=g)"
    x = f"randn({batch}, {sizes}, generator=g)"
    if document.vocabulary is not None:
        x = f"randint({document.vocabulary}, ({batch}, {sizes}), generator=g)"
    reader = CLASSES.get(document.data, "")
    pixels = (COLOURED if document.data == "CIFAR-10" else GREY).format(most=MOST)
    return code.format(
        seed=seed,
        batch=batch,
        sizes=sizes,
        labels=f"torch.{labels}",
        modulo=modulo,
        x=f"torch.{x}",
        reader=reader,
        pixels=pixels,
    )
