"""A script as a Jupyter notebook: a valid document, the same each time."""

from __future__ import annotations

import json

from playground.views.jupyter import to_notebook


def test_notebook_is_valid() -> None:
    script = "import torch\n\n\ndef f(x):\n\n    return x\n\n\nprint(f(torch.ones(2)))\n"
    document = json.loads(to_notebook(script, "Example"))
    assert document["nbformat"] == 4 and document["nbformat_minor"] == 5
    sources = ["".join(cell["source"]) for cell in document["cells"]]
    assert sources == ["# Example", "import torch", "def f(x):\n\n    return x", "print(f(torch.ones(2)))"]
    ids = [cell["id"] for cell in document["cells"]]
    assert len(set(ids)) == len(ids) and to_notebook(script, "Example") == to_notebook(script, "Example")
