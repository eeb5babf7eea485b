"""Random texts of a training loop: views, in-place calls, several passes, gradients cleared, read and written to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

LEAVES = {"a": "[[1, -2, 3]]", "b": "[[0.5], [-1.5], [2]]", "x": "[1, 2, -0.5]"}
GRIDS = ("(1, 3)", "(3, 1)", "3")  # shapes of three elements
VIEWS = ("#.flatten()", "#.view(-1)", "#.reshape(3)", "#.view(3, 1)", "#.view(1, 3)", "#.flatten().unsqueeze(0)")
STRETCHED = ("#.view(1, 3).expand(2, 3)", "#.view(3, 1).expand(3, 2)", "#.flatten().expand(2, 3)", "#.view(3, 1).T")
PARTS = (
    "#.view(-1)[0]",
    "#.view(-1)[1:]",
    "chunk(#.view(-1), 2)[0]",
    "unbind(#.view(-1))[2]",
    "#.view(-1).narrow(0, 1, 2)",
)
ONES = (
    "# + 1",
    "# * 0.5",
    "-#",
    "# ** 2",
    "# * #",
    "#.clone()",
    "#.detach() * #",
    "relu(#)",
    "exp(# / 8)",
    "dropout(#, 0.5)",
)
CODED = (
    "stack([2 * t for t in #.flatten()])",
    "cube(#)",
    "doubled(#)",
    "sum([k * # for k in range(3)])",
    "sum([#] * 2 + [# * 0.5])",
    "stack(([#] + [2 * #])[::-1])[0]",
    "# * len([#, 1.5] + [2])",
    "# if 2 > 1 else x",
    "# * rand(1)",
    "torch.special.expit(#)",
    "torch.square(#)",
    "torch.sinc(#)",
    "#.flatten().index_select(0, tensor([2, 0, 1]))",
    "zeros(3).scatter_add(0, tensor([0, 2, 0]), #.flatten())",
)
DEFINED = ("def cube(t):\n    return t ** 3", "doubled = lambda t: 2 * t")
TWOS = (
    "#.reshape(-1) + %.reshape(-1)",
    "#.reshape(-1) - %.flatten()",
    "#.flatten() * %.reshape(-1)",
    "cat([#.view(-1), %.view(-1)])[1:4]",
)
WRITES = (
    "# += 1",
    "# *= 0.5",
    "#.mul_(2)",
    "#.add_(%)",
    "#.zero_()",
    "# -= %.view(-1)[0]",
    "relu_(#)",
    "#[0] = 2",
    "#[0] *= x.sum()",
    "#[-1:] = 0.5",
)
GRADIENTS = ("#.grad.zero_()", "#.grad.mul_(0.5)", "#.grad.add_(1)", "d = #.grad.view(-1)\nd *= 3", "#.grad.sum()")
STEPS = ("# -= 0.25 * #.grad", "#.add_(#.grad, alpha=-0.5)", "#.zero_()")


@dataclass
class Text:
    """The lines so far, and the names that hold three elements."""

    lines: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=lambda: list(LEAVES))
    roots: list[str] = field(default_factory=list)  # what backward can start from
    reached: list[str] = field(default_factory=list)  # leaves that a line of ours has given a gradient

    def add(self, line: str) -> None:
        self.lines.append(line)

    def named(self, expression: str) -> str:
        name = f"v{sum(line.startswith('v') for line in self.lines)}_{len(self.lines)}"
        self.add(f"{name} = {expression}")
        return name


@st.composite
def training_texts(draw: DrawFn) -> str:
    """A text of up to some fifteen lines; PyTorch may refuse it, as it may what people write."""
    text = Text()
    for _ in range(draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(1, 3))):
            _forward(draw, text)
        for _ in range(draw(st.integers(0, 2))):
            _backward(draw, text)
        if draw(st.booleans()) and text.reached:
            _between(draw, text)
    if draw(st.booleans()):
        text.add(draw(st.sampled_from((*text.names, *text.roots, *(f"{leaf}.grad" for leaf in text.reached)))))
    elif draw(st.booleans()):
        text.add(", ".join(draw(st.lists(st.sampled_from(text.names), min_size=2, max_size=3))))
    body = "\n".join(text.lines)
    return "\n".join([*(line for line in DEFINED if re.search(rf"\b{_name_of(line)}\(", body)), body])


def _name_of(defined: str) -> str:
    return defined.removeprefix("def ").split("(")[0].split(" ")[0]


def _filled(draw: DrawFn, template: str, names: list[str]) -> str:
    recent = st.sampled_from(names[-4:]) | st.sampled_from(names)
    first, second = draw(recent), draw(recent)
    return template.replace("#", first).replace("%", second)


def _forward(draw: DrawFn, text: Text) -> None:
    kind = draw(st.sampled_from(("view", "view", "one", "coded", "two", "two", "stretched", "part", "write")))
    if kind == "write":
        made = text.names[len(LEAVES) :]  # a leaf itself is refused
        if not made:
            made = text.names = [*text.names, text.named("x * 2")]
        text.add(_filled(draw, draw(st.sampled_from(WRITES)), made[-3:]))
    elif kind in ("stretched", "part"):
        part = _filled(draw, draw(st.sampled_from(STRETCHED if kind == "stretched" else PARTS)), text.names)
        text.roots.append(text.named(f"({part})"))
    else:
        templates = {"view": VIEWS, "one": ONES, "coded": CODED, "two": TWOS}[kind]
        text.names.append(text.named(_filled(draw, draw(st.sampled_from(templates)), text.names)))


def _backward(draw: DrawFn, text: Text) -> None:
    root = draw(st.sampled_from([*text.names[3:], *text.roots] or ["x * 2"]))
    if draw(st.integers(0, 3)):
        first, second = draw(st.permutations(list(LEAVES)))[:2]
        root = f"({root}).sum() * {first}.view(-1) + {second}.flatten()"
        text.reached += [first, second]
    kind = draw(st.sampled_from(("sum", "sum", "square", "seed", "same seed", "again", "grad", "second")))
    keep, leaf = draw(st.sampled_from(("", "retain_graph=True"))), draw(st.sampled_from(list(LEAVES)))
    if kind in ("sum", "square"):
        text.add(f"y = (({root}){' ** 2' if kind == 'square' else ''}).sum()\ny.backward({keep})")
    elif kind == "seed":
        text.add(f"({root}).backward(ones_like({root}){', ' + keep if keep else ''})")
    elif kind == "same seed":
        name, root = f"g{len(text.lines)}", draw(st.sampled_from(text.names))
        text.add(f"{name} = ones({draw(st.sampled_from(GRIDS))})")
        passed = f"({root}).view_as({name}).backward({name}, retain_graph=True)"
        text.add("\n".join([passed] * draw(st.integers(1, 3))))
    elif kind == "again":
        text.add(f"z = ({root} * 2).sum()\nz.backward(retain_graph=True)\nz.backward()")
    elif kind == "grad":
        text.add(f"g, = grad((({root}) ** 2 * {leaf}.sum()).sum(), {leaf})\ng *= 2")
    else:
        text.add(
            f"h, = grad((({root}) ** 3 * {leaf}.sum()).sum(), {leaf}, create_graph=True)\n(h ** 2).sum().backward()"
        )


def _between(draw: DrawFn, text: Text) -> None:
    leaf = draw(st.sampled_from(text.reached))
    if draw(st.booleans()):
        text.add(draw(st.sampled_from(GRADIENTS)).replace("#", leaf))
    else:
        text.add(f"with no_grad():\n    {draw(st.sampled_from(STEPS)).replace('#', leaf)}")
