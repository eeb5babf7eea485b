"""Write a text as a plain PyTorch script that prints the numbers of the page, with nothing of ours imported."""

from __future__ import annotations

import builtins
import inspect
import keyword
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import indent

import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.language.evaluate.interpreter import Interpreter, results_in
from playground.language.evaluate.leaves import DTYPES, Leaf
from playground.language.export.device import NAMES as DEVICE_NAMES
from playground.language.export.device import device_lines
from playground.language.export.qualified_names import Qualifier
from playground.language.function import METHOD, Value
from playground.language.functions.literals import as_one
from playground.language.functions.table import FUNCTIONS, find
from playground.language.syntax import tree
from playground.language.syntax.program import Program
from playground.language.syntax.tree import (
    Assign,
    Augmented,
    Call,
    Evaluate,
    Expression,
    For,
    GradMode,
    Name,
    State,
    Statement,
)
from playground.language.syntax.unparse import write, write_statements
from playground.language.syntax.walk import expressions, inner, parts, targets_in

OWN = (as_one.__name__, *dict.fromkeys(row.call.__name__ for row in FUNCTIONS if row.is_written_out))
NEEDED = ("torch", "F", "math", *OWN, *DEVICE_NAMES, *dir(builtins), *keyword.softkwlist)  # what the script says


def to_python(
    program: Program,
    leaves: Mapping[str, Leaf],
    *,
    rng_seed: int = 0,
    passes: int = 1,
    zero_grad: bool = False,
    second: str | None = None,
    tangents: Sequence[str] = (),
) -> str:
    """The script: leaves, the user's lines in PyTorch's full words, the backward pass, and every number printed.

    `second`: the leaf whose gradient is differentiated again. `tangents`: the leaves that move, in forward mode.
    The program is run once, to know what its result is; PlaygroundError where it cannot be.

    >>> from playground.language.syntax.program import parse
    >>> print(to_python(parse("sin(x)"), {"x": Leaf("x", "2.0")}))
    import torch
    <BLANKLINE>
    x = torch.tensor(2.0, dtype=torch.float32, requires_grad=True)
    <BLANKLINE>
    result = torch.sin(x)
    <BLANKLINE>
    result.backward()
    <BLANKLINE>
    print("result =", result.tolist())
    print("x.grad =", x.grad.tolist())
    <BLANKLINE>
    """
    if second is not None and second not in {free.name for free in program.free_names}:
        raise PlaygroundError(f"`{second[:40]}` is not a leaf of this text", hint="choose one of its free names")
    names = Names(program)
    tensors = {free.name: leaves[free.name].tensor(rng_seed) for free in program.free_names}
    run = Interpreter(program, tensors, rng_seed)
    outputs = run.result()
    lines, name = _named_result(_without_stated(program), run.last_statement, names)
    body = write_statements(Qualifier(names.generator, names.renamed, run.evaluator).statements(lines))
    result = Result.of(run.last, name)
    values = "\n".join(_leaf_line(leaves[free.name], names, rng_seed) for free in program.free_names)
    own_backward = _has_backward(program.statements)
    backward = (
        "" if own_backward else _passes_after(outputs, result, tensors, second, names, _Passes(passes, zero_grad))
    )
    prints = [f'print("{names.shown(name)} =", {result.numbers})']
    if second is not None and backward:
        prints.append(f'print("gradient =", {names.gradient}.tolist())')
    for name, tensor in tensors.items():
        if tensor.requires_grad:
            written = names.leaf(name)
            grad = f"{written}.grad" if tensor.grad is None else f"{written}.grad.tolist()"
            prints.append(f'print("{name}.grad =", {grad})')
    draws = any(isinstance(node, Call) and _is_random(node) for node in expressions(program.statements))
    draws_leaves = "torch.Generator(" in values
    device = device_lines(names.device, draws=draws or names.is_seeded or draws_leaves).strip()
    generator = f"{names.generator} = torch.Generator().manual_seed({rng_seed})" if draws or names.is_seeded else ""
    imports = ("import math\n\n" if "math." in body else "") + "import torch"
    imports += "\nimport torch.nn.functional as F" if "F." in body else ""
    forward = "" if own_backward or not tangents else _forward(body, result, outputs, tensors, names, tangents)
    sources = [inspect.getsource(as_one) if f"{as_one.__name__}(" in body else ""]
    sources += map(_source, expressions(program.statements))
    written_out = "\n\n".join(dict.fromkeys(source for source in sources if source))
    sections = (imports, device, written_out, generator, values, body, backward, "\n".join(prints), forward)
    return "\n\n".join(section for section in sections if section) + "\n"


