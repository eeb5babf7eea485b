"""Write a script as a Jupyter notebook."""

from __future__ import annotations

import ast
import hashlib
import json
from typing import Any


def to_notebook(script: str, title: str) -> str:
    """The JSON of a notebook (nbformat 4.5): the title, then a cell per block of the script.

    Blocks are separated by empty lines before unindented code. Cell ids come from the content: the same script
    gives the same file.

    >>> document = json.loads(to_notebook("import torch\\n\\nprint(1)\\n", "Example"))
    >>> [cell["cell_type"] for cell in document["cells"]]
    ['markdown', 'code', 'code']
    """
    cells = [_cell("markdown", f"# {title}", 0)]
    cells += [_cell("code", block, number) for number, block in enumerate(_blocks(script), 1)]
    document = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _blocks(script: str) -> list[str]:
    """The script cut at empty lines, where the next line starts a statement of the outermost level."""
    blocks: list[list[str]] = [[]]
    for line in script.strip("\n").split("\n"):
        starts = (
            line and not line[0].isspace() and not line.startswith((")", "]", "}", "else", "elif", "except", "finally"))
        )
        if starts and blocks[-1] and not blocks[-1][-1].strip() and _is_whole(blocks[-1]):
            blocks.append([])
        blocks[-1].append(line)
    return ["\n".join(block).strip("\n") for block in blocks if any(line.strip() for line in block)]


def _is_whole(lines: list[str]) -> bool:
    """Tell whether the lines are statements by themselves: no bracket or string is still open."""
    try:
        ast.parse("\n".join(lines))
    except SyntaxError:
        return False
    return True


def _cell(kind: str, source: str, number: int) -> dict[str, Any]:
    identifier = hashlib.blake2b(f"{number}\n{kind}\n{source}".encode(), digest_size=6).hexdigest()
    lines = source.splitlines(keepends=True)
    cell: dict[str, Any] = {"cell_type": kind, "id": identifier, "metadata": {}, "source": lines}
    return cell | {"execution_count": None, "outputs": []} if kind == "code" else cell
