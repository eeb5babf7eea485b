"""PyTorch's own operator database: nothing that is written about any operator is false, and no word is missing."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from playground.explain.explanation import explain
from tests.explain.reading import Reader
from tests.recorder.test_operator_database import CANNOT_BE_RECORDED, CHUNKS, dtypes_of, operators, samples


def _sweep(chunk: int, count: int | None) -> tuple[int, dict[str, str]]:
    read, wrong = 0, {}
    for op in operators()[chunk::CHUNKS]:
        for sample in samples(op, dtypes_of(op)[0], count):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    trace = sample.record()
                except Exception:  # tests/recorder says which these are, and why
                    assert op.formatted_name in CANNOT_BE_RECORDED
                    continue
                read += 1
                found = next(Reader(explain(trace)).complaints(), None)
            if found is not None:
                wrong.setdefault(op.formatted_name, found)
    return read, wrong


def sweep(chunk: int, count: int | None) -> None:
    with ThreadPoolExecutor(1) as short:  # its stack is short, and PyTorch formats it for every seed
        read, wrong = short.submit(_sweep, chunk, count).result()
    assert wrong == {}
    assert read > 50


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_of_one_sample_of_every_operator(chunk: int) -> None:
    sweep(chunk, 1)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_of_every_sample_of_every_operator(chunk: int) -> None:
    sweep(chunk, None)
