"""The names of one trace's values, and its calls written with them: `v₃ = sin(x2)`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Set

from playground.explain.latex import latex_bar, latex_call, latex_name
from playground.explain.notation import ATTRIBUTES, call_text, defaults
from playground.explain.numbers import MINUS, OVERLINE, bar, brief, format_number, subscript, subscripted
from playground.trace.records import BackwardNode, Contribution, Op, Saved, Step
from playground.trace.trace import Trace

_DISPLAY = {"*": "×", "-": MINUS}
_GENERATED = re.compile(r"v-?\d+")
_REDUCTIONS = {"0": "none", "1": "mean", "2": "sum"}
_USUAL = {"alpha": "1", "beta": "1", "ignore_index": "-100", "keepdim": "False"}


class DisplayNames:
    """The display names of one trace: the user's own, numbered where several values have it (`h₃`), else `v₃`."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._plain = _plain_names(trace)
        self._shown = [
            subscript(name) if _GENERATED.fullmatch(name) or name != value.label else name
            for name, value in zip(self._plain, trace.values, strict=True)
        ]
        self._expressions: dict[int, str] = {}
        self._saved: dict[int, tuple[str, ...]] = {}

    def plain(self, value: int) -> str:
        """The name as it could be typed: `x1`, `f`, `v3`."""
        return self._plain[value]

    def show(self, value: int) -> str:
        """The name on the page: a generated one with a subscript, the user's as typed."""
        return self._shown[value]

    def bar(self, value: int) -> str:
        """The value's adjoint: `v̄₃`."""
        return bar(self._plain[value])

    def dot(self, value: int) -> str:
        """The value's tangent: `v̇₃`."""
        return self.bar(value).replace(OVERLINE, "\u0307").replace("∂", "d")

    def leaf(self, step: Step) -> str:
        """The leaf whose `.grad` a step changes."""
        leaf = None if step.node is None else self._trace.nodes[step.node].leaf
        return "leaf" if leaf is None else self.show(leaf)

    def target(self, node: BackwardNode, part: Contribution) -> str:
        """The target of a contribution: a value, or the next node where no value stands between."""
        edge = node.edges[part.edge]
        if edge.value is not None:
            return self.show(edge.value)
        return "the next node" if edge.node is None else self._trace.nodes[edge.node].name

    def latex(self, value: int) -> str:
        """The value in LaTeX: `v_{3}`."""
        return latex_name(self._plain[value])

    def latex_bar(self, value: int) -> str:
        """The value's adjoint in LaTeX: `\\bar{v}_{3}`."""
        return latex_bar(self._plain[value])

    def operands(self, op: Op, write: Callable[[int], str]) -> dict[str, str]:
        """The arguments of a call by path, tensors written by `write`, lists of tensors gathered."""
        usual = defaults(op.qualname)
        whole = {constant.path: constant.text for constant in op.constants if usual.get(constant.path) != constant.text}
        lists: dict[str, list[tuple[list[int], str]]] = {}
        for argument in op.inputs:
            head, _, rest = argument.path.partition(".")
            if rest:
                place = [int(part) if part.isdigit() else 0 for part in rest.split(".")]
                lists.setdefault(head, []).append((place, write(argument.value)))
            else:
                whole[head] = write(argument.value)
        for head, elements in lists.items():
            if head not in whole:
                whole[head] = "[" + ", ".join(text for _, text in sorted(elements)) + "]"
        if op.name == "getitem" and (len(lists) > 0 or "1" not in whole):
            whole["1"] = self._typed_index(op) or whole.get("1", "None")
        return whole

    def _typed_index(self, op: Op) -> str:
        """The index as it was typed, '' where no text is known: of `x[i, 0]` the record has the tensors only."""
        typed = "" if op.span is None else self._trace.text[op.span.start : op.span.end].rstrip()
        depth = 0
        for place in range(len(typed) - 1, 0, -1):
            depth += {"]": 1, "[": -1}.get(typed[place], 0)
            if depth == 0:
                return " ".join(typed[place + 1 : -1].split()) if typed.endswith("]") else ""
        return ""

    def expression(self, op: Op) -> str:
        """The call with names: `sin(x2)`, `x1 * x2`, `sum(x, dim=1)`."""
        if op.id not in self._expressions:
            self._expressions[op.id] = call_text(op, self.operands(op, self.show))
        return self._expressions[op.id]

    def equation(self, op: Op) -> str:
        """The call with its results: `v₃ = sin(x2)`."""
        results = ", ".join(self.show(output) for output in op.outputs)
        expression = self.expression(op)
        return f"{results} = {expression}" if results else expression

    def numbers(self, op: Op) -> str:
        """The call with numbers for scalars: `sin(5)`, `2 × 5`."""
        if op.name.strip("_") in ATTRIBUTES:
            return self.expression(op)
        return call_text(op, self.operands(op, self._number), _DISPLAY)

    def latex_expression(self, op: Op) -> str:
        """The call in LaTeX."""
        return latex_call(op, self.operands(op, self.latex))

    def saved(self, node: BackwardNode) -> tuple[str, ...]:
        """The saved tensors and settings of a backward node: `other = x2`, `dim = 1`."""
        if node.id not in self._saved:
            self._saved[node.id] = tuple(filter(None, map(self._kept, node.saved)))
        return self._saved[node.id]

    def _kept(self, saved: Saved) -> str:
        """Name one thing that a node kept; '' for shapes, factors of 1 and other defaults, which interest no reader."""
        if saved.value is not None:
            return f"{saved.name} = {self.show(saved.value)}"
        if saved.data is not None:
            return f"{saved.name} = {brief(saved.data)}"
        if saved.text in ("", "None", _USUAL.get(saved.name)) or "_sym_" in saved.name:
            return ""
        return f"{saved.name} = {_REDUCTIONS.get(saved.text, saved.text) if saved.name == 'reduction' else saved.text}"

    def _number(self, value: int) -> str:
        data = self._trace.values[value].data
        if data.numel != 1 or data.flat is None:
            return self.show(value)
        text = format_number(data.flat[0])
        return f"({text})" if text.startswith(MINUS) else text


def _plain_names(trace: Trace) -> list[str]:
    """The user's names; of one that a loop gives again and again, `h1`, `h2`, ... in the order of computation.

    Where that could be read as another name, `h[1]`, `h[2]`, ...
    """
    labels = Counter(value.label for value in trace.values)
    taken = {value.name for value in trace.values} | labels.keys()
    bracketed = {name for name, count in labels.items() if count > 1 and not _can_be_numbered(name, count, taken)}
    given = Counter[str]()
    names = []
    for value in trace.values:
        name = value.label
        if labels[name] > 1:
            if value.op is None:  # what a loop begins with: unnumbered
                name = value.name
            else:
                given[name] += 1
                name = f"{name}[{given[name]}]" if name in bracketed else _numbered(name, given[name])
        names.append(name)
    return names


def _numbered(name: str, number: int) -> str:
    """A name with the number of its value: `h3`, which is shown as `h₃`, or `loss₃`."""
    return f"{name}{number}" if len(name) == 1 else subscripted(name, number)


def _can_be_numbered(name: str, count: int, taken: Set[str]) -> bool:
    """Tell whether the numbers can be told from the name, and the numbered names from others."""
    return name[-1].isalpha() and taken.isdisjoint(_numbered(name, number) for number in range(1, count + 1))