def _source(node: Expression) -> str:
    """Return the code of a function that is ours, '' of anything else."""
    function = find(node.home, node.name) if isinstance(node, Call) else None
    return inspect.getsource(function.call) if function is not None and function.is_written_out else ""


@dataclass(frozen=True, slots=True)
class Result:
    """How a script says the results: as they are, those that a backward pass starts from, their seeds, the numbers."""

    written: str
    roots: str
    seeds: str
    numbers: str

    @classmethod
    def of(cls, value: Value, name: str) -> Result:
        """The results that the value of this name holds: itself, or items of it.

        >>> Result.of((2, torch.ones(1, requires_grad=True)), "y").roots
        '[y[1]]'
        """
        found = list(results_in(value))
        parts = [name + "".join(f"[{number}]" for number in place) for place, _ in found]
        tensors = {part: item for part, (_, item) in zip(parts, found, strict=True) if isinstance(item, Tensor)}
        if len(parts) == 1:
            number = f"{parts[0]}.tolist()" if tensors else f"torch.as_tensor({parts[0]}).tolist()"
            return cls(parts[0], "", "", number)
        is_whole = [place for place, _ in found] == [(number,) for number in range(len(value))]
        written = name if is_whole else f"({', '.join(parts)})"
        numbers = f"[torch.as_tensor(y).tolist() for y in {written}]"
        if len(tensors) == len(parts):
            rest = f"for y in {written} if y.requires_grad]"
            return cls(written, f"[y {rest}", f"[torch.ones_like(y) {rest}", numbers)
        roots = [part for part, item in tensors.items() if item.requires_grad]
        seeds = ", ".join(f"torch.ones_like({root})" for root in roots)
        return cls(written, f"[{', '.join(roots)}]", f"[{seeds}]", numbers)


class Names:
    """The user's names in the script: those that would hide something it needs are changed."""

    def __init__(self, program: Program) -> None:
        self._used = {free.name for free in program.free_names} | set(_names_in(program.statements))
        self.is_seeded = _has_seed(program.statements)
        self.renamed = {name: self._fresh(f"{name}_") for name in sorted(self._used) if name in NEEDED}
        again = {
            target.id
            for target in targets_in(_without_stated(program))
            if target.id in {free.name for free in program.free_names}
        }
        self._leaves = {name: self._fresh(f"{name}_leaf") for name in sorted(again)}
        self.result = self._fresh("result")
        self.gradient = self._fresh("gradient")
        self.program = self._fresh("program")
        self.generator = self._fresh("generator")
        self.device = self._fresh("device")

    def script(self, name: str) -> str:
        """The name in the script of a name in the text."""
        return self.renamed.get(name, name)

    def leaf(self, name: str) -> str:
        """The name in the script of a leaf: another than that of the text, where the text gives it a new value."""
        return self._leaves.get(name, self.script(name))

    def shown(self, written: str) -> str:
        """The name in the text of a name in the script."""
        return next((name for name, new in self.renamed.items() if new == written), written)

    def _fresh(self, name: str) -> str:
        while name in self._used or name in NEEDED:
            name += "_"
        self._used.add(name)
        return name


def _names_in(body: tuple[Statement, ...]) -> Iterator[str]:
    """Every name that the statements say, parameters of functions included."""
    for node in expressions(body):
        match node:
            case Name(id=name):
                yield name
            case tree.Comprehension(generators=generators):
                yield from (target.id for one in generators for target in one.targets)
            case tree.Lambda(parameters=parameters):
                yield from (parameter.name for parameter in parameters)
    yield from (target.id for target in targets_in(body))
    for define in _defines(body):
        yield from (parameter.name for parameter in define.parameters)
        yield from (target.id for target in targets_in(define.body))


