"""Notes on the boxes of a stack's modules, beside their shapes: memory for the backward pass, zeros, dead units."""

from __future__ import annotations

from collections import defaultdict

from playground.layers.run.record_batch import Recorded
from playground.layers.stack.analysis import total


def module_notes(recorded: Recorded, batch: int) -> dict[str, tuple[str, ...]]:
    """Dotted path of a module -> notes; a block is told with all that is in it. `batch`: the number of examples."""
    saved: dict[str, int | None] = defaultdict(int)
    for row in recorded.rows:
        names = row.name.split(".")
        if not row.layer.branches:
            for length in range(1, len(names) + 1):
                path = ".".join(names[:length])
                saved[path] = total((saved[path], row.saved_with(batch)))
    notes: dict[str, tuple[str, ...]] = {
        path: (f"saves {bytes_text(count)} for backward",) for path, count in saved.items() if count is not None
    }
    for fact in recorded.facts:
        if fact.zeros is not None and fact.dead is not None:
            said = f"zero {100 * fact.zeros:.0f} % of its activations", f"dead {100 * fact.dead:.0f} % of its units"
            notes[fact.name] = (*notes.get(fact.name, ()), *said)
    return notes


def bytes_text(count: int) -> str:
    """A number of bytes in words.

    >>> bytes_text(0), bytes_text(980), bytes_text(200_704), bytes_text(3_211_264)
    ('nothing', '980 B', '196 kB', '3.1 MB')
    """
    if count == 0:
        return "nothing"
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.0f} kB" if count < 1024**2 else f"{count / 1024**2:.1f} MB"
