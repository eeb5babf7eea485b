"""Names that imports give: `import torch.nn.functional as func`, `from math import pi`."""

from __future__ import annotations

import ast

MODULES = {  # as they are imported -> as they are written in front of a function
    "torch": "torch",
    "torch.nn.functional": "F",
    "torch.autograd": "torch.autograd",
    "torch.linalg": "torch.linalg",
    "torch.special": "torch.special",
    "torch.nn": "nn",
    "math": "math",
    "numpy": "np",
    "jax.numpy": "np",
}
USUAL = {"np": "np", "numpy": "np", "jnp": "np", "math": "math", "nn": "nn"}  # without an import, too


class Imports:
    """What the imports of one text call things."""

    def __init__(self) -> None:
        self._modules: dict[str, str] = dict(USUAL)  # name in the text -> prefix
        self._functions: dict[str, str] = {}  # name in the text -> prefixed name

    def read(self, node: ast.Import | ast.ImportFrom) -> None:
        """Take note of the names of one import."""
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                whole = f"{node.module}.{alias.name}"
                name = alias.asname or alias.name
            else:
                whole = alias.name
                name = alias.asname or alias.name
            if whole in MODULES:
                self._modules[name] = MODULES[whole]
            elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
                self._functions[name] = f"{MODULES[node.module]}.{alias.name}"

    def prefix(self, written: str) -> str:
        """The prefix that a module's name stands for: `func` for `F`, `torch.nn.functional` as it is."""
        first, dot, rest = written.partition(".")
        whole = self._modules.get(written)
        return whole if whole is not None else self._modules.get(first, first) + dot + rest

    def function(self, name: str) -> tuple[str, str] | None:
        """Prefix and name of what was imported under this name by `from ... import`."""
        found = self._functions.get(name)
        return None if found is None else tuple(found.rsplit(".", 1))  # type: ignore[return-value]  # two parts