def _defines(body: tuple[Statement, ...]) -> Iterator[tree.Define]:
    for node in body:
        if isinstance(node, tree.Define):
            yield node
        yield from _defines(inner(node))


def _has_seed(body: tuple[Statement, ...]) -> bool:
    return any(isinstance(node, tree.Seed) or _has_seed(inner(node)) for node in body)


def _without_stated(program: Program) -> tuple[Statement, ...]:
    """The statements without those that only say the value of a leaf: leaves are made above them."""
    return tuple(node for node in program.statements if not isinstance(node, State))


def _named_result(
    body: tuple[Statement, ...], last: Statement | None, names: Names
) -> tuple[tuple[Statement, ...], str]:
    """The statements with a name for the result, and that name in the script; '' where the result is not among them."""
    if isinstance(last, State):
        return body, names.script(last.target.id)
    for place, node in enumerate(body):
        before, after = body[:place], body[place + 1 :]
        match node:
            case Evaluate(value=Call(name="backward", receiver=Name(id=name))) if node is last:
                return body, names.script(name)
            case Evaluate(value=Call(name="backward", receiver=receiver) as call, span=span) if (
                node is last and receiver
            ):
                root = Assign((Name(names.result, span),), False, receiver, span)
                passed = replace(node, value=replace(call, receiver=Name(names.result, span)))
                return (*before, root, passed, *after), names.result
            case Evaluate(value=value, span=span) if node is last:
                return (*before, Assign((Name(names.result, span),), False, value, span), *after), names.result
            case Assign(targets=targets) if node is last:
                return body, names.script(targets[-1].id)
            case Augmented(target=target) if node is last:
                return body, names.script(target.id)
            case tree.SetItem(target=target) if node is last:
                return body, write(Qualifier("", names.renamed).expression(target.operand))
            case For(body=block) | GradMode(body=block) | tree.If(body=block):
                lines, result = _named_result(block, last, names)
                if result:
                    return (*before, replace(node, body=lines), *after), result
                if isinstance(node, tree.If):
                    lines, result = _named_result(node.orelse, last, names)
                    if result:
                        return (*before, replace(node, orelse=lines), *after), result
    return body, ""


def _leaf_line(leaf: Leaf, names: Names, rng_seed: int) -> str:
    _, expression, seed = leaf.read(rng_seed)
    dtype = f"torch.{leaf.dtype}"
    wants_grad = leaf.requires_grad and DTYPES[leaf.dtype].is_floating_point
    name = " = ".join(dict.fromkeys((names.script(leaf.name), names.leaf(leaf.name))))
    if not any(isinstance(part, Call) for part in parts(expression)):
        ending = ", requires_grad=True" if wants_grad else ""
        return f"{name} = torch.tensor({write(Qualifier('', {}).expression(expression))}, dtype={dtype}{ending})"
    made = Qualifier(f"torch.Generator().manual_seed({seed})", {}).as_tensor(expression)
    cast = Call(METHOD, f"to({dtype}).clone", made, (), made.span, made.span)
    return f"{name} = {write(cast)}" + (".requires_grad_()" if wants_grad else "")


def _is_random(node: Call) -> bool:
    function = find(node.home, node.name)
    return function is not None and function.is_random


def _has_backward(body: tuple[Statement, ...]) -> bool:
    return any(isinstance(node, Call) and node.name == "backward" for node in expressions(body))


def _needs_no_seed(root: Tensor) -> bool:
    """Tell whether PyTorch starts a backward pass here without being told where: from one real number."""
    return root.numel() == 1 and not root.is_complex()


