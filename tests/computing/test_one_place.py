"""No code names a device but `playground.computing.device`: the others ask it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import playground
from playground.computing.device import KINDS, LAZY

ROOT = Path(playground.__file__).parent
ALLOWED = {"computing/device.py", "computing/drawn_on_the_cpu.py"}  # the second is written out into scripts


def named(path: Path) -> Iterator[str]:
    """The texts of a file that name a device, and calls that move a tensor to one."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if text.partition(":")[0] in (*KINDS, LAZY):
            yield f"{path.name}:{node.lineno}: {text!r}"
        if isinstance(node, ast.Attribute) and node.attr in ("cuda", "mps", "is_cuda", "is_mps"):
            yield f"{path.name}:{node.lineno}: .{node.attr}"


def test_no_other_file_names_a_device() -> None:
    files = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).as_posix() not in ALLOWED]
    assert len(files) > 300
    assert [found for path in files for found in named(path)] == []


def test_the_rule_is_no_empty_one() -> None:
    assert len(list(named(ROOT / "computing" / "device.py"))) > 3
