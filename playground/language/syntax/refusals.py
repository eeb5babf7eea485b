"""Syntax of Python that the language refuses, each with what to write instead."""

from __future__ import annotations

import ast

REFUSED_STATEMENTS: dict[type[ast.stmt], tuple[str, str]] = {
    ast.FunctionDef: ("functions cannot be defined here", "write its lines where it would be called"),
    ast.AsyncFunctionDef: ("functions cannot be defined here", "write its lines where it would be called"),
    ast.ClassDef: ("classes cannot be defined here", "layers are built on the page for networks"),
    ast.Return: ("there is nothing to return from", "the last line is the result"),
    ast.Delete: ("`del` is not needed here", "names last until the end of the text"),
    ast.While: (
        "`while` is not allowed",
        "a loop has a known length: for i in range(100): and as its first line, if not (x > 0): break",
    ),
    ast.AsyncFor: ("`async` is not allowed", "write for i in range(10):"),
    ast.AsyncWith: ("`async` is not allowed", "write with torch.no_grad():"),
    ast.If: ("`if` is not allowed", "choose element by element: where(x > 0, x, 0 * x)"),
    ast.Raise: ("`raise` is not allowed", "leave the line out"),
    ast.Try: ("`try` is not allowed", "write its lines alone: an error is shown at its place"),
    ast.Assert: ("`assert` is not allowed", "write the comparison on a line of its own"),
    ast.Import: ("nothing can be imported", "torch and F (torch.nn.functional) are here already; leave the line out"),
    ast.ImportFrom: (
        "nothing can be imported",
        "torch and F (torch.nn.functional) are here already; leave the line out",
    ),
    ast.Global: ("`global` is not allowed", "give the function what it needs, and let it return what it made"),
    ast.Nonlocal: ("`nonlocal` is not allowed", "give the function what it needs, and let it return what it made"),
    ast.Pass: ("`pass` does nothing here", "leave the line out"),
    ast.Break: ("`break` is not allowed", "a loop runs over all of its range"),
    ast.Continue: ("`continue` is not allowed", "a loop runs over all of its range"),
    ast.AnnAssign: ("annotations have no meaning here", "write only the name: x = ..."),
}

REFUSED_EXPRESSIONS: dict[type[ast.expr], tuple[str, str]] = {
    ast.BoolOp: ("`and` and `or` do not work on tensors", "write (x > 0) & (x < 1), or (x < 0) | (x > 1)"),
    ast.NamedExpr: ("`:=` is not allowed", "give the value a name on a line of its own"),
    ast.Lambda: ("functions cannot be defined here", "write the expression itself"),
    ast.IfExp: ("`if ... else` does not work on tensors", "choose element by element: where(x > 0, x, 0 * x)"),
    ast.Dict: ("dictionaries have no meaning here", "write [ ] for tensors"),
    ast.Set: ("sets have no meaning here", "write [ ] for tensors"),
    ast.ListComp: ("comprehensions are not allowed", "write the elements out, or a `for` loop on lines of its own"),
    ast.SetComp: ("comprehensions are not allowed", "write the elements out, or a `for` loop on lines of its own"),
    ast.DictComp: ("comprehensions are not allowed", "write the elements out, or a `for` loop on lines of its own"),
    ast.GeneratorExp: ("comprehensions are not allowed", "write the elements out, or a `for` loop on lines of its own"),
    ast.Await: ("`await` is not allowed", "leave it out: everything happens in order"),
    ast.Yield: ("`yield` is not allowed", "collect the values in a list, and return it"),
    ast.YieldFrom: ("`yield` is not allowed", "collect the values in a list, and return it"),
    ast.FormattedValue: ("texts are not values here", "numbers, lists and tensors are"),
    ast.JoinedStr: ("texts are not values here", "numbers, lists and tensors are"),
    ast.Starred: ("`*` in front of a value is not allowed", "write the elements out"),
}

UNLIKE_PYTORCH = {  # functions that PyTorch or Python has, and what to write in their place
    **dict.fromkeys(
        ("empty", "empty_like", "new_empty"),
        "its numbers are what stood in memory before: write zeros, which has the same shape and dtype",
    ),
    "numpy": "numbers without a gradient are x.detach(); everything is a tensor here",
    "tolist": "numbers without a gradient are x.detach(), and one number is x.item()",
    "sorted": "write torch.sort(x).values for a tensor; a list keeps its order here",
    "clip_grad_norm_": "write its formula: with torch.no_grad(): w.grad.mul_(c / w.grad.norm())",
    "clip_grad_value_": "write its formula, of each gradient: w.grad.clamp(-c, c)",
}

BINARY: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.BitAnd: "&",
    ast.BitOr: "|",
}
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
UNARY: dict[type[ast.unaryop], str] = {ast.UAdd: "+", ast.USub: "-", ast.Invert: "~"}
