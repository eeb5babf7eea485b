"""`from playground import record, run`: what a notebook gets."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

import playground
from playground import PlaygroundError, Trace, record, run


def test_run_and_record_give_the_same_trace() -> None:
    typed = run("log(x1) + x1*x2 - sin(x2)", {"x1": 2.0, "x2": 5.0})
    coded = record(lambda x1, x2: torch.log(x1) + x1 * x2 - torch.sin(x2), 2.0, 5.0)
    assert [value.data for value in typed.values] == [value.data for value in coded.values]
    assert [value.adjoint for value in typed.values] == [value.adjoint for value in coded.values]


def test_a_trace_shows_itself_offline() -> None:
    html = run("y = x*x", {"x": 3.0})._repr_html_()
    assert html is not None and "<svg" in html and "9" in html
    assert "http://" not in html.replace("http://www.w3.org/", "") and "https://" not in html


def test_errors_are_marked() -> None:
    with pytest.raises(PlaygroundError) as caught:
        run("y = sine(x)", {"x": 3.0})
    assert "^^^^" in caught.value.marked()


def test_names_are_the_public_ones() -> None:
    assert set(playground.__all__) == {"Leaf", "PlaygroundError", "Trace", "record", "run"}
    assert Trace is type(run("x*x", {"x": 1.0}))
    with pytest.raises(AttributeError):
        _ = playground.nothing


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import sys, playground; sys.exit('torch' in sys.modules or 'streamlit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
