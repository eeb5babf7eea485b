"""The product on each edge of the backward graph, written with the names of one trace: `v̄₂ × x2`, `xᵀ @ v̄₁`."""

from __future__ import annotations

from playground.explain import backward_rules
from playground.explain.names import DisplayNames
from playground.explain.numbers import MINUS, brief
from playground.trace.records import BackwardNode, Op
from playground.trace.trace import Trace

_SAVED_LETTERS = {"self": "a", "other": "b", "mat1": "a", "mat2": "b", "vec": "b", "exponent": "b"}


class Formulas:
    """The rows of the table of derivatives, filled in for the nodes of one trace."""

    def __init__(self, trace: Trace, names: DisplayNames) -> None:
        self.trace = trace
        self.names = names
        self._locals: dict[tuple[int, int, bool, bool], str] = {}
        self._symbols: dict[tuple[int, bool], dict[str, str]] = {}

    def upstream(self, node: BackwardNode) -> int | None:
        """The value whose adjoint a node turns into others; inside a composite call, the result of that call."""
        found = next((output for output in node.outputs if output is not None), None)
        if found is None and node.op is not None and node.leaf is None:
            found = next(iter(self.trace.ops[node.op].outputs), None)
        return found

    def local(self, node: BackwardNode, edge: int, *, latex: bool = False, call: bool = True) -> str:
        """The formula of one edge's local derivative, or of its whole product; '' where the tables have none.

        With `call`, a composite call counts as one step; without, each of its nodes stands for itself.
        """
        key = node.id, edge, latex, call
        if key not in self._locals:
            self._locals[key] = self._local(node, edge, latex, call)
        return self._locals[key]

    def _local(self, node: BackwardNode, edge: int, latex: bool, call: bool) -> str:
        use = node.edges[edge].use
        op = None if use is None else self.trace.ops[use[0]]
        if use is not None and op is not None and (call or op.nodes == (node.id,)):
            whole = backward_rules.call_rule(op, use[1])
            if whole is not None:
                return backward_rules.fill(whole[latex], self._call_symbols(op, latex))
        row = backward_rules.rule_of(node)
        formulas = row.latex if latex else row.text
        number = node.edges[edge].number
        return backward_rules.fill(formulas[number], self.symbols(node, latex)) if number < len(formulas) else ""

    def is_product(self, node: BackwardNode, edge: int) -> bool:
        """Tell whether `local` is the whole vector-Jacobian product, not a factor of the incoming adjoint."""
        use = node.edges[edge].use
        whole = backward_rules.call_rule(self.trace.ops[use[0]], use[1]) if use is not None else None
        texts = backward_rules.rule_of(node).text
        number = node.edges[edge].number
        return "@g" in (whole[0] if whole else texts[number] if number < len(texts) else "")

    def product(self, node: BackwardNode, edge: int) -> str:
        """Write one edge's vector-Jacobian product in symbols: `v̄₂ × x2`, `xᵀ @ v̄₁`."""
        formula = self.local(node, edge)
        value = self.upstream(node)
        adjoint = "g" if value is None else self.names.bar(value)
        if not formula:
            arrived = [self.names.bar(output) for output in node.outputs if output is not None]
            return f"{node.name}({', '.join(arrived or [adjoint])})"
        if self.is_product(node, edge):
            return formula
        return (
            adjoint
            if formula == "1"
            else MINUS + adjoint
            if formula == MINUS + "1"
            else f"{adjoint} × {group(formula)}"
        )

    def _call_symbols(self, op: Op, latex: bool) -> dict[str, str]:
        """The arguments that the letters stand for in the formula of a whole call."""
        write, write_bar = (self.names.latex, self.names.latex_bar) if latex else (self.names.show, self.names.bar)
        operands = self.names.operands(op, write)
        paths = sorted(filter(str.isdigit, operands), key=int)
        found = {letter: operands[path] for letter, path in zip("abc", paths, strict=False)}
        if "b" in found:
            found["p"] = backward_rules.less_one(found["b"])
        return found | {"y": write(op.outputs[0]), "g": write_bar(op.outputs[0])} if op.outputs else found

    def symbols(self, node: BackwardNode, latex: bool = False) -> dict[str, str]:
        """The arguments that the letters stand for in the rule of a node."""
        key = node.id, latex
        if key not in self._symbols:
            self._symbols[key] = self._symbols_of(node, latex)
        return self._symbols[key]

    def _symbols_of(self, node: BackwardNode, latex: bool) -> dict[str, str]:
        write, write_bar = (self.names.latex, self.names.latex_bar) if latex else (self.names.show, self.names.bar)
        letters = backward_rules.rule_of(node).letters
        found: dict[str, str] = {}
        for letter, edge in zip(letters, node.edges, strict=False):
            if edge.value is not None:
                found[letter] = write(edge.value)
            elif edge.node is not None and self.trace.nodes[edge.node].name.startswith("TBackward"):
                inner = self.trace.nodes[edge.node].edges[0].value
                if inner is not None:
                    found[letter] = write(inner) + (r"^{\top}" if latex else "ᵀ")
        op = None if node.op is None else self.trace.ops[node.op]
        if op is not None and op.nodes == (node.id,):
            operands = self.names.operands(op, write)
            for letter, path in zip(letters, sorted(filter(str.isdigit, operands), key=int), strict=False):
                found[letter] = operands[path]
        for saved in node.saved:
            letter = _SAVED_LETTERS.get(saved.name, "")
            if letter and saved.value is not None:
                found.setdefault(letter, write(saved.value))
            elif letter and saved.data is None and saved.text:
                found.setdefault(letter, saved.text)
            elif letter and saved.data is not None and saved.data.numel == 1:
                found.setdefault(letter, brief(saved.data))
        if "b" in found:
            found["p"] = backward_rules.less_one(found["b"])
        result = next((output for output in node.outputs if output is not None), None)
        return found | ({"g": "g"} if result is None else {"y": write(result), "g": write_bar(result)})


def group(formula: str) -> str:
    """A formula as a factor: in parentheses if it is a sum or negative.

    >>> group("1 − y²"), group("−1"), group("[x > 0]"), group("cos(x2)")
    ('(1 − y²)', '(−1)', '[x > 0]', 'cos(x2)')
    """
    closed = formula.startswith("[") and formula.find("]") == len(formula) - 1
    return f"({formula})" if (" " in formula and not closed) or formula.startswith(("-", MINUS)) else formula
