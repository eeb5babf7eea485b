"""Lines of a pasted text that mean nothing here: imports, prints, plots, checks. They are left out, and it is said."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from playground.errors import Span
from playground.language.functions.table import method_names

IMPORT = "their names are here already"
PRINT = "every value is shown"
WORDS = "a text in quotes computes nothing"
CHECK = "nothing is checked here"
PICTURE = "the graph is the picture"
SETTING = "it has no effect here"
DEVICE = "everything runs on the CPU"
UNUSED = "names last until the end of the text"
MAGIC = "it speaks to a notebook"
PRINTED = "it was printed by the line above"
BAR = "a bar of progress computes nothing"
FENCE = "it only marks where the text begins and ends"
PROMPT = "prompts, and what was printed below them"

ROOTS = {  # the name that a call begins with -> why its line is left out
    **dict.fromkeys(("plt", "matplotlib", "sns", "seaborn", "fig", "ax", "axes", "plotly", "px"), PICTURE),
    **dict.fromkeys(
        ("os", "sys", "warnings", "logging", "time", "random", "gc", "datetime", "tqdm", "pprint"), SETTING
    ),
    **dict.fromkeys(("display", "make_dot", "breakpoint"), PRINT),
}
CALLS = {
    "np.random.seed": SETTING,
    "numpy.random.seed": SETTING,
    "torch.set_printoptions": PRINT,
    "np.set_printoptions": PRINT,
    "torch.autograd.set_detect_anomaly": SETTING,
    "torch.use_deterministic_algorithms": SETTING,
    "torch.set_num_threads": SETTING,
    **dict.fromkeys(("torch.allclose", "torch.equal", "torch.testing.assert_close"), CHECK),
    **dict.fromkeys(("torch.autograd.gradcheck", "np.testing.assert_allclose", "np.allclose"), CHECK),
    "torch.cuda.manual_seed": SETTING,
    "torch.cuda.manual_seed_all": SETTING,
    "torch.cuda.empty_cache": SETTING,
}
_MAGIC = re.compile(
    r"^([ \t]*)(?:!(?=\w)|%(?=%\w|(?:matplotlib|load_ext|autoreload|pylab|config|time|timeit|reset)\b))", re.M
)
_FENCE = re.compile(r"^[ \t]*```[\w+-]*[ \t]*$", re.M)
_NUMBER = re.compile(r"-?\d++(?:\.\d*+)?(?:e[+-]?\d++)?|None|True|False")
_PROMPT = re.compile(r"(?:>>>|\.\.\.)(?: |$)")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A line that was left out, and why."""

    span: Span
    reason: str


def readable(text: str) -> tuple[str, tuple[LeftOut, ...]]:
    """The text with notebook commands as comments and without prompts; every character stays where it was.

    >>> readable(">>> x = 3\\n>>> x*x\\n9")[0]
    '    x = 3\\n    x*x\\n '
    """
    found: list[LeftOut] = [LeftOut(Span(*fence.span()), FENCE) for fence in _FENCE.finditer(text)]
    text = _FENCE.sub(lambda fence: "#".ljust(len(fence[0])), text)
    text = _without_outputs(text, found)
    lines = text.split("\n")
    if (first := next((line for line in lines if line.strip()), "")) and _PROMPT.match(first.lstrip()):
        indent = len(first) - len(first.lstrip())
        lines = [_without_prompt(line, indent) for line in lines]
        found.append(LeftOut(Span(0, len(text)), PROMPT))
        text = "\n".join(lines)
    for match in _MAGIC.finditer(text):
        end = text.find("\n", match.end())
        found.append(LeftOut(Span(match.end(1), end if end >= 0 else len(text)), MAGIC))
    return _MAGIC.sub(r"\1#", text), tuple(found)


