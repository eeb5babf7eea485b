"""Documents that nobody should type: texts from the language's own tables, and real texts with something changed."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

from playground.language.document import Document
from playground.language.evaluate.leaves import DTYPES, Leaf
from playground.language.function import Function, Parameter
from playground.language.functions.table import ATTRIBUTES, EXAMPLE_LEAVES, FUNCTIONS, PREFIXED_CONSTANTS
from playground.lessons.presets import EXPRESSIONS
from playground.texts import whole_characters
from tests.pasted_pieces import KEPT, PASTED
from tests.strategies import EXPLOSIVE, FUNCTION_NAMES, WORDS

VALUES = (
    *("0.0", "1.0", "-2.5", "inf", "nan", "1e30", "3", "-1", "2**40", "[]", "[[]]", "[0.5, 2.0, -1.0]", "[1, 0, 2]"),
    *("[[1.0, 2.0], [3.0, 4.0]]", "randn(2, 3)", "randn(3, 3, seed=1)", "randn(1, 2, 6, 6)", "zeros(0, 3)"),
    *("zeros(3, 0)", "zeros(1, 1)", "ones(2, 1, 3)", "eye(3)", "linspace(0, 1, 5)", "randn(4, 5, 6)", "True"),
    *("randn(100)", "randn(30, 40)", "randn(200, 200)", "full((3,), nan)", "[1, [2]]", "x", "(", "9**9**9"),
)
NAMES = ("x", "A", "y", "w", "θ", "t0", "t1", "n")
OPERATORS = ("+", "-", "*", "/", "**", "@", "//", "%", "<", "==", "!=", "&", "|", "^", ">>", " and ", " or ", " is ")
NUMBERS = ("0", "1", "2", "-1", "3", "0.5", "-0.0", "1e30", "1e-45", "inf", "nan", "99", "2**31", "10**9", "True", "1j")
AXES = ("0", "1", "-1", "2", "-3", "None", "(0, 1)", "[0, -1]", "()", "(0, 0)", "99", "True", "x", "1.0", "'a'")
SIZES = ("0", "1", "2", "3", "(2, 3)", "(3,)", "[6]", "(0, 3)", "-1", "(-1, 2)", "(1,)*9", "999", "()", "2.5", "None")
INDICES = ("[0, 1]", "[[0, 1], [1, 0]]", "[2, 0, 1]", "n", "[-1]", "[99]", "[]", "x > 0", "[0.5]", "[[0]]", "0")
WORDS_OF = {
    "reduction": ("'none'", "'sum'", "'mean'", "'batchmean'", "'x'", "None", "0"),
    "dtype": (*PREFIXED_CONSTANTS, "torch.complex64", "x.dtype", "'float32'", "None"),
    "mode": (
        "'reduced'",
        "'complete'",
        "'r'",
        "'reflect'",
        "'circular'",
        "'replicate'",
        "'bilinear'",
        "'nearest'",
        "'x'",
    ),
    "norm": ("'ortho'", "'forward'", "'backward'", "2", "None"),
    "reduce": ("'sum'", "'prod'", "'amax'", "'amin'", "'mean'", "'x'", "None"),
    "equation": ("'ij,jk->ik'", "'i,i->'", "'...i->...'", "'ii->i'", "'ij'", "'->'", "'a' * 9", "x"),
    "ord": ("'fro'", "'nuc'", "2", "-2", "1", "inf", "0.5", "None", "'x'"),
    "p": ("2", "1", "0", "inf", "-inf", "0.5", "3", "-1", "'fro'", "'nuc'", "nan"),
    "padding": ("'same'", "'valid'", "1", "(1, 2)", "-1", "99", "'x'"),
}
FLAGS = ("True", "False", "1", "None", "x", "'a'")
OF_AXES = frozenset({"dim", "dims", "dim0", "dim1", "dim2", "axis0", "axis1", "start_dim", "end_dim", "dimension"})
OF_SIZES = frozenset(
    {"size", "shape", "sizes", "output_size", "kernel_size", "stride", "dilation", "repeats", "normalized_shape", "s"}
    | {"pad", "shifts", "split_size", "chunks", "k", "n", "N", "r", "steps", "diagonal", "offset", "groups"}
)
OF_INDICES = frozenset({"index", "indices", "target", "targets", "pivots", "input_lengths", "target_lengths", "mask"})
BEHIND = (  # a result `r`
    *("r.sum().backward()", "(r * r).sum().backward()", "z = r[0]", "z = r + r", "z = [r * i for i in range(3)]"),
    *("g = grad(r.sum(), x, create_graph=True)[0]\nz = g.pow(2).sum()", "z = stack([r, r])", "r = r * 2\nr[0] = 1"),
    *(
        "w = r * 1\nw[..., 0] *= x[0]\nw.sum().backward()",
        "for i in range(5):\n    r = r * x.sum()\nr.sum()",
        "z = r.T",
    ),
    *(
        "def f(t):\n    return t * t + r\nz = f(x)",
        "z = sum(r)",
        "z = r if r.sum() > 0 else -r",
        "z = (lambda t: t @ t)(r)",
    ),
    *("r.sum().backward(retain_graph=True)\nr.sum().backward()", "z = r.detach() + r.data", "r.backward(ones_like(r))"),
    *(
        "a, *b = r",
        "a, b = r",
        "z = r.values",
        "z = r.abs().max()",
        "z = cat([r, r]).view(-1)[::2]",
        "z = r / r",
        "z = -r**0.5",
    ),
)
STATEMENTS = (
    *("{n} = {e}", "{n} += {e}", "{n} @= {e}", "{n}[{i}] = {e}", "{n}[{i}] *= {e}", "{n}, w = {e}, {e}", "w, *y = {e}"),
    *("{e}", "{n}.grad = None", "{n}.data -= 0.1 * {e}", "{e}.backward()", "({e}).sum().backward(retain_graph=True)"),
    *("{n} = grad(({e}).sum(), {n}, create_graph=True)[0]", "{n}.add_({e})", "{n}.copy_({e})", "{n}.requires_grad_()"),
    *("for i in range(3):\n    {n} = {e}", "for i, t in enumerate([{e}, {e}]):\n    {n}[i] = t\n    y = t * {e}"),
    *("def f(t, u=2):\n    return {e} * t + u", "f = lambda t: {e}", "{n} = f({e})", "{n} = [{e} for i in range(4)]"),
    *("{n} = sum({e} * t for t in [{e}, {e}])", "{n} = {e} if n > 1 else {e}", "with torch.no_grad():\n    {n} = {e}"),
    *(
        "if {e}:\n    {n} = {e}\nelse:\n    {n} = {e}",
        "ys = []\nfor i in range(3):\n    ys.append({e})\n{n} = stack(ys)",
    ),
    *("{n} = {e}  # why", "print({e})", "import torch", "assert {e}", "torch.manual_seed(3)", "while {e}:\n    break"),
    *("{n} = torch.tensor({e}, requires_grad=True)", "{n} = {e}.T.detach().clone()", "del {n}", "{n}: Tensor = {e}"),
)


class Cases:
    """An endless row of documents, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.texts = real_texts()

    def document(self) -> Document:
        """The next one: a text, leaves and settings, each of them perhaps wrong."""
        pick, chance = self.random.choice, self.random.random
        values = {name: pick(VALUES) for name in NAMES if chance() < 0.9}
        if is_near := chance() < 0.6:  # most of it is as it should be
            values |= EXAMPLE_LEAVES
            values |= {pick(tuple(EXAMPLE_LEAVES)): pick(VALUES) for _ in range(pick((0, 0, 1, 2)))}
        leaves = tuple(
            Leaf(name, value, pick(tuple(DTYPES)) if chance() < 0.1 else "float32", chance() < 0.8)
            for name, value in values.items()
        )
        return Document(
            whole_characters(self.nearby() if is_near else self.text()),
            leaves,
            mode="forward" if chance() < 0.1 else "reverse",
            second=pick(NAMES) if chance() < 0.15 else None,
            passes=pick((1, 1, 1, 2, 3)),
            zero_grad=chance() < 0.1,
        )

    def text(self) -> str:
        """A text of a kind that is drawn."""
        kinds: tuple[Callable[[], str], ...] = (self.program, self.call_line, self.changed, self.soup)
        return self.random.choices(kinds, (4, 3, 3, 1))[0]()

    def nearby(self) -> str:
        """A row's example with one word of it changed, and what people do with a result behind it."""
        text = self.random.choice(FUNCTIONS).example
        for _ in range(self.random.choice((0, 1, 1, 2))):
            words = re.findall(r"[\w.]+|'[^']*'|\([^()]*\)|\[[^\[\]]*\]", text) or [text]
            old = self.random.choice(words)
            new = self.random.choice((*AXES, *SIZES, *NUMBERS, *EXAMPLE_LEAVES, *WORDS_OF["p"], self.expression(0)))
            text = text.replace(old, new, 1)
        last = text.rpartition("\n")[2]
        if "=" not in last:
            text = text[: len(text) - len(last)] + f"r = {last}"
        return "\n".join((text, *self.random.choices(BEHIND, k=self.random.choice((0, 1, 1, 2)))))

    def program(self) -> str:
        """One to six statements."""
        return "\n".join(self.statement() for _ in range(self.random.randrange(1, 7)))

    def statement(self) -> str:
        """One statement, each `{e}` in its pattern another expression."""
        pattern = self.random.choice(STATEMENTS)
        while "{e}" in pattern:
            pattern = pattern.replace("{e}", self.expression(2), 1)
        return pattern.replace("{n}", self.random.choice(NAMES)).replace("{i}", self.index())

    def call_line(self) -> str:
        """A row of the table with arguments of the right kind, and most often of a wrong one."""
        before, after = self.random.choice((("", ""), ("y = ", ""), ("(", ").sum()"), ("y = ", "\ny.backward()")))
        return before + self.call(self.random.choice(FUNCTIONS), 1) + after

    def changed(self) -> str:
        """A real text with a few characters, words or lines changed."""
        text = self.random.choice(self.texts)
        for _ in range(self.random.randrange(1, 4)):
            place = self.random.randrange(len(text) + 1)
            cut = self.random.choice((0, 0, 1, 2, 5))
            other = self.random.choice(self.texts)
            start = self.random.randrange(len(other))
            new = self.random.choice(
                (self.random.choice(WORDS), self.expression(1), other[start : start + 20], "", "\n" + self.statement())
            )
            text = text[:place] + new + text[place + cut :]
        return text[:5_000]

    def soup(self) -> str:
        """Words in any order."""
        words = self.random.choices((*WORDS, *PASTED, *KEPT), k=self.random.randrange(1, 20))
        return self.random.choice((" ", "", "\n")).join(words)

    def expression(self, depth: int) -> str:
        """An expression of at most this depth."""
        pick = self.random.choice
        kind = self.random.randrange(11) if depth > 0 else self.random.randrange(2)
        inner = depth - 1
        if kind <= 1:
            return pick((*NAMES, *NAMES, *NUMBERS, *VALUES[:12], *PREFIXED_CONSTANTS))
        if kind <= 5:
            return self.call(pick(FUNCTIONS), inner)
        if kind <= 7:
            return f"({self.expression(inner)} {pick(OPERATORS)} {self.expression(inner)})"
        if kind == 8:
            return f"{self.expression(inner)}[{self.index()}]"
        if kind == 9:
            return f"{self.expression(inner)}.{pick((*ATTRIBUTES, *FUNCTION_NAMES))}"
        return pick(("-{e}", "[{e}, {e}]", "({e},)", "f({e})", "not {e}", "(lambda t: t * {e})({e})")).replace(
            "{e}", self.expression(inner)
        )

    def call(self, row: Function, depth: int) -> str:
        """A call of a row."""
        if self.random.random() < 0.05:
            return f"{self.random.choice(FUNCTION_NAMES)}({', '.join(self.random.choices(EXPLOSIVE, k=2))})"
        home = self.random.choice(row.homes)
        written: list[str] = []
        by_name = False
        for number, parameter in enumerate(row.parameters):
            if not parameter.is_required and self.random.random() < 0.5:
                continue
            value = self.argument(parameter, depth)
            by_name = by_name or parameter.by_name_only or len(written) < number or self.random.random() < 0.2
            written.append(f"{parameter.name}={value}" if by_name and not parameter.takes_rest else value)
        if home == "Tensor" and written:
            return f"{written[0].partition('=')[2] or written[0]}.{row.name}({', '.join(written[1:])})"
        prefix = {"torch": "torch.", "F": "F.", "linalg": "linalg.", "fft": "torch.fft.", "special": "torch.special."}
        return f"{prefix.get(home, '')}{row.name}({', '.join(written)})"

    def argument(self, parameter: Parameter, depth: int) -> str:
        """An argument for a parameter, by its name; one in ten is for another one."""
        pick, name = self.random.choice, parameter.name
        if self.random.random() < 0.1:
            return pick((*EXPLOSIVE, *FLAGS, *AXES, *SIZES))
        if name in WORDS_OF:
            return pick(WORDS_OF[name])
        for known, values in ((OF_AXES, AXES), (OF_SIZES, SIZES), (OF_INDICES, INDICES)):
            if name in known:
                return pick(values)
        return self.expression(depth) if parameter.is_required else pick((*FLAGS, *NUMBERS, *NAMES))

    def index(self) -> str:
        """What stands between the brackets behind a value."""
        one = ("0", "-1", "1:", "::2", ":", "...", "None", "x > 0", "[0, 1]", "n", "99", "'a'", "i", "0:0", "::-1", "A")
        return ", ".join(self.random.choices(one, k=self.random.choice((1, 1, 2, 3))))


def real_texts() -> tuple[str, ...]:
    """The gallery's, the pasted ones that are tested, and every row's example."""
    pasted = tomllib.loads((Path(__file__).parents[1] / "pasted_texts.toml").read_text(encoding="utf-8"))["text"]
    return (
        *(preset.document.text for preset in EXPRESSIONS.presets),
        *(str(entry["text"]) for entry in pasted),
        *(row.example for row in FUNCTIONS),
    )
