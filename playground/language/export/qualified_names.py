"""Rewrite a program with PyTorch's qualified names: `sin` becomes `torch.sin`, a list `torch.tensor(...)`.

What the language does on its own is written out, so that Python runs the result with nothing else imported.
"""

from __future__ import annotations

from dataclasses import replace

from playground.errors import PlaygroundError
from playground.language.evaluate.program_evaluator import ProgramEvaluator
from playground.language.function import METHOD, PYTHON, TENSOR_LISTS, TENSORS, TENSORS_OR_NUMBERS, Function
from playground.language.functions.literals import as_one
from playground.language.functions.table import FUNCTIONS, find
from playground.language.syntax import tree
from playground.language.syntax.walk import expressions, inner, parts

NUMBER_FUNCTIONS = frozenset(
    {"numel", "dim", "size", "item", "range"} | {row.name for row in FUNCTIONS if row.homes == (PYTHON,)}
)
LIKE_ANOTHER = {"rand_like": "rand", "randn_like": "randn"}  # PyTorch's own take no generator in every version


class Qualifier:
    """Rewrites the statements of one program. `renamed`: names that would hide what the script needs.

    `seen`: the evaluator of a run of the program, which knows what its lists and calls were.
    """

    def __init__(self, generator: str, renamed: dict[str, str], seen: ProgramEvaluator | None = None) -> None:
        self._generator = generator
        self._renamed = renamed
        self._plain_calls = frozenset[int]() if seen is None else seen.plain_calls
        self._paired = frozenset[int]() if seen is None else seen.paired
        self._same_axes = frozenset[int]() if seen is None else seen.same_axes
        self._made = None if seen is None else seen.made
        self._text = None if seen is None else seen.program.text
        self._kept = frozenset[int]() if seen is None else seen.kept
        self._itemwise = frozenset[int]() if seen is None else seen.itemwise
        self._numbers: set[str] = set()  # names that may stand for a plain number

    def statements(self, body: tuple[tree.Statement, ...]) -> tuple[tree.Statement, ...]:
        """The statements, rewritten."""
        self._find_numbers(body)
        return tuple(self._statement(node) for node in body)

    def as_tensor(self, node: tree.Expression) -> tree.Expression:
        """An expression where a tensor is wanted: a list, or what may be a number, is made one."""
        if isinstance(node, tree.Sequence) and node.kind == "list":
            return self._tensor_of(node)
        kinds = self._kinds(node)
        if kinds and "other" not in kinds:
            return self.value(node)
        return self.value(node) if self._is_tensor(node) else _torch("as_tensor", self.value(node))

    def value(self, node: tree.Expression) -> tree.Expression:
        """An expression where a list stands for a tensor, if it was one in the run."""
        kinds = self._kinds(node)
        if isinstance(node, tree.Sequence) and node.kind == "list" and (self._made is None or kinds):
            return self._tensor_of(node)
        written = self.expression(node)
        if not kinds - {"other"}:
            return written
        if id(node) in self._kept:
            message = "a list is joined or repeated here at one time, and computed with as a tensor at another"
            hint = "for a script, write torch.tensor(...) around the list that is a tensor"
            raise PlaygroundError(message, span=node.span, hint=hint, text=self._text)
        return _torch(next(iter(kinds)), written) if kinds in ({"tensor"}, {"stack"}) else _as_one(written)

    def _kinds(self, node: tree.Expression) -> set[str]:
        """What a run has found where a tensor is wanted: lists, or anything else."""
        return (self._made or {}).get(id(node), set())

    def expression(self, node: tree.Expression) -> tree.Expression:
        """Rewrite one expression; a list stays a list."""
        match node:
            case tree.Name(id=name):
                return replace(node, id=self._name(name))
            case tree.NamedConstant(name=name):
                return replace(node, written=f"torch.{name}")
            case tree.Unary(operand=operand):
                return replace(node, operand=self.value(operand))
            case tree.Binary(left=left, right=right):
                return replace(node, left=self.value(left), right=self.value(right))
            case tree.Sequence(items=items):
                return replace(node, items=tuple(map(self.expression, items)))
            case tree.Slice(start=start, stop=stop, step=step):
                first, last, every = (None if p is None else self.expression(p) for p in (start, stop, step))
                return tree.Slice(first, last, every, node.span)
            case tree.Index(operand=operand, index=index):
                return replace(node, operand=self.value(operand), index=self._index(index))
            case tree.Attribute(operand=operand) if id(node) in self._same_axes:
                return self.value(operand)
            case tree.Attribute(operand=operand):
                return replace(node, operand=self.value(operand))
            case tree.Call():
                return self._call(node)
            case tree.CallOwn(function=function, arguments=arguments):
                given = tuple(
                    tree.CallArgument(self._name(one.name), self.expression(one.value), one.span) for one in arguments
                )
                return replace(node, function=self.expression(function), arguments=given)
            case tree.Logic(operands=operands):
                return replace(node, operands=tuple(map(self.expression, operands)))
            case tree.Conditional(test=test, then=then, other=other):
                first, second, third = map(self.expression, (test, then, other))
                return tree.Conditional(first, second, third, node.span)
            case tree.Comprehension(element=element, generators=generators):
                return replace(
                    node, element=self.expression(element), generators=tuple(map(self._one_generator, generators))
                )
            case tree.Lambda(parameters=parameters, body=body):
                return replace(node, parameters=self._parameters(parameters), body=self.expression(body))
        return node

    def _name(self, name: str) -> str:
        return self._renamed.get(name, name)

    def _one_generator(self, node: tree.Generator) -> tree.Generator:
        conditions = tuple(map(self.expression, node.conditions))
        return tree.Generator(self._targets(node.targets), node.unpack, self.expression(node.iterable), conditions)

    def _parameters(self, parameters: tuple[tree.Parameter, ...]) -> tuple[tree.Parameter, ...]:
        return tuple(
            tree.Parameter(
                self._name(one.name), None if one.default is None else self.expression(one.default), one.span
            )
            for one in parameters
        )

    def _index(self, node: tree.Expression) -> tree.Expression:
        if isinstance(node, tree.Sequence) and node.kind == "tuple":
            return replace(node, items=tuple(self.expression(item) for item in node.items))
        return self.expression(node)

    def _tensor_of(self, node: tree.Sequence) -> tree.Expression:
        if all(
            isinstance(part, tree.Sequence | tree.Literal | tree.Unary | tree.NamedConstant | tree.Binary)
            for part in parts(node)
        ) or self._kinds(node) == {"tensor"}:
            return _torch("tensor", self.expression(node))
        rows = tuple(self.as_tensor(item) for item in node.items)
        return _torch("stack", replace(node, items=rows))

    def _call(self, node: tree.Call) -> tree.Expression:
        if id(node) in self._plain_calls:
            given = tuple(replace(one, value=self.expression(one.value)) for one in node.arguments)
            return replace(node, arguments=given)
        if id(node) in self._paired:
            given = tuple(replace(one, value=_torch("as_tensor", self.expression(one.value))) for one in node.arguments)
            return replace(node, home="torch", arguments=given)
        function = find("" if node.home == "math" else node.home, node.name)
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
        if function.is_written_out:
            home, name = PYTHON, function.call.__name__
        return tree.Call("" if home == PYTHON else home, name, receiver, tuple(arguments), node.span, node.name_span)

    def _argument(self, function: Function, name: str, value: tree.Expression) -> tree.Expression:
        if name in TENSOR_LISTS and name not in function.plain and isinstance(value, tree.Sequence):
            return replace(value, items=tuple(self.as_tensor(item) for item in value.items))
        if id(value) in self._itemwise:
            return self._each_as_one(value)
        if name in TENSORS and name not in function.plain and function.homes != (PYTHON,):
            return self.as_tensor(value)
        return self.value(value) if name in (*TENSORS_OR_NUMBERS, *function.plain) else self.expression(value)

    def _each_as_one(self, node: tree.Expression) -> tree.Expression:
        """A list of tensors that was computed of numbers and lists."""
        name = tree.Name("part", node.span)
        one = tree.Generator((name,), False, self.expression(node), ())
        return tree.Comprehension("list", _torch("as_tensor", _as_one(name)), (one,), node.span)

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
                return name in ("T", "mT", "real", "imag", "grad", "values", "indices")
            case tree.Call(name=name):
                return name not in NUMBER_FUNCTIONS and id(node) not in self._plain_calls
        return isinstance(node, tree.Literal) and node.value is None

    def _find_numbers(self, body: tuple[tree.Statement, ...]) -> None:
        """Until nothing changes: names that are given a value that may be a number."""
        before = -1
        while before != len(self._numbers):
            before = len(self._numbers)
            self._note_numbers(body)

    def _note_numbers(self, body: tuple[tree.Statement, ...]) -> None:
        for part in expressions(body):
            match part:
                case tree.Comprehension(generators=generators):
                    self._numbers.update(target.id for one in generators for target in one.targets)
                case tree.Lambda(parameters=parameters):
                    self._numbers.update(parameter.name for parameter in parameters)
        self._note_targets(body)

    def _note_targets(self, body: tuple[tree.Statement, ...]) -> None:
        for node in body:
            match node:
                case tree.Assign(targets=targets, value=value) if not self._is_tensor(value):
                    self._numbers.update(target.id for target in targets)
                case tree.For(targets=targets):
                    self._numbers.update(target.id for target in targets)
                case tree.Define(parameters=parameters):
                    self._numbers.update(parameter.name for parameter in parameters)
            self._note_targets(inner(node))

    def _targets(self, targets: tuple[tree.Name, ...]) -> tuple[tree.Name, ...]:
        return tuple(replace(target, id=self._name(target.id)) for target in targets)

    def _block(self, body: tuple[tree.Statement, ...]) -> tuple[tree.Statement, ...]:
        return tuple(map(self._statement, body))

    def _statement(self, node: tree.Statement) -> tree.Statement:
        match node:
            case tree.Evaluate(value=value) | tree.State(value=value):
                return replace(node, value=self.value(value))
            case tree.Assign(targets=targets, value=value):
                return replace(node, targets=self._targets(targets), value=self.value(value))
            case tree.Augmented(target=target, operator=operator, value=value):
                if self._kinds(target) - {"other"}:  # a list, of which the operation made a tensor
                    whole = tree.Binary(operator, self.value(target), self.value(value), node.span)
                    return tree.Assign(self._targets((target,)), False, whole, node.span)
                return replace(node, target=self._targets((target,))[0], value=self.value(value))
            case tree.For(targets=targets, iterable=iterable, body=body):
                return replace(
                    node, targets=self._targets(targets), iterable=self.expression(iterable), body=self._block(body)
                )
            case tree.GradMode(body=body):
                return replace(node, body=self._block(body))
        return self._further(node)

    def _further(self, node: tree.Statement) -> tree.Statement:
        match node:
            case tree.If(test=test, body=body, orelse=orelse):
                return tree.If(self.expression(test), self._block(body), self._block(orelse), node.span)
            case tree.Define(target=target, parameters=parameters, body=body):
                own = self._targets((target,))[0]
                return tree.Define(own, self._parameters(parameters), self._block(body), node.span)
            case tree.Return(value=value) if value is not None:
                return replace(node, value=self.expression(value))
            case tree.SetItem(target=target, value=value):
                place = replace(target, operand=self.expression(target.operand), index=self._index(target.index))
                return replace(node, target=place, value=self.value(value))
            case tree.SetData(target=owner, value=value):
                return replace(node, target=self.value(owner), value=self.value(value))
            case tree.ClearGrad(target=owner):
                return replace(node, target=self.value(owner))
            case tree.Append(target=target, value=value):
                return replace(node, target=self._targets((target,))[0], value=self.expression(value))
            case tree.Seed(value=value):
                generator = tree.Name(self._generator, node.span)
                argument = (_positional(self.expression(value)),)
                return tree.Evaluate(
                    tree.Call(METHOD, "manual_seed", generator, argument, node.span, node.span), node.span
                )
        return node


def _as_one(value: tree.Expression) -> tree.Call:
    return tree.Call("", as_one.__name__, None, (_positional(value),), value.span, value.span)


def _torch(name: str, value: tree.Expression) -> tree.Call:
    return tree.Call("torch", name, None, (_positional(value),), value.span, value.span)


def _positional(value: tree.Expression) -> tree.CallArgument:
    return tree.CallArgument("", value, value.span)
