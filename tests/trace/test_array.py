"""`Array`: immutable numbers, exact or summarised."""

from __future__ import annotations

import math

import pytest
import torch

from playground.recorder.record import record
from playground.trace.array import EXACT_ELEMENTS, Array
from playground.trace.json_numbers import decode, encode, flatten, nest
from playground.trace.statistics import Statistics

NAN, INF = math.nan, math.inf


def test_shape_dtype_and_numbers() -> None:
    array = Array(torch.tensor([[1, 2], [3, 4]], dtype=torch.int32))
    assert (array.shape, array.dtype, array.numel, array.is_exact) == ((2, 2), "int32", 4, True)
    assert (array.tolist(), array.flat) == ([[1, 2], [3, 4]], (1, 2, 3, 4))


def test_item_needs_one_element() -> None:
    assert Array(torch.tensor([[5.0]])).item() == 5.0
    with pytest.raises(ValueError, match="no single element"):
        Array(torch.ones(2)).item()


def test_tensor_is_a_copy() -> None:
    array = Array(torch.ones(2))
    array.tensor().zero_()
    assert array.tolist() == [1, 1]


def test_a_write_behind_its_back_is_noticed() -> None:
    tensor = torch.ones(2)
    array = Array(tensor)
    tensor.add_(1)
    with pytest.raises(RuntimeError, match="written to after the recording"):
        array.tolist()


def test_a_write_to_a_recorded_output_is_noticed() -> None:
    kept: list[torch.Tensor] = []

    def fn(x: torch.Tensor) -> torch.Tensor:
        kept.append(x * 2)
        return kept[0].sum()

    trace = record(fn, torch.ones(2, requires_grad=True))
    with torch.no_grad():
        kept[0].zero_()
    with pytest.raises(RuntimeError, match="written to after the recording"):
        trace["v1"].data.tolist()


def test_a_write_to_an_input_is_harmless() -> None:
    x = torch.ones(2, requires_grad=True)
    trace = record(lambda x: x.sum(), x)
    with torch.no_grad():
        x.zero_()
    assert trace["x"].data.tolist() == [1, 1]


def test_it_has_no_attributes_to_set() -> None:
    with pytest.raises(AttributeError):
        Array(torch.ones(1)).anything = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ([1.0, NAN], [1.0, NAN], True),
        ([0.0], [-0.0], False),
        ([1.0], [1.0000001], False),
        ([INF], [INF], True),
        ([1.0, 2.0], [2.0, 1.0], False),
    ],
)
def test_equality(one: list[float], other: list[float], equal: bool) -> None:
    first, second = Array(torch.tensor(one)), Array(torch.tensor(other))
    assert (first == second) == equal
    if equal:
        assert hash(first) == hash(second)


def test_equality_minds_shape_and_dtype() -> None:
    assert Array(torch.ones(2)) != Array(torch.ones(1, 2))
    assert Array(torch.ones(2)) != Array(torch.ones(2, dtype=torch.float64))
    assert Array(torch.ones(1)) != 1.0


def test_large_arrays_keep_a_summary_only() -> None:
    array = Array(torch.arange(EXACT_ELEMENTS + 1.0))
    assert (array.is_exact, array.flat, array.tolist()) == (False, None, None)
    assert array.statistics.maximum == EXACT_ELEMENTS
    assert len(array.thumbnail) == 1 and len(array.thumbnail[0]) == 16


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64])
def test_statistics(dtype: torch.dtype) -> None:
    array = Array(torch.tensor([3, 0, -4], dtype=dtype))
    assert array.statistics == Statistics(-4.0, 3.0, pytest.approx(-1 / 3), 5.0, 1, 0, 0)


def test_statistics_of_what_is_not_finite() -> None:
    array = Array(torch.tensor([1.0, NAN, INF, -INF, 3.0, 0.0]))
    assert array.statistics == Statistics(0.0, 3.0, pytest.approx(4 / 3), pytest.approx(math.sqrt(10)), 1, 1, 2)


def test_statistics_of_nothing_finite() -> None:
    assert Array(torch.tensor([NAN, INF])).statistics == Statistics(None, None, None, None, 0, 1, 1)
    assert Array(torch.zeros(0)).statistics == Statistics(None, None, None, None, 0, 0, 0)


def test_statistics_of_complex_numbers_and_booleans() -> None:
    assert Array(torch.tensor([3 + 4j, 0j])).statistics == Statistics(0.0, 5.0, 2.5, 5.0, 1, 0, 0)
    assert Array(torch.tensor([True, False])).statistics == Statistics(0.0, 1.0, 0.5, 1.0, 1, 0, 0)


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_statistics_of_many_numbers_are_those_of_float64(scale: float) -> None:
    numbers = torch.randn(300, 401, generator=torch.Generator().manual_seed(0)) * scale
    found, exact = Array(numbers).statistics, numbers.to(torch.float64)
    assert found.norm == pytest.approx(float(exact.norm()), rel=1e-6)
    assert found.mean == pytest.approx(float(exact.mean()), abs=1e-8 * scale)
    assert (found.minimum, found.maximum) == (float(exact.min()), float(exact.max()))


@pytest.mark.parametrize("shape", [(300, 401), (7, 20_000), (100_000,), (3, 2, 500, 300), (17, 9999)])
def test_thumbnails_of_large_pictures_are_those_of_small_ones(shape: tuple[int, ...]) -> None:
    numbers = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    picture = numbers
    while picture.dim() > 2:
        picture = picture[0]
    picture = picture.reshape((1, 1, 1, *shape) if len(shape) == 1 else (1, 1, *picture.shape)).to(torch.float64)
    sides = [min(16, length) for length in picture.shape[2:]]
    exact = torch.nn.functional.adaptive_avg_pool2d(picture, (sides[0], sides[1]))[0, 0]
    assert torch.allclose(torch.tensor(Array(numbers).thumbnail, dtype=torch.float64), exact, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "rows", "columns"), [((), 1, 1), ((3,), 1, 3), ((2, 3), 2, 3), ((40, 5), 16, 5), ((4, 20, 30), 16, 16)]
)
def test_thumbnails_are_at_most_16_by_16(shape: tuple[int, ...], rows: int, columns: int) -> None:
    thumbnail = Array(torch.ones(shape)).thumbnail
    assert (len(thumbnail), len(thumbnail[0])) == (rows, columns)
    assert {number for row in thumbnail for number in row} == {1.0}


def test_a_gradient_that_was_never_allocated() -> None:
    assert Array(torch._efficientzerotensor((2, 2))).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("value", [1, True, 1.5, NAN, INF, -INF, [1.0, [NAN]], None])
def test_numbers_survive_encoding(value: object) -> None:
    encoded = encode(value)
    if not isinstance(encoded, list):
        assert repr(decode(encoded)) == repr(value)


def test_nesting_is_undone_by_flattening() -> None:
    for shape in [(), (3,), (2, 3), (2, 0, 3), (1, 2, 2, 2)]:
        flat = list(range(math.prod(shape)))
        assert flatten(nest(flat, shape), len(shape)) == flat
