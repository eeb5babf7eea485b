"""Write a program as text: one normal spelling, with as few brackets as the meaning allows."""

from __future__ import annotations

from collections.abc import Iterable

from playground.language.syntax import tree
from playground.language.syntax.program import Program

LAMBDA, CHOICE, EITHER, BOTH, NEITHER, COMPARISON, OR, AND, SUM, PRODUCT, SIGN, POWER, TIGHT = range(
    13
)  # how strongly an operator binds
BINDING = {
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "is", "is not", "in", "not in"), COMPARISON),
    "or": EITHER,
    "and": BOTH,
    "|": OR,
    "&": AND,
    **dict.fromkeys("+-", SUM),
    **dict.fromkeys(("*", "/", "//", "%", "@"), PRODUCT),
    "**": POWER,
}
WRITTEN_HOMES = {
    "torch": "torch.",
    "F": "F.",
    "autograd": "torch.autograd.",
    "linalg": "torch.linalg.",
    "special": "torch.special.",
    "fft": "torch.fft.",
    "math": "math.",
}


def unparse(program: Program) -> str:
    """The text of a program; parsing it again gives the same tree.

    >>> from playground.language.syntax.program import parse
    >>> unparse(parse("f=(a+(b*c))**2 ; -f"))
    'f = (a + b * c) ** 2\\n-f'
    """
    return write_statements(program.statements)


def write_statements(statements: Iterable[tree.Statement], indent: str = "") -> str:
    """Statements, one per line."""
    return "\n".join(_statement(statement, indent) for statement in statements)


def write(node: tree.Expression) -> str:
    """Write one expression."""
    return _expression(node)[0]


def _statement(node: tree.Statement, indent: str) -> str:
    match node:
        case tree.Evaluate(value=value):
            return indent + write(value)
        case tree.Assign(targets=targets, unpack=unpack, value=value):
            return f"{indent}{_targets(targets, unpack)} = {write(value)}"
        case tree.State(target=target, value=value):
            return f"{indent}{target.id} = {write(value)}"
        case tree.Augmented(target=target, operator=operator, value=value):
            return f"{indent}{target.id} {operator}= {write(value)}"
        case tree.For(targets=targets, unpack=unpack, iterable=iterable, body=body):
            return f"{indent}for {_targets(targets, unpack)} in {write(iterable)}:\n" + _block(body, indent)
        case tree.GradMode(enabled=enabled, body=body):
            name = "enable_grad" if enabled else "no_grad"
            return f"{indent}with torch.{name}():\n" + _block(body, indent)
        case tree.If(test=test, body=body, orelse=orelse):
            other = f"\n{indent}else:\n{_block(orelse, indent)}" if orelse else ""
            return f"{indent}if {write(test)}:\n{_block(body, indent)}{other}"
        case tree.Define(target=target, parameters=parameters, body=body):
            return f"{indent}def {target.id}({_parameters(parameters)}):\n{_block(body, indent)}"
        case tree.Return(value=value):
            return f"{indent}return" + ("" if value is None else f" {write(value)}")
        case tree.Leave(how=how):
            return indent + how
        case tree.SetItem(target=place, operator=operator, value=value):
            return f"{indent}{write(place)} {operator}= {write(value)}"
        case tree.SetData(target=place, operator=operator, value=value):
            return f"{indent}{_inside(place, TIGHT)}.data {operator}= {write(value)}"
        case tree.ClearGrad(target=place):
            return f"{indent}{_inside(place, TIGHT)}.grad = None"
        case tree.Append(target=target, value=value, how=how):
            return f"{indent}{target.id}.{how}({write(value)})"
        case tree.Seed(value=value):
            return f"{indent}torch.manual_seed({write(value)})"


def _block(body: tuple[tree.Statement, ...], indent: str) -> str:
    return write_statements(body, indent + "    ") if body else f"{indent}    pass"


def _parameters(parameters: tuple[tree.Parameter, ...]) -> str:
    return ", ".join(
        one.name if one.default is None else f"{one.name}={_inside(one.default, CHOICE)}" for one in parameters
    )