def _passes_after(
    outputs: Tensor | tuple[Tensor, ...],
    result: Result,
    tensors: Mapping[str, Tensor],
    second: str | None,
    names: Names,
    passes: _Passes,
) -> str:
    """The lines of what follows the text; PlaygroundError where PyTorch refuses it."""
    try:
        if second is not None:
            return _second(outputs, result, tensors, second, names, passes)
        return _backward(outputs, result, tensors, names, passes)
    except (RuntimeError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        hint = "run the text: the error there marks its line"
        raise PlaygroundError(f"PyTorch could not run the backward pass: {reason}", hint=hint) from error


def _backward(
    outputs: Tensor | tuple[Tensor, ...],
    result: Result,
    tensors: Mapping[str, Tensor],
    names: Names,
    passes: _Passes,
) -> str:
    """The lines of the backward pass; it is run here, too, to know which leaves it reaches."""
    roots = [output for output in (outputs if isinstance(outputs, tuple) else (outputs,)) if output.requires_grad]
    if not roots:
        return ""
    torch.autograd.backward(roots, [torch.ones_like(root) for root in roots])
    if isinstance(outputs, tuple):
        call = f"torch.autograd.backward({result.roots}, {result.seeds}"
    else:
        call = f"{result.written}.backward("
        call += "" if _needs_no_seed(outputs) else f"torch.ones_like({result.written})"
    return _repeated(call, tensors, names, passes)


@dataclass(frozen=True, slots=True)
class _Passes:
    """How often `backward()` runs, and whether gradients are cleared in between."""

    count: int
    zero_grad: bool


def _repeated(call: str, tensors: Mapping[str, Tensor], names: Names, passes: _Passes) -> str:
    """A call of `backward` without its closing bracket, as often as is wanted."""
    if passes.count == 1:
        return f"{call})"
    keep = "retain_graph=True" if call.endswith("(") else ", retain_graph=True"
    clear = [f"        {names.leaf(name)}.grad = None\n" for name, tensor in tensors.items() if tensor.requires_grad]
    between = "    if index > 0:\n" + "".join(clear) if passes.zero_grad and clear else ""
    return f"for index in range({passes.count}):\n{between}    {call}{keep})"


def _second(
    outputs: Tensor | tuple[Tensor, ...],
    result: Result,
    tensors: Mapping[str, Tensor],
    second: str,
    names: Names,
    passes: _Passes,
) -> str:
    """The lines that differentiate the gradient of one leaf again; they are run here, too."""
    roots = [output for output in (outputs if isinstance(outputs, tuple) else (outputs,)) if output.requires_grad]
    if not roots:
        return ""
    name = names.leaf(second)
    (gradient,) = torch.autograd.grad(roots, tensors[second], [torch.ones_like(r) for r in roots], create_graph=True)
    if isinstance(outputs, tuple):
        called = f"{result.roots}, {name}, {result.seeds}"
    else:
        called = f"{result.written}, {name}"
        called += "" if _needs_no_seed(outputs) else f", torch.ones_like({result.written})"
    lines = f"({names.gradient},) = torch.autograd.grad({called}, create_graph=True)"
    if not gradient.requires_grad:
        return lines
    torch.autograd.backward([gradient], [torch.ones_like(gradient)])
    again = "" if _needs_no_seed(gradient) else f"torch.ones_like({names.gradient})"
    return f"{lines}\n" + _repeated(f"{names.gradient}.backward({again}", tensors, names, passes)


def _forward(
    body: str,
    result: Result,
    outputs: Tensor | tuple[Tensor, ...],
    tensors: Mapping[str, Tensor],
    names: Names,
    tangents: Sequence[str],
) -> str:
    """Forward mode: the same lines as a function, with a direction for each leaf."""
    if isinstance(outputs, tuple):
        return ""
    parameters = ", ".join(names.script(name) for name in tensors)
    primals = ", ".join(f"{names.leaf(name)}.detach()" for name in tensors)
    directions = ", ".join(
        f"torch.{'ones' if name in tangents else 'zeros'}_like({names.leaf(name)})" for name in tensors
    )
    return (
        f"def {names.program}({parameters}):\n{indent(body, '    ')}\n    return {result.written}\n\n\n"
        f"_, tangent = torch.func.jvp({names.program}, ({primals},), ({directions},))\n"
        f'print("tangent =", tangent.tolist())'
    )
