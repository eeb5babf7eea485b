"""Random layers draw what PyTorch draws with the same seed, and leave the process's own generator alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from playground.errors import PlaygroundError
from playground.language.evaluate.interpreter import interpret
from playground.language.functions.table import find
from playground.language.syntax.program import parse

SIZES = {"dropout1d": (4, 3, 5), "dropout2d": (4, 3, 5, 2), "dropout3d": (4, 3, 5, 2, 2)}
CASES: list[tuple[str, str, Callable[..., Any], dict[str, Any]]] = [
    *(
        (name, f"{name}(x, {p}, True)", getattr(F, name), {"p": p, "training": True})
        for name in ("dropout", *SIZES, "alpha_dropout")
        for p in (0.0, 0.3, 0.5, 1.0)
    ),
    ("dropout", "dropout(x, training=False)", F.dropout, {"training": False}),
    ("gumbel_softmax", "gumbel_softmax(x, 0.7)", F.gumbel_softmax, {"tau": 0.7}),
    ("gumbel_softmax", "gumbel_softmax(x, hard=True, dim=0)", F.gumbel_softmax, {"hard": True, "dim": 0}),
    ("rrelu", "rrelu(x, 0.1, 0.4, training=True)", F.rrelu, {"lower": 0.1, "upper": 0.4, "training": True}),
]


@pytest.mark.parametrize(("name", "text", "theirs", "options"), CASES, ids=[case[1] for case in CASES])
def test_the_draws_are_those_of_pytorch_with_the_same_seed(
    name: str, text: str, theirs: Callable[..., Tensor], options: dict[str, Any]
) -> None:
    x = torch.randn(SIZES.get(name, (6, 5)), generator=torch.Generator().manual_seed(1)).requires_grad_()
    before = torch.get_rng_state()
    ours = interpret(parse(text), {"x": x}, rng_seed=7)
    assert isinstance(ours, Tensor) and torch.equal(torch.get_rng_state(), before)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        expected = theirs(x, **options)
    torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-7)
    if ours.grad_fn is not None:
        weights = torch.arange(ours.numel(), dtype=torch.float32).view_as(ours)
        (mine,) = torch.autograd.grad((ours * weights).sum(), x)
        (other,) = torch.autograd.grad((expected * weights).sum(), x)
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-6)


def test_another_seed_draws_other_numbers() -> None:
    x = torch.ones(50)
    program = parse("dropout(x)")
    first, again, other = (interpret(program, {"x": x}, rng_seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "said"),
    [("dropout(x, 2.0)", "between 0 and 1"), ("dropout2d(x, 0.5)", "three axes"), ("alpha_dropout(x, -1)", "0 and 1")],
)
def test_what_cannot_be_dropped_is_said(text: str, said: str) -> None:
    with pytest.raises(PlaygroundError, match=said):
        interpret(parse(text), {"x": torch.ones(3)})


def test_what_a_script_holds_in_full_is_ours() -> None:
    for name in ("dropout", "dropout2d", "alpha_dropout", "gumbel_softmax"):
        row = find("F", name)
        assert row is not None and row.is_written_out and row.is_random
    row = find("F", "rrelu")
    assert row is not None and not row.is_written_out  # PyTorch's own takes a generator