def _targets(targets: tuple[tree.Name, ...], unpack: bool) -> str:
    return ", ".join(target.id for target in targets) + ("," if unpack and len(targets) == 1 else "")


def _expression(node: tree.Expression) -> tuple[str, int]:
    """The text, and how strongly its outermost operator binds."""
    match node:
        case tree.Literal(text=text):
            return text, POWER if text[0].isdigit() else TIGHT  # `2.T` would be read as a number
        case tree.Name(id=name) | tree.NamedConstant(written=name):
            return name, TIGHT
        case tree.Unary(operator=operator, operand=operand):
            return operator + _inside(operand, SIGN), SIGN
        case tree.Binary(operator="**", left=left, right=right):
            return f"{_inside(left, POWER + 1, is_base=True)} ** {_inside(right, SIGN)}", POWER
        case tree.Binary(operator=operator, left=left, right=right):
            binding = BINDING[operator]
            first = _inside(left, binding + 1 if binding == COMPARISON else binding)
            return f"{first} {operator} {_inside(right, binding + 1)}", binding
        case tree.Sequence(kind=kind, items=items):
            inner = ", ".join(write(item) for item in items)
            if kind == "list":
                return f"[{inner}]", TIGHT
            return f"({inner}{',' if len(items) == 1 else ''})", TIGHT
        case tree.Slice():
            return _slice(node), TIGHT
        case tree.Index(operand=operand, index=index):
            return f"{_inside(operand, TIGHT)}[{_index(index)}]", TIGHT
        case tree.Attribute(operand=operand, name=name):
            return f"{_inside(operand, TIGHT)}.{name}", TIGHT
        case tree.Call(home=home, name=name, receiver=receiver, arguments=arguments):
            front = WRITTEN_HOMES.get(home, "") if receiver is None else _inside(receiver, TIGHT) + "."
            return f"{front}{name}({', '.join(map(_argument, arguments))})", TIGHT
        case tree.CallOwn(function=function, arguments=arguments):
            return f"{_inside(function, TIGHT)}({', '.join(map(_argument, arguments))})", TIGHT
        case tree.Logic(how="not", operands=operands):
            return f"not {_inside(operands[0], NEITHER)}", NEITHER
        case tree.Logic(how=how, operands=operands):
            return f" {how} ".join(_inside(part, BINDING[how] + 1) for part in operands), BINDING[how]
        case tree.Conditional(test=test, then=then, other=other):
            first, second = _inside(then, CHOICE + 1), _inside(test, CHOICE + 1)
            return f"{first} if {second} else {_inside(other, CHOICE)}", CHOICE
        case tree.Comprehension(kind=kind, element=element, generators=generators):
            inner = " ".join([write(element), *map(_generator, generators)])
            return (f"[{inner}]" if kind == "list" else f"({inner})"), TIGHT
        case tree.Lambda(parameters=parameters, body=body):
            return f"lambda{' ' if parameters else ''}{_parameters(parameters)}: {_inside(body, LAMBDA)}", LAMBDA


def _generator(node: tree.Generator) -> str:
    conditions = "".join(f" if {_inside(test, CHOICE + 1)}" for test in node.conditions)
    return f"for {_targets(node.targets, node.unpack)} in {_inside(node.iterable, CHOICE + 1)}{conditions}"


def _inside(node: tree.Expression, at_least: int, is_base: bool = False) -> str:
    """An operand, in brackets where it binds less than its operator."""
    text, binding = _expression(node)
    return text if binding >= at_least or (is_base and isinstance(node, tree.Literal)) else f"({text})"


def _argument(argument: tree.CallArgument) -> str:
    return f"{argument.name}={write(argument.value)}" if argument.name else write(argument.value)


def _index(node: tree.Expression) -> str:
    """Inside [ ], slices stand without brackets around them."""
    if isinstance(node, tree.Sequence) and node.kind == "tuple" and node.items:
        inner = ", ".join(write(item) for item in node.items)
        return inner + ("," if len(node.items) == 1 else "")
    return write(node)


def _slice(node: tree.Slice) -> str:
    start, stop, step = ("" if part is None else write(part) for part in (node.start, node.stop, node.step))
    return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
