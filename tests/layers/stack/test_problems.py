"""What keeps a stack from being built, and that each repair offered clears it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.layers.catalogue.spec import LayerSpec, Path, Shape, Stack
from playground.layers.limits import LIMITS
from playground.layers.stack.analysis import analyse
from playground.layers.stack.parse import parse_stack
from playground.layers.stack.problems import Problem

SIGNAL: Shape = (2, 12)
PICTURE: Shape = (2, 12, 12)
DIGIT: Shape = (1, 28, 28)


def problem_of(text: str, shape: Shape) -> Problem | None:
    return analyse(Stack(parse_stack(text), shape)).problem


def repaired(text: str, shape: Shape, path: Path = (0,)) -> list[str]:
    problem = problem_of(text, shape)
    assert problem is not None and problem.path == path
    assert problem.hint
    return [repair.text for repair in problem.repairs]


@pytest.mark.parametrize(
    ("text", "shape", "path", "expected"),
    [
        ("Flatten Linear(30000) ReLU Linear(10)", DIGIT, (1,), "Flatten Linear(12738) ReLU Linear(10)"),
        ("Flatten Linear(25400) ReLU Linear(10)", DIGIT, (3,), "Flatten Linear(12415) ReLU Linear(10)"),
        ("Flatten Linear(30000)", DIGIT, (1,), "Flatten Linear(10)"),
        ("Linear(15000) ReLU Linear(1000) ReLU Linear(10)", (784,), (2,),
         "Linear(15000) ReLU Linear(548) ReLU Linear(10)"),
        ("Conv2d(1024, 64) ReLU Conv2d(16, 3)", (5, 64, 64), (0,), "Conv2d(488, 64) ReLU Conv2d(16, 3)"),
        ("Parallel(Linear(15000), Linear(15000)) Linear(10)", (784,), (0, 1, 0),
         "Parallel(Linear(10477), Linear(15000)) Linear(10)"),
        ("Residual(Linear(30000) ReLU Linear(784))", (784,), (0, 0, 0), "Residual(Linear(12738) ReLU Linear(784))"),
    ],
)  # fmt: skip
def test_too_many_parameters_are_refused_with_the_width_that_fits(
    text: str, shape: Shape, path: Path, expected: str
) -> None:
    problem = problem_of(text, shape)
    assert problem is not None and f"the limit is {LIMITS.parameters:,} parameters" == problem.hint
    [mended] = repaired(text, shape, path)
    after = problem_of(mended, shape)
    assert after is None or after.path > path
    assert mended == expected


def test_a_layer_that_has_to_keep_its_width_is_not_narrowed() -> None:
    assert repaired("Residual(Linear(4500)) Linear(10)", (4500,), (0, 0, 0)) == []
    assert repaired("Linear(4400) Residual(Linear(4400)) Linear(10)", (784,), (1, 0, 0)) == []


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ("Residual(Conv2d(2, 3))", PICTURE, "Residual(Conv2d(2, 3, padding=1))"),
        ("Residual(Conv2d(2, (3, 5), stride=2) ReLU)", PICTURE, "Residual(Conv2d(2, (3, 5), padding=(1, 2)) ReLU)"),
        ("Residual(Conv2d(4, 5) BatchNorm2d AvgPool2d(3))", PICTURE,
         "Residual(Conv2d(4, 5, padding=2) BatchNorm2d AvgPool2d(3, stride=1, padding=1) Conv2d(2, 1))"),
        ("Residual(Conv1d(2, 3))", SIGNAL, "Residual(Conv1d(2, 3, padding=1))"),
        ("Residual(Conv1d(3, 1))", SIGNAL, "Residual(Conv1d(3, 1) Conv1d(2, 1))"),
        ("Residual(Conv2d(3, 1))", PICTURE, "Residual(Conv2d(3, 1) Conv2d(2, 1))"),
        ("Residual(Linear(3))", (4,), "Residual(Linear(3) Linear(4))"),
    ],
)  # fmt: skip
def test_a_body_is_mended_to_keep_the_shape(text: str, shape: Shape, expected: str) -> None:
    assert repaired(text, shape) == [expected]
    assert problem_of(expected, shape) is None


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ("Parallel(Conv2d(3, 3), Conv2d(3, 5) ReLU)", PICTURE,
         ["Parallel(Conv2d(3, 3, padding=1), Conv2d(3, 5, padding=2) ReLU)"]),
        ("Parallel(Conv2d(3, 3, padding=1), MaxPool2d(2))", PICTURE,
         ["Parallel(Conv2d(3, 3, stride=2, padding=1), MaxPool2d(2, stride=2))"]),
        ("Parallel(Conv2d(3, 3, padding=1), MaxPool2d(3))", PICTURE,
         ["Parallel(Conv2d(3, 3, padding=1), MaxPool2d(3, stride=1, padding=1))",
          "Parallel(Conv2d(3, 3, stride=3, padding=1), MaxPool2d(3, stride=3, padding=1))"]),
        ("Parallel(Identity, Conv2d(3, 3, stride=2))", PICTURE, ["Parallel(Identity, Conv2d(3, 3, padding=1))"]),
        ("Parallel(Conv1d(3, 3), Conv1d(3, 1))", SIGNAL, ["Parallel(Conv1d(3, 3, padding=1), Conv1d(3, 1))"]),
    ],
)  # fmt: skip
def test_branches_are_mended_to_one_stride(text: str, shape: Shape, expected: list[str]) -> None:
    assert repaired(text, shape) == expected
    for mended in expected:
        assert problem_of(mended, shape) is None


@pytest.mark.parametrize(
    "text",
    [
        "Residual(MaxPool2d(2))",
        "Residual(Flatten)",
        "Residual(AdaptiveAvgPool2d(3))",
        "Parallel(Identity, Conv2d(2, 2))",
        "Parallel(Flatten, Conv2d(2, 3))",
        "Parallel(Linear(3), Linear(4))",
    ],
)
def test_where_no_simple_repair_exists_what_is_allowed_is_said(text: str) -> None:
    assert repaired(text, PICTURE) == []
    problem = problem_of(text, PICTURE)
    assert problem is not None and "an odd kernel, stride 1 and a padding of half the kernel" in problem.hint


window = st.builds(
    lambda kind, kernel, stride, padding: parse_stack(
        f"{kind}{kernel}, stride={stride}, padding={min(padding, kernel // 2)})"
    )[0],
    st.sampled_from(["Conv2d(2, ", "Conv2d(3, ", "MaxPool2d(", "AvgPool2d("]),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(0, 2),
)
branch = st.lists(window | st.just(LayerSpec("ReLU")), min_size=1, max_size=3).map(tuple)


@given(branch, branch, st.integers(11, 16))
def test_every_repair_of_a_block_clears_it(one: tuple[LayerSpec, ...], two: tuple[LayerSpec, ...], side: int) -> None:
    shape = (2, side, side + 3)
    for block in (LayerSpec("Residual", branches=(one,)), LayerSpec("Parallel", branches=(one, two))):
        problem = analyse(Stack((block,), shape)).problem
        if problem is not None and problem.path == (0,):
            for repair in problem.repairs:
                assert problem_of(repair.text, shape) is None


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ('Conv2d(3, 5, stride=2, padding="same")', PICTURE,
         ['Conv2d(3, 5, padding="same")', "Conv2d(3, 5, stride=2, padding=2)"]),
        ('Conv2d(3, (3, 5), stride=(1, 2), padding="same")', PICTURE,
         ['Conv2d(3, (3, 5), padding="same")', "Conv2d(3, (3, 5), stride=(1, 2), padding=(1, 2))"]),
        ('Conv2d(3, 3, stride=2, padding="same", dilation=(1, 2))', PICTURE,
         ['Conv2d(3, 3, padding="same", dilation=(1, 2))', "Conv2d(3, 3, stride=2, padding=(1, 2), dilation=(1, 2))"]),
        ('Conv1d(3, 3, stride=2, padding="same", dilation=2)', SIGNAL,
         ['Conv1d(3, 3, padding="same", dilation=2)', "Conv1d(3, 3, stride=2, padding=2, dilation=2)"]),
    ],
)  # fmt: skip
def test_a_padding_that_keeps_the_size_takes_steps_of_one(text: str, shape: Shape, expected: list[str]) -> None:
    assert repaired(text, shape) == expected
    assert [problem_of(mended, shape) for mended in expected] == [None, None]


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ('Conv1d(1, 4, stride=2, padding="same", dilation=44)', (1, 200),
         ['Conv1d(1, 4, padding="same", dilation=44)']),
        ("Residual(Conv2d(1, 5, stride=2, dilation=40))", (1, 200, 200), []),
        ("Residual(Conv2d(3, 1))", (2000, 4, 4), []),
        ("Parallel(Conv2d(3, 5, dilation=40), Conv2d(3, 1, stride=2))", (1, 200, 200), []),
    ],
)  # fmt: skip
def test_a_size_that_fits_and_is_too_large_is_not_offered(text: str, shape: Shape, expected: list[str]) -> None:
    assert repaired(text, shape) == expected


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ("PixelShuffle(3)", (8, 3, 3), ["Conv2d(9, 1) PixelShuffle(3)", "PixelShuffle(2)"]),
        ("ReflectionPad2d((1, 3, 5, 1))", (2, 4, 9), ["ReflectionPad2d(3)"]),
        ("Upsample(2, align_corners=True)", PICTURE,
         ["Upsample(2)", 'Upsample(2, mode="bilinear", align_corners=True)']),
        ("AvgPool1d(3, padding=2)", SIGNAL, ["AvgPool1d(3, padding=1)"]),
        ("InstanceNorm2d(num_features=3)", PICTURE, ["InstanceNorm2d"]),
        ("InstanceNorm2d", (2, 1, 1), []),
    ],
)  # fmt: skip
def test_a_layer_of_pictures_or_signals_is_mended(text: str, shape: Shape, expected: list[str]) -> None:
    problem = problem_of(text, shape)
    assert problem is not None and [repair.text for repair in problem.repairs] == expected
    assert not any(problem_of(mended, shape) for mended in expected)


@pytest.mark.parametrize(
    ("text", "shape", "expected"),
    [
        ("MultiheadAttention(3)", (5, 8), "MultiheadAttention(2)"),
        ("MultiheadAttention(2, embed_dim=6)", (5, 8), "MultiheadAttention(2)"),
        ("LSTM(3, input_size=6)", (5, 8), "LSTM(3)"),
        ("GRU(3)", (12,), "Reshape(12, 1) GRU(3)"),
        ("TransformerEncoderLayer(7)", (5, 8), "TransformerEncoderLayer(4)"),
        ("TransformerEncoderLayer(2, d_model=6)", (5, 8), "TransformerEncoderLayer(2)"),
        ("MultiheadAttention(2)", DIGIT, "Reshape(28, 28) MultiheadAttention(2)"),
        ("MultiheadAttention(1)", (12,), "Reshape(12, 1) MultiheadAttention(1)"),
    ],
)
def test_a_layer_of_sequences_is_mended(text: str, shape: Shape, expected: str) -> None:
    assert repaired(text, shape) == [expected]
    assert problem_of(expected, shape) is None


def test_whole_numbers_come_first() -> None:
    alone = problem_of("Residual(Embedding(9, 4))", (5,))
    assert alone is not None and alone.path == (0, 0, 0) and not alone.repairs
    assert repaired("Linear(3) Embedding(9, 4)", (5,), (1,)) == ["Embedding(9, 4) Linear(3)"]
    assert repaired("Residual(Embedding(9, 4) Linear(3)) ReLU", (5,), (0, 0, 0)) == [
        "Embedding(9, 4) Residual(Linear(3)) ReLU"
    ]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("LSTM(2)", LIMITS.steps + 1),
        ("GRU(2, num_layers=2)", LIMITS.steps // 2 + 1),
        ("RNN(2, bidirectional=True)", LIMITS.steps // 2 + 1),
        ("GRU(2) LSTM(2)", LIMITS.steps // 2 + 1),
    ],
)
def test_recurrent_layers_take_as_many_steps_as_can_be_recorded(text: str, steps: int) -> None:
    problem = problem_of(text, (steps, 2))
    assert problem is not None and "steps, one after the other" in problem.message
    assert problem.hint == f"the limit is {LIMITS.steps:,} steps, one after the other"
    assert problem_of(text, (steps - 1, 2)) is None
