"""What of a pasted file its module needs: classes, functions, constants. What trains, plots or prints is left out.

The file is looked at before it is read, so that nothing has to be understood that no class uses.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from playground.computing.device import KINDS

_BASES = ("nn.Module", "torch.nn.Module", "Module")
_COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try)
_QUIET = frozenset(("print", "logging", "logger", "log", "warnings"))  # calls that compute nothing
_MOVES = ("to", *KINDS, "float", "train", "eval")  # of a net that was just made


@dataclass(frozen=True, slots=True)
class Needed:
    """The statements that stay, those that are left out, the methods of classes that stay which nothing calls, and the
    call that makes the module (None: of its class). `under`: a name that is used, and the statement under which alone
    it has a value."""

    kept: tuple[ast.stmt, ...]
    left_out: tuple[ast.stmt, ...]
    uncalled: tuple[ast.FunctionDef, ...]
    entry: ast.Call | None
    under: tuple[str, ast.stmt] | None = None


def needed(module: ast.Module) -> Needed:
    """What the last class needs; everything, where no class of the text is a module.

    >>> found = needed(ast.parse("class A(nn.Module):\\n    n = WIDTH\\nWIDTH = 3\\nnet = A(4)\\nprint(net)"))
    >>> [ast.unparse(node) for node in (*found.kept[1:], *found.left_out, found.entry)]
    ['WIDTH = 3', 'net = A(4)', 'print(net)', 'A(4)']
    """
    uncalled = _prune(module)
    file = _File(module)
    last = file.last()
    if last is None:
        return Needed(tuple(module.body), (), (), None)
    entry = file.entry(last)
    names = file.reached({last.name} | (_loaded(entry) if entry is not None else set()))
    names.add("*")  # of an import: it may be any name
    kept = [node for node in module.body if _given(node) & names and node is not file.making]
    others = [node for node in module.body if node not in kept]
    methods = [method for owner, method in uncalled if owner in kept]
    return Needed(tuple(kept), tuple(others), tuple(methods), entry, file.under(kept, entry))


def _prune(module: ast.Module) -> list[tuple[ast.ClassDef, ast.FunctionDef]]:
    """Takes the methods out of classes that nothing calls, and gives each with its class."""
    called = reached(module, None, "__init__") | reached(module, None, "forward")
    uncalled: list[tuple[ast.ClassDef, ast.FunctionDef]] = []
    for node in module.body:
        if isinstance(node, ast.ClassDef) and _method(node, "forward") is not None:
            found = [part for part in node.body if isinstance(part, ast.FunctionDef) and not _is_reached(part, called)]
            node.body = [part for part in node.body if part not in found]
            uncalled += [(node, part) for part in found]
    return uncalled


def _is_reached(method: ast.FunctionDef, called: frozenset[str]) -> bool:
    return method.name in called or method.name.startswith("__")


class _File:
    """The statements of a file by the names that they give."""

    def __init__(self, module: ast.Module) -> None:
        self.body = module.body
        self.by_name: dict[str, list[ast.stmt]] = {}
        for node in module.body:
            for name in _given(node):
                self.by_name.setdefault(name, []).append(node)
        self.uses = {id(node): free_names(node) for node in module.body}
        self.making: ast.stmt | None = None  # the line `net = Net(3)`

    def reached(self, names: set[str]) -> set[str]:
        """These names and all that what they stand for uses."""
        found, waiting = set(names), list(names)
        while waiting:
            for node in self.by_name.get(waiting.pop(), []):
                new = (self.uses[id(node)] | _given(node)) - found
                found |= new
                waiting += new
        return found

    def under(self, kept: list[ast.stmt], entry: ast.Call | None) -> tuple[str, ast.stmt] | None:
        """The first name that is used and that an `if`, a loop or the like gives a value: it is known only there."""
        plain = [node for node in kept if not isinstance(node, _COMPOUND)]
        used = set().union(*(self.uses[id(node)] for node in plain), _loaded(*([] if entry is None else [entry])))
        given = ((node, _given(node) & used) for node in kept if node not in plain)
        return next(((min(names), node) for node, names in given if names), None)

    def last(self) -> ast.ClassDef | None:
        """The last class that is a module and that no other module is made of."""
        modules = self._modules()
        inside = {id(node): self.reached(self.uses[id(node)]) for node in modules}
        for node in reversed(modules):
            if not any(node.name in inside[id(other)] for other in modules if other is not node):
                return node
        return modules[-1] if modules else None

    def _modules(self) -> list[ast.ClassDef]:
        """The classes that continue nn.Module, or each other, or have a `forward`: a slip in a base is said then."""
        classes = [node for node in self.body if isinstance(node, ast.ClassDef)]
        names, before = set(_BASES), -1
        while before != len(names):
            before = len(names)
            names |= {node.name for node in classes if _method(node, "forward") or names & set(map(dotted, node.bases))}
        return [node for node in classes if node.name in names]

    def entry(self, last: ast.ClassDef) -> ast.Call | None:
        """The call that makes the module: a line of the file, else a function of it, else a call within the rest."""
        makers = {last.name} | {
            node.name
            for node in self.body
            if isinstance(node, ast.FunctionDef) and last.name in self.reached({node.name})
        }
        for node in reversed(self.body):
            call = _without_moves(node.value) if isinstance(node, ast.Assign | ast.Expr) else None
            if call is not None and isinstance(node, ast.Assign) and dotted(call.func) in makers:
                self.making = node
                return call
        if not _requires(_method(last, "__init__"), 1):
            return None
        functions = (node for node in self.body if isinstance(node, ast.FunctionDef) and node.name in makers)
        factory = next((node for node in functions if not _requires(node, 0) and _gives(node, makers)), None)
        return next(self._written_out(last.name), None) if factory is None else _call_of(factory)

    def _written_out(self, name: str) -> Iterator[ast.Call]:
        """Calls of a class whose arguments are all known to the file: `net = VGG("VGG11")` within a test."""
        for node in self.body:
            if not isinstance(node, ast.ClassDef):
                for part in parts(node):
                    known = isinstance(part, ast.Call) and dotted(part.func) == name and (part.args or part.keywords)
                    if known and isinstance(part, ast.Call) and _loaded(part) <= self._plain_names():
                        yield part

    def _plain_names(self) -> set[str]:
        return {
            name
            for name, nodes in self.by_name.items()
            if all(isinstance(node, ast.ClassDef | ast.Assign) for node in nodes)
        }


def _method(node: ast.ClassDef, name: str) -> ast.FunctionDef | None:
    return next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == name), None)


def _call_of(factory: ast.FunctionDef) -> ast.Call:
    """`ResNet18()`, standing where the function has its name."""
    name = ast.Name(factory.name, ast.Load())
    call = ast.Call(name, [], [])
    for node in (name, call):
        node.lineno = node.end_lineno = factory.lineno
        node.col_offset = factory.col_offset + len("def ")
        node.end_col_offset = node.col_offset + len(factory.name.encode())
    return call


def _requires(node: ast.FunctionDef | None, first: int) -> bool:
    """Tell whether a function has to be given something, beyond its first arguments."""
    if node is None:
        return False
    given = node.args
    names = [*given.posonlyargs, *given.args][first:]
    return len(names) > len(given.defaults) or any(default is None for default in given.kw_defaults)


def _gives(node: ast.FunctionDef, makers: set[str]) -> bool:
    """Tell whether a function returns a call of one of these, or a name that it gave to such a call."""
    calls = {
        target.id
        for part in parts(node)
        if isinstance(part, ast.Assign) and isinstance(part.value, ast.Call) and dotted(part.value.func) in makers
        for target in part.targets
        if isinstance(target, ast.Name)
    }
    for part in parts(node):
        if isinstance(part, ast.Return) and part.value is not None:
            value = part.value
            if isinstance(value, ast.Call) and dotted(value.func) in makers:
                return True
            if isinstance(value, ast.Name) and value.id in calls:
                return True
    return False


def _without_moves(node: ast.expr) -> ast.Call | None:
    """`Net()` of `Net().to(device)`."""
    while isinstance(node, ast.Call):
        inside = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr in _MOVES else None
        if not isinstance(inside, ast.Call):
            return node
        node = inside
    return None


def parts(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all in it, but for annotations, and for what is asserted, raised, printed or logged."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if is_quiet(part):
            continue
        yield part
        for field, value in ast.iter_fields(part):
            if field not in ("annotation", "returns"):
                inside = value if isinstance(value, list) else [value]
                waiting += [one for one in reversed(inside) if isinstance(one, ast.AST)]


def is_quiet(node: ast.AST) -> bool:
    """Tell whether a statement has no effect on numbers: what is asserted, raised, printed or logged."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return dotted(node.value.func).partition(".")[0] in _QUIET
    return isinstance(node, ast.Assert | ast.Raise)


