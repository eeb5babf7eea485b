"""The notes on module boxes agree with the list of layers and with what the batch showed."""

from __future__ import annotations

import torch

from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net
from playground.layers.run.module_notes import bytes_text, module_notes


def test_a_block_is_told_with_all_that_is_in_it() -> None:
    document = StackDocument("Flatten Linear(8) Residual(Linear(8) ReLU Linear(8)) ReLU Linear(10)", batch=4)
    generator = torch.Generator().manual_seed(0)
    x, labels = torch.randn(4, 1, 28, 28, generator=generator), torch.arange(4)
    recorded = record_net(net_of(document), x, labels)
    notes = module_notes(recorded, 4)
    inside = [row for row in recorded.rows if row.name.startswith("residual1.")]
    total = sum(row.saved_with(4) for row in inside if not row.layer.branches)
    assert notes["residual1"] == (f"saves {bytes_text(total)} for backward",)
    dead = {fact.name: fact.dead for fact in recorded.facts if fact.dead is not None}
    zeros = {fact.name: fact.zeros for fact in recorded.facts if fact.zeros is not None}
    assert set(zeros) == set(dead) == {"relu1", "residual1.body.relu1"}
    for name, part in dead.items():
        assert notes[name][-1] == f"dead {100 * part:.0f} % of its units"
        assert notes[name][-2] == f"zero {100 * zeros[name]:.0f} % of its activations"
        assert part < zeros[name]
