"""Options of argparse: a class has the default of an option where nothing gives that another value."""

from __future__ import annotations

import sys
from typing import Any
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from playground.errors import PlaygroundError
from playground.layers.pasted.build import build_pasted
from playground.layers.pasted.parse import parse_module
from tests.layers.pasted.test_files import module

PARSER = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--n', type=int, default=3)\n"
OTHER = "q = argparse.ArgumentParser()\nq.add_argument('--n', default=9)\n"


def net_with(lines: str) -> str:
    return module("self.l = nn.Linear(4, 3)\nself.k = o.n", "return self.l(x) * self.k", f"{PARSER}{lines}\n")


@pytest.mark.parametrize("lines", ["o = p.parse_args()", "o = p.parse_args([])", f"o = p.parse_args()\n{OTHER}"])
def test_the_default_is_that_of_the_parser(lines: str) -> None:
    text, names = net_with(lines), dict[str, Any]()
    net = build_pasted(parse_module(text), rng_seed=5)
    with torch.random.fork_rng(), patch.object(sys, "argv", ["pasted"]):
        exec(compile(text, "pasted", "exec"), names)  # noqa: S102  # a text of this file
        torch.manual_seed(5)
        plain = names["Net"]()
    x = torch.rand(6, 4, generator=torch.Generator().manual_seed(1))
    out = net(x)
    assert isinstance(out, Tensor) and torch.equal(out, plain(x))


@pytest.mark.parametrize(
    "lines",
    [
        "o = p.parse_args(['--n', '5'])",
        "o = p.parse_args(args=['--n', '5'])",
        "p.set_defaults(n=5)\no = p.parse_args()",
        "p.add_argument('--m', dest='n', default=5)\no = p.parse_args()",
        "o = p.parse_args()\no.n = 5",
        "o = p.parse_args()\nif o.n:\n    o.n *= 5",
        "def less(options):\n    options.n = 5\no = p.parse_args()\nless(o)",
        "o = p.parse_args()\nsetattr(o, 'n', 5)",
        "o = p.parse_args()\nvars(o)['n'] = 5",
    ],
)
def test_an_option_that_may_be_another_is_none(lines: str) -> None:
    with pytest.raises(PlaygroundError, match="has no default that is written out") as caught:
        build_pasted(parse_module(net_with(lines)))
    assert caught.value.hint
