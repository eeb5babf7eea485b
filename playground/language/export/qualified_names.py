"""Rewrite a program with PyTorch's qualified names: `sin` becomes `torch.sin`, a list `torch.tensor(...)`.

What the language does on its own is written out, so that Python runs the result with nothing else imported.
"""

from __future__ import annotations

from dataclasses import replace

from playground.language.function import METHOD, PYTHON, TENSORS, TENSORS_OR_NUMBERS, Function
from playground.language.functions.table import find
from playground.language.syntax import tree
from playground.language.syntax.walk import parts

NUMBER_FUNCTIONS = frozenset({"numel", "dim", "size", "item", "len", "range"})
LIKE_ANOTHER = {"rand_like": "rand", "randn_like": "randn"}  # PyTorch's own take no generator in every version


class Qualifier:
    """Rewrites the statements of one program. `renamed`: names that would hide what the script needs."""

    def __init__(self, generator: str, renamed: dict[str, str]) -> None:
        self._generator = generator
        self._renamed = renamed
        self._numbers: set[str] = set()  # names that may stand for a plain number

    def statements(self, body: tuple[tree.Statement, ...]) -> tuple[tree.Statement, ...]:
        """The statements, rewritten."""
        self._find_numbers(body)
        return tuple(self._statement(node) for node in body)

    def as_tensor(self, node: tree.Expression) -> tree.Expression:
        """An expression where a tensor is wanted: a list, or what may be a number, is made one."""
        if isinstance(node, tree.Sequence) and node.kind == "list":
            return self._tensor_of(node)
        written = self.expression(node)
        return written if self._is_tensor(node) else _torch("as_tensor", written)

    def value(self, node: tree.Expression) -> tree.Expression:
        """An expression where a list stands for a tensor."""
        return (
            self._tensor_of(node) if isinstance(node, tree.Sequence) and node.kind == "list" else self.expression(node)
        )

    def expression(self, node: tree.Expression) -> tree.Expression:
        """Rewrite one expression; a list stays a list."""
        match node:
            case tree.Name(id=name):
                return replace(node, id=self._renamed.get(name, name))
            case tree.NamedConstant(name=name):
                return replace(node, written=f"torch.{name}")
            case tree.Unary(operand=operand):
                return replace(node, operand=self.value(operand))
            case tree.Binary(left=left, right=right):
                return replace(node, left=self.value(left), right=self.value(right))
            case tree.Sequence(kind=kind, items=items):
                return replace(node, items=tuple(map(self.value if kind == "tuple" else self.expression, items)))
            case tree.Slice(start=start, stop=stop, step=step):
                first, last, every = (None if p is None else self.expression(p) for p in (start, stop, step))
                return tree.Slice(first, last, every, node.span)
            case tree.Index(operand=operand, index=index):
                return replace(node, operand=self.value(operand), index=self._index(index))
            case tree.Attribute(operand=operand):
                return replace(node, operand=self.value(operand))
            case tree.Call():
                return self._call(node)
        return node

    def _index(self, node: tree.Expression) -> tree.Expression:
        if isinstance(node, tree.Sequence) and node.kind == "tuple":
            return replace(node, items=tuple(self.value(item) for item in node.items))
        return self.expression(node)

    def _tensor_of(self, node: tree.Sequence) -> tree.Expression:
        if all(
            isinstance(part, tree.Sequence | tree.Literal | tree.Unary | tree.NamedConstant | tree.Binary)
            for part in parts(node)
        ):
            return _torch("tensor", self.expression(node))
        rows = tuple(self.as_tensor(item) for item in node.items)
        return _torch("stack", replace(node, items=rows))

    def _call(self, node: tree.Call) -> tree.Expression:
        function = find(node.home, node.name)
        if function is None:
            return node
        receiver = None if node.receiver is None else self.value(node.receiver)
        names = [parameter.name for parameter in function.parameters]
        place = 0 if receiver is None else 1
        arguments = []
        for argument in node.arguments:
            name = argument.name or names[min(place, len(names) - 1)]
            arguments.append(replace(argument, value=self._argument(function, name, argument.value)))
            place += not argument.name
        if node.name in LIKE_ANOTHER:
            other = arguments[0].value
            shape, dtype = tree.Attribute(other, "shape", node.span), tree.Attribute(other, "dtype", node.span)
            arguments = [_positional(shape), tree.CallArgument("dtype", dtype, node.span)]
        if function.is_random:
            arguments.append(tree.CallArgument("generator", tree.Name(self._generator, node.span), node.span))
        home = node.home if node.home == METHOD else next(h for h in function.homes if h != METHOD)
        name = LIKE_ANOTHER.get(node.name, node.name)
        return tree.Call("" if home == PYTHON else home, name, receiver, tuple(arguments), node.span, node.name_span)

    def _argument(self, function: Function, name: str, value: tree.Expression) -> tree.Expression:
        if name in ("tensors", "operands") and isinstance(value, tree.Sequence):
            return replace(value, items=tuple(self.as_tensor(item) for item in value.items))
        if name in TENSORS and name not in function.plain and function.homes != (PYTHON,):
            return self.as_tensor(value)
        return self.value(value) if name in (*TENSORS_OR_NUMBERS, *function.plain) else self.expression(value)

    def _is_tensor(self, node: tree.Expression) -> bool:
        """Tell whether the value is a tensor for certain."""
        match node:
            case tree.Name(id=name):
                return name not in self._numbers
            case tree.Binary(left=left, right=right):
                return self._is_tensor(left) or self._is_tensor(right)
            case tree.Unary(operand=operand) | tree.Index(operand=operand):
                return self._is_tensor(operand)
            case tree.Attribute(name=name):
                return name in ("T", "mT", "grad", "values", "indices")
            case tree.Sequence(kind=kind):
                return kind == "list"
            case tree.Call(name=name):
                return name not in NUMBER_FUNCTIONS
        return isinstance(node, tree.Literal) and node.value is None

    def _find_numbers(self, body: tuple[tree.Statement, ...]) -> None:
        """Until nothing changes: names that are given a value that may be a number."""
        before = -1
        while before != len(self._numbers):
            before = len(self._numbers)
            self._note_numbers(body)

    def _note_numbers(self, body: tuple[tree.Statement, ...]) -> None:
        for node in body:
            match node:
                case tree.Assign(targets=targets, value=value) if not self._is_tensor(value):
                    self._numbers.update(target.id for target in targets)
                case tree.For(targets=targets, body=inner):
                    self._numbers.update(target.id for target in targets)
                    self._note_numbers(inner)
                case tree.GradMode(body=inner):
                    self._note_numbers(inner)

    def _targets(self, targets: tuple[tree.Name, ...]) -> tuple[tree.Name, ...]:
        return tuple(replace(target, id=self._renamed.get(target.id, target.id)) for target in targets)

    def _statement(self, node: tree.Statement) -> tree.Statement:
        match node:
            case tree.Evaluate(value=value) | tree.State(value=value):
                return replace(node, value=self.value(value))
            case tree.Assign(targets=targets, value=value):
                unpacked = self.expression(value) if node.unpack else self.value(value)
                return replace(node, targets=self._targets(targets), value=unpacked)
            case tree.Augmented(target=target, value=value):
                return replace(node, target=self._targets((target,))[0], value=self.value(value))
            case tree.For(targets=targets, iterable=iterable, body=body):
                inner = tuple(self._statement(part) for part in body)
                return replace(node, targets=self._targets(targets), iterable=self.expression(iterable), body=inner)
            case tree.GradMode(body=body):
                return replace(node, body=tuple(self._statement(part) for part in body))


def _torch(name: str, value: tree.Expression) -> tree.Call:
    return tree.Call("torch", name, None, (_positional(value),), value.span, value.span)


def _positional(value: tree.Expression) -> tree.CallArgument:
    return tree.CallArgument("", value, value.span)
