"""Every caution: a stack that has it, its nearest neighbour that has not, and that each repair cures it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from playground.layers.catalogue.losses import LOSSES
from playground.layers.catalogue.spec import LayerSpec, Stack
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net
from playground.layers.run.checks.scores import SCORES
from playground.layers.run.record_batch import Recorded
from playground.layers.run.warnings import CAUTIONS, Caution, cautions
from playground.layers.stack.analysis import analyse
from playground.layers.stack.parse import parse_stack

X = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(1))
LABELS = torch.arange(4)

CE, NLL, MSE, BCE = "CrossEntropyLoss", "NLLLoss", "MSELoss", "BCEWithLogitsLoss"
LEVELS = {
    "outputs": "warning", "no-parameters": "warning", "softmax-twice": "warning", "log-softmax-twice": "note",
    "nll": "warning", "logarithms": "warning", "sigmoid-twice": "warning", "bounded-scores": "warning",
    "dropout-last": "warning", "norm-last": "warning", "one-map": "warning", "saturating": "note",
    "rows-of-pictures": "warning", "useless-bias": "note", "gaps": "warning", "lost-pixels": "note", "dead": "warning",
    "large": "note", "uneven": "note",
}  # fmt: skip
# id, loss, a stack that has it, the nearest one that has not, the stacks after each repair
CASES = [
    ("outputs", CE, "Flatten Bias", "Flatten Bias Linear(10)", ["Flatten Bias Linear(10)"]),
    ("outputs", CE, "Flatten Linear(11)", "Flatten Linear(10)", ["Flatten Linear(10)"]),
    (
        "outputs", NLL, "Flatten Linear(9) LogSoftmax", "Flatten Linear(10) LogSoftmax",
        ["Flatten Linear(10) LogSoftmax"],
    ),
    (
        "uneven", CE, 'Conv2d(3, (2, 3), padding="same") Flatten Linear(10)',
        'Conv2d(3, 3, padding="same") Flatten Linear(10)', ['Conv2d(3, 3, padding="same") Flatten Linear(10)'],
    ),
    ("no-parameters", CE, "Tanh", "Tanh Bias", ["Tanh Flatten Linear(10)"]),
    ("no-parameters", CE, "", "Bias", ["Flatten Linear(10)"]),
    ("softmax-twice", CE, "Flatten Linear(10) Softmax", "Flatten Softmax Linear(10)", ["Flatten Linear(10)"]),
    (
        "log-softmax-twice", CE, "Flatten Linear(10) LogSoftmax", "Flatten LogSoftmax Linear(10)",
        ["Flatten Linear(10)", "Flatten Linear(10) LogSoftmax"],
    ),
    (
        "nll", NLL, "Flatten Linear(10)", "Flatten Linear(10) LogSoftmax",
        ["Flatten Linear(10) LogSoftmax", "Flatten Linear(10)"],
    ),
    (
        "nll", NLL, "Flatten Linear(10) Softmax", "Flatten Linear(10) LogSoftmax Identity",
        ["Flatten Linear(10) LogSoftmax", "Flatten Linear(10)"],
    ),
    (
        "logarithms", MSE, "Flatten Linear(10) LogSoftmax", "Flatten Linear(10) Softmax",
        ["Flatten Linear(10) LogSoftmax"],
    ),
    ("sigmoid-twice", BCE, "Flatten Linear(10) Sigmoid", "Flatten Sigmoid Linear(10)", ["Flatten Linear(10)"]),
    ("bounded-scores", CE, "Flatten Linear(10) ReLU", "Flatten Linear(10) LeakyReLU", ["Flatten Linear(10)"]),
    (
        "bounded-scores", NLL, "Flatten Linear(10) Tanh LogSoftmax", "Flatten Tanh Linear(10) LogSoftmax",
        ["Flatten Linear(10) LogSoftmax"],
    ),
    ("dropout-last", CE, "Flatten Linear(10) Dropout", "Flatten Dropout Linear(10)", ["Flatten Linear(10)"]),
    ("norm-last", CE, "Flatten Linear(10) BatchNorm1d", "Flatten BatchNorm1d Linear(10)", ["Flatten Linear(10)"]),
    (
        "one-map", CE, "Flatten Linear(20) Linear(10)", "Flatten Linear(20) ELU Linear(10)",
        ["Flatten Linear(20) ReLU Linear(10)"],
    ),
    (
        "one-map", CE, "Conv2d(2, 3) Conv2d(2, 3)", "Conv2d(2, 3) MaxPool2d(2) Conv2d(2, 3)",
        ["Conv2d(2, 3) ReLU Conv2d(2, 3)"],
    ),
    (
        "one-map", CE, "Residual(Conv2d(1, 1) AvgPool2d(3, stride=1, padding=1) Conv2d(1, 1))",
        "Residual(Conv2d(1, 1))", ["Residual(Conv2d(1, 1) ReLU AvgPool2d(3, stride=1, padding=1) Conv2d(1, 1))"],
    ),
    (
        "saturating", CE, "Flatten Linear(9) Tanh Linear(9) Tanh Linear(9) Sigmoid Linear(10)",
        "Flatten Linear(9) Tanh Linear(9) Tanh Linear(9) Sigmoid",
        ["Flatten Linear(9) ReLU Linear(9) ReLU Linear(9) ReLU Linear(10)"],
    ),
    ("rows-of-pictures", CE, "Linear(9) ReLU Linear(10)", "Flatten Linear(10)", ["Flatten Linear(9) ReLU Linear(10)"]),
    (
        "rows-of-pictures", CE, "Reshape(7, 112) Linear(9) ReLU Flatten Linear(10)",
        "Reshape(7, 112) Linear(9) ReLU MultiheadAttention(3) Flatten Linear(10)",
        ["Reshape(7, 112) Flatten Linear(9) ReLU Flatten Linear(10)"],
    ),
    ("rows-of-pictures", CE, "Linear(9, in_features=28)", "Flatten Linear(9)", ["Flatten Linear(9)"]),
    (
        "useless-bias", CE, "Conv2d(2, 3) BatchNorm2d", "Conv2d(2, 3) ReLU BatchNorm2d",
        ["Conv2d(2, 3, bias=False) BatchNorm2d"],
    ),
    ("useless-bias", CE, "Flatten Linear(9) BatchNorm1d", "Reshape(4, 196) Linear(9) BatchNorm1d",
     ["Flatten Linear(9, bias=False) BatchNorm1d"]),
    ("gaps", CE, "Conv2d(2, 2, stride=3)", "Conv2d(2, 3, stride=3)", ["Conv2d(2, 2, stride=2)"]),
    ("gaps", CE, "MaxPool2d((4, 2), stride=3)", "MaxPool2d((4, 2))", ["MaxPool2d((4, 2), stride=(3, 2))"]),
    ("lost-pixels", CE, "Conv2d(2, 5, stride=2)", "Conv2d(2, 4, stride=2)", ["Conv2d(2, 5, stride=2, padding=1)"]),
    ("lost-pixels", CE, "MaxPool2d(5)", "MaxPool2d(5, padding=2)", ["MaxPool2d(5, padding=1)"]),
    (
        "lost-pixels", CE, "Conv2d(2, 1, stride=2)", "Conv2d(2, 2, stride=2)",
        ["Conv2d(2, 2, stride=2)", "Conv2d(2, 1)"],
    ),
    (
        "lost-pixels", CE, "MaxPool2d((2, 3), stride=5)", "MaxPool2d((2, 3), stride=(2, 5))",
        ["MaxPool2d(5, stride=5, padding=1)", "MaxPool2d((2, 3), stride=(2, 3), padding=(0, 1))"],
    ),
    (
        "lost-pixels", CE, "Conv2d(2, 3, stride=5, padding=2)", "Conv2d(2, 3, stride=5)",
        ["Conv2d(2, 3, stride=5)"],
    ),
    (
        "lost-pixels", CE, "Reshape(1, 784) Conv1d(2, 3, stride=2)", "Reshape(1, 784) Conv1d(2, 2, stride=2)",
        ["Reshape(1, 784) Conv1d(2, 3, stride=2, padding=1)"],
    ),
    (
        "dead", CE, "Flatten LogSoftmax ReLU Linear(10)", "Flatten Softmax ReLU Linear(10)",
        ["Flatten LogSoftmax LeakyReLU Linear(10)"],
    ),
    (
        "large", CE, "Flatten Linear(13000) ReLU Linear(10)", "Flatten Linear(12500) ReLU Linear(10)",
        ["Flatten Linear(12573) ReLU Linear(10)"],
    ),
]  # fmt: skip


def of(kind: str, document: StackDocument, recorded: Recorded | None = None) -> list[Caution]:
    return [caution for caution in net_of(document).cautions(recorded) if caution.id == kind]


def ran(kind: str, document: StackDocument) -> Recorded | None:
    return record_net(net_of(document), X, LABELS) if kind == "dead" else None


@pytest.mark.parametrize(("kind", "loss", "text", "neighbour", "repaired"), CASES)
def test_a_caution_comes_and_each_repair_cures_it(
    kind: str, loss: str, text: str, neighbour: str, repaired: list[str]
) -> None:
    document = StackDocument(text, loss=loss)
    [caution] = of(kind, document, ran(kind, document))
    assert caution.message and caution.reason.endswith(".")
    assert caution.level == LEVELS[kind]
    assert re.fullmatch(r"L[0-4]\.\d+", caution.lecture)
    assert [cure.text for cure in caution.repairs] == repaired
    for cure in caution.repairs:
        cured = cure.applied(document)
        assert cured.analysis().problem is None
        assert not of(kind, cured, ran(kind, cured))
    good = replace(document, text=neighbour)
    assert good.analysis().problem is None
    assert not of(kind, good, ran(kind, good))


def test_every_row_has_a_case_and_an_id_of_its_own() -> None:
    assert [check.id for check in CAUTIONS] == list(dict.fromkeys(check.id for check in CAUTIONS))
    assert {check.id for check in CAUTIONS} == {case[0] for case in CASES} == LEVELS.keys()


@pytest.mark.parametrize(
    "text",
    [
        "Flatten Linear(100) ReLU Linear(10)",
        "Conv2d(10, 7) ReLU Conv2d(55, 2) ReLU Flatten Linear(10)",
        "Conv2d(8, 3, stride=2, padding=1) BatchNorm2d ReLU Residual(Conv2d(8, 3, padding=1) ReLU) Flatten Linear(10)",
    ],
)
def test_good_stacks_have_no_warning(text: str) -> None:
    assert [caution for caution in net_of(StackDocument(text)).cautions() if caution.level == "warning"] == []


def test_what_no_window_covers_cannot_change_the_output() -> None:
    for size, kernel, stride, padding in [(28, 5, 2, 0), (9, 2, 4, 1), (7, 1, 2, 2), (12, 7, 2, 0), (6, 2, 2, 0)]:
        x = torch.zeros(1, 1, size, requires_grad=True)
        torch.nn.functional.conv1d(x, torch.ones(1, 1, kernel), stride=stride, padding=padding).sum().backward()
        assert x.grad is not None
        unseen = (x.grad[0, 0] == 0).tolist()
        tail = next(i for i, hidden in enumerate([*reversed(unseen), False]) if not hidden)
        text = f"Conv1d(1, {kernel}, stride={stride}, padding={padding})"
        found = {c.id: c.message for c in net_of(StackDocument(text, input_shape=(1, size))).cautions()}
        assert ("gaps" in found) == any(unseen[: size - tail])
        assert ("lost-pixels" in found) == bool(tail)
        assert not tail or found["lost-pixels"].endswith(f"never sees the last {tail} places")


@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 9), st.integers(0, 6))
def test_pixels_lost_at_the_end_have_a_cure(size: int, kernel: int, stride: int, padding: int) -> None:
    text = f"Conv1d(1, {kernel}, stride={stride}, padding={padding})"
    document = StackDocument(text, input_shape=(1, size))
    for caution in of("lost-pixels", document):
        assert caution.repairs
        assert not any(of("lost-pixels", cure.applied(document)) for cure in caution.repairs)


def test_a_stack_with_a_problem_is_looked_at_as_far_as_it_goes() -> None:
    document = StackDocument("Conv2d(2, 3) Conv2d(2, 3) ReLU Conv2d(2, 60) Softmax")
    assert document.analysis().problem is not None
    [caution] = net_of(document).cautions()
    assert (caution.id, caution.path) == ("one-map", (1,))
    assert caution.repairs[0].text == "Conv2d(2, 3) ReLU Conv2d(2, 3) ReLU Conv2d(2, 60) Softmax"


def test_a_text_that_is_not_understood_has_no_cautions() -> None:
    assert net_of(StackDocument("Linaer(10)")).cautions() == ()


def test_facts_of_another_stack_are_not_used() -> None:
    recorded = record_net(net_of(StackDocument("Flatten LogSoftmax ReLU Linear(10)")), X, LABELS)
    assert not of("dead", StackDocument("Flatten Softmax ReLU Linear(10)"), recorded)


PIECES = [
    "Linear(3)", "Linear(10, in_features=3)", "Bias", "Conv1d(2, 2, stride=3)", "Conv2d(3, 3, stride=2)",
    "Conv2d(2, (1, 2), stride=(3, 1), padding=1)", "ConvTranspose2d(2, 2)", "MaxPool2d(2)", "AvgPool2d(3, stride=5)",
    "AdaptiveAvgPool2d", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "Dropout(0.0)", "Flatten", "Reshape(-1)",
    "ReLU", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Identity",
]  # fmt: skip
leaves = st.sampled_from([parse_stack(piece)[0] for piece in PIECES])
blocks = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4).map(lambda body: LayerSpec("Residual", branches=(tuple(body),)))
        | st.lists(st.lists(inner, min_size=1, max_size=3).map(tuple), min_size=2, max_size=2).map(
            lambda branches: LayerSpec("Parallel", branches=tuple(branches))
        )
    ),
    max_leaves=6,
)


@given(
    st.lists(blocks, max_size=8),
    st.lists(st.integers(0, 12), max_size=4).map(tuple),
    st.sampled_from([loss.name for loss in LOSSES]),
    st.integers(1, 12),
)
def test_cautions_never_raise_and_their_repairs_fit(
    layers: list[LayerSpec], shape: tuple[int, ...], loss: str, classes: int
) -> None:
    stack = Stack(tuple(layers), shape, loss, classes)
    analysis = analyse(stack)
    for caution in cautions(analysis):
        assert caution.path == () or analysis.row(caution.path) is not None
        for cure in caution.repairs:
            after = analyse(Stack(parse_stack(cure.text), shape, cure.loss, classes))
            assert after.problem is None or analysis.problem is not None


@pytest.mark.parametrize(
    ("text", "loss", "found"),
    [
        ("Linear(2)", "MSELoss", ["2 outputs for one number to predict"]),
        ("Linear(1) Dropout", "MSELoss", ["Dropout after what is predicted"]),
        ("Linear(1) BatchNorm1d", "L1Loss", ["BatchNorm1d after what is predicted"]),
        ("Linear(1)", "NLLLoss", []),
    ],
)
def test_where_numbers_are_predicted_no_class_is_spoken_of(text: str, loss: str, found: list[str]) -> None:
    cautions_found = net_of(StackDocument(text, (4,), loss, 0, data="random")).cautions()
    noticed = [one for one in cautions_found if one.id in {check.id for check in SCORES}]
    assert [one.message for one in noticed] == found
    assert not any(word in one.reason + one.message for one in noticed for word in ("class", "score"))
