"""A lens in a notebook, and as one file."""

from __future__ import annotations

import pytest
import torch

from playground import PlaygroundError, Trace, record


@pytest.fixture(scope="module")
def trace() -> Trace:
    def program(image: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
        return (torch.nn.functional.conv2d(image, kernel) ** 2).sum()

    return record(program, torch.randn(2, 3, 5, 5), torch.randn(4, 3, 3, 3, requires_grad=True))


def test_a_value_opens_the_call_that_made_it(trace: Trace) -> None:
    page = trace.lens("v1", C=2, N=1)
    assert page.frame.family == "window"
    assert [(pick.axis, pick.at) for pick in page.frame.picks] == [("N", 1), ("C", 2)]
    assert page.html.startswith("<!doctype html>") and "default-src 'none'" in page.html
    assert "sandbox" in page._repr_html_() and "<script" not in page._repr_html_()


def test_what_was_given_has_no_call(trace: Trace) -> None:
    with pytest.raises(PlaygroundError, match="`image` was given"):
        trace.lens("image")


def test_an_axis_that_is_none_is_told_with_those_that_are(trace: Trace) -> None:
    with pytest.raises(PlaygroundError, match="nothing to pick on `filter`") as caught:
        trace.lens("v1", filter=2)
    assert caught.value.hint == "axes to pick on: N, C"