def _without_outputs(text: str, found: list[LeftOut]) -> str:
    """Blank what was printed: values with the name of a backward node, and values right below a `print`."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    number, is_below_print = 0, False
    while number < len(lines):
        written, end = lines[number].strip(), number + 1
        is_value = _NUMBER.fullmatch(written) is not None and is_below_print
        if written.startswith(("tensor(", "(tensor(")):
            depth = written.count("(") - written.count(")")
            while depth > 0 and end < len(lines):
                depth += lines[end].count("(") - lines[end].count(")")
                end += 1
            last = lines[end - 1].rstrip()
            is_value = depth == 0 and last.endswith(")") and (is_below_print or "grad_fn=<" in last)
            end = end if is_value else number + 1
        if is_value:
            found.append(LeftOut(Span(starts[number], starts[end] - 1), PRINTED))
            lines[number:end] = [" " * len(line) for line in lines[number:end]]
        elif written:
            is_below_print = written.startswith("print(") and written.endswith(")")
        number = end
    return "\n".join(lines)


def _without_prompt(line: str, indent: int) -> str:
    rest = line[indent:]
    return " " * (indent + 4) + rest[4:] if _PROMPT.match(rest) and not line[:indent].strip() else " " * len(line)


def reason_of(node: ast.stmt, ignored_names: set[str]) -> str | None:
    """Why a line is left out, or None: it is part of the program. Prints are looked at elsewhere."""
    match node:
        case ast.Import() | ast.ImportFrom():
            return IMPORT
        case ast.Expr(value=ast.Constant(value=str())):
            return WORDS
        case ast.Assert() | ast.Raise():
            return CHECK
        case ast.Delete():
            return UNUSED
        case ast.Assign(targets=[ast.Name()], value=value) if _is_text(value):
            return WORDS
        case ast.AugAssign(target=ast.Name(), value=value) if _is_text(value):
            return WORDS
        case ast.Assign(targets=[ast.Name()], value=value) if _is_device(value):
            return DEVICE
        case ast.Expr(value=ast.Call() as call) | ast.Assign(value=ast.Call() as call):
            return _of_call(call, ignored_names)
        case ast.Expr(value=ast.Attribute() | ast.Name() as value) if root_of(value) in ignored_names:
            return PICTURE
        case ast.AugAssign(value=ast.Call() as call) | ast.AnnAssign(value=ast.Call() as call):
            return _of_call(call, ignored_names)
    return None


def _of_call(call: ast.Call, ignored_names: set[str]) -> str | None:
    written = dotted(call.func)
    if written in CALLS:
        return CALLS[written]
    root = root_of(call.func)
    is_tensor = written.count(".") == 1 and written.split(".")[1] in method_names()  # `time.sum()`: a leaf, no module
    return ROOTS.get(root, PICTURE) if root in ignored_names and not is_tensor else None


def _is_text(node: ast.expr) -> bool:
    """Tell whether a value is a text put together: `f"loss {loss}"`, `"loss {}".format(loss)`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return _is_text(node.left) or (isinstance(node.left, ast.Constant) and isinstance(node.left.value, str))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join"):
        return _is_text(node.func.value) or (
            isinstance(node.func.value, ast.Constant) and isinstance(node.func.value.value, str)
        )
    return isinstance(node, ast.JoinedStr)


def _is_device(node: ast.expr) -> bool:
    """Tell whether a value chooses a device: `torch.device(...)`, `"cuda" if torch.cuda.is_available() else "cpu"`."""
    calls = {dotted(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)}
    return bool(calls & {"torch.device", "torch.cuda.is_available", "torch.backends.mps.is_available"})


def root_of(node: ast.expr) -> str:
    """The name that a chain of attributes, calls and indices begins with."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def dotted(node: ast.expr) -> str:
    """`torch.nn.functional` for a chain of names, '' for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def told(text: str, left_out: Iterable[LeftOut]) -> tuple[str, ...]:
    """One sentence for each reason, with the lines that it is said of.

    >>> told("import torch\\nx", [LeftOut(Span(0, 12), IMPORT)])
    ('Left out: `import torch` (line 1); their names are here already.',)
    """
    grouped: dict[str, list[str]] = {}
    for one in sorted(left_out, key=lambda one: one.span.start):
        written = one.span.of(text).split("\n")[0].strip()
        line = text.count("\n", 0, one.span.start) + 1
        shown = written if len(written) <= 40 else written[:37] + "..."
        grouped.setdefault(one.reason, []).append(f"`{shown}` (line {line})")
    sentences = []
    for reason, lines in grouped.items():
        if reason == PROMPT:
            sentences.append(f"Left out: {PROMPT}.")
            continue
        more = f" and {len(lines) - 3} more" if len(lines) > 3 else ""
        sentences.append(f"Left out: {', '.join(lines[:3])}{more}; {reason}.")
    return tuple(sentences)