def free_names(node: ast.stmt) -> set[str]:
    """The names of a file that a statement of it uses; a function's own names are not among them."""
    if isinstance(node, ast.ClassDef):
        inside = [part for part in node.body if isinstance(part, ast.stmt)]
        outside = _loaded(*node.bases, *node.decorator_list)
        return outside.union(*(free_names(part) for part in inside))
    if isinstance(node, ast.FunctionDef):
        own = {part.arg for part in parts(node) if isinstance(part, ast.arg)}
        own |= {part.id for part in parts(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
        own |= {part.name for part in parts(node) if isinstance(part, ast.FunctionDef) and part is not node}
        defaults = [default for default in (*node.args.defaults, *node.args.kw_defaults) if default is not None]
        return (_loaded(node) - own) | _loaded(*defaults, *node.decorator_list)
    return _loaded(node)


def _loaded(*nodes: ast.AST) -> set[str]:
    found = (part for node in nodes for part in parts(node) if isinstance(part, ast.Name))
    return {name.id for name in found if isinstance(name.ctx, ast.Load)}


def _given(node: ast.stmt) -> set[str]:
    """The names that a statement of a file gives a meaning."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(name.asname or name.name).partition(".")[0] for name in node.names}
    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    for part in ast.walk(node):
        if isinstance(part, ast.Import | ast.ImportFrom):
            found |= _given(part)
    return found


def dotted(node: ast.expr) -> str:
    """'nn.Linear' for a name with points, else ''."""
    found: list[str] = []
    while isinstance(node, ast.Attribute):
        found.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(found)]) if isinstance(node, ast.Name) else ""


def reached(module: ast.Module, entry: ast.Call | None, start: str) -> frozenset[str]:
    """The names of the methods and functions that `self.name` and `name` reach from the methods called `start`.

    From `__init__`, also what makes the module (`entry`) and the constants reach is found.
    """
    functions = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    uses: dict[str, set[str]] = {}
    for method in ast.walk(module):
        if isinstance(method, ast.FunctionDef):
            uses.setdefault(method.name, set()).update(_uses(method, functions))
    found, waiting = {start}, [start]
    if start == "__init__":
        others = [node for node in module.body if not isinstance(node, ast.ClassDef | ast.FunctionDef)]
        outside = set().union(*(_uses(node, functions) for node in ([] if entry is None else [entry]) + others))
        found |= outside
        waiting += outside
    while waiting:
        new = (uses.get(waiting.pop(), set()) & uses.keys()) - found - {"forward", "__init__"}
        found |= new
        waiting += new
    return frozenset(found)


def named(module: ast.Module) -> frozenset[str]:
    """The methods and functions that stand somewhere without being called: who calls them is known when it runs."""
    functions = {part.name for part in ast.walk(module) if isinstance(part, ast.FunctionDef)}
    called = {id(part.func) for part in ast.walk(module) if isinstance(part, ast.Call)}
    found = {part.id for part in ast.walk(module) if isinstance(part, ast.Name) and id(part) not in called}
    for part in ast.walk(module):
        if isinstance(part, ast.Attribute) and id(part) not in called and dotted(part.value) == "self":
            found.add(part.attr)
    return frozenset(found & functions)


def _uses(node: ast.AST, functions: set[str]) -> set[str]:
    """The methods of `self` and `super()` that a node names, and the functions of the text."""
    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and part.id in functions}
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute):
            owner = part.value
            is_super = isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"
            if is_super or (isinstance(owner, ast.Name) and owner.id == "self"):
                found.add(part.attr)
    return found
