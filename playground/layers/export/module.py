"""The script with a class of its own."""

from __future__ import annotations

from playground.layers.export.sequential import SequentialWriter


class ModuleWriter(SequentialWriter):
    """A class of its own with a line for each layer."""

    def net(self) -> list[str]:
        rows = list(self.row_of((), 0))
        made = "".join(f"        self.{row.name} = {self.module(row, 2)}\n" for row in rows)
        done = "".join(f"        x = self.{row.name}(x)\n" for row in rows)
        head = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        return [f"{head}{made}\n    def forward(self, x):\n{done}        return x", self.seeded("net = Net()")]
