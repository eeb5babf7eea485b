"""The exported scripts run with PyTorch alone, and print the numbers of the page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings

from playground.layers.catalogue.losses import LOSSES
from playground.layers.document import OPTIMIZERS, StackDocument
from playground.layers.export.script import Form
from playground.layers.net.net import net_of, record_net, script_of
from tests.alone import output_of
from tests.layers.scripts import printed, random_batch, read, shown
from tests.layers.stacks import documents

FORMS: tuple[Form, ...] = get_args(Form)
NET = (
    "Conv2d(4, 3) BatchNorm2d ReLU Residual(Conv2d(4, 3, padding='same') Dropout(0.3)) "
    "Parallel(Conv2d(2, 1) Tanh, MaxPool2d(3, stride=1, padding=1)) AvgPool2d(2) LayerNorm(2) Flatten Linear(3)"
)
DOCUMENT = StackDocument(NET, (1, 8, 8), classes=3, data="random", batch=5, rng_seed=4)


def check(document: StackDocument) -> list[tuple[str, float]]:
    """That the scripts with modules print the page's numbers to the last digit."""
    expected = shown(record_net(net_of(document), *random_batch(document)))
    for form in ("sequential", "module"):
        assert [repr(number) for _, number in printed(script_of(document, form))] == [repr(n) for _, n in expected]
    return expected


def check_from_scratch(document: StackDocument, expected: list[tuple[str, float]], preamble: str = "") -> None:
    """That the script without modules prints the same numbers but for rounding."""
    found = printed(preamble + script_of(document, "tensors"))
    # Optimizers that divide by the size of a gradient make a whole step of one that is only rounding.
    last = len(expected) if document.optimizer.startswith("SGD") else -1
    assert len(found) == len(expected)
    assert [n for _, n in found[:last]] == pytest.approx([n for _, n in expected[:last]], rel=1e-5, abs=1e-6)


@given(documents())
@example(
    StackDocument("MultiheadAttention(1) BatchNorm1d Flatten Linear(2)", (2, 6), classes=2, data="random", batch=2)
)
@settings(max_examples=30, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_every_form_prints_the_numbers_of_the_page(document: StackDocument) -> None:
    check(document)
    # A stack may magnify rounding as much as it likes: that the formulas are the same is seen in float64.
    double = "import torch\ntorch.set_default_dtype(torch.float64)\n"
    check_from_scratch(
        document, printed(double + script_of(document, "sequential").replace(".float()", ".double()")), double
    )


@pytest.mark.slow
@pytest.mark.parametrize("loss", [loss.name for loss in LOSSES])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_and_loss(optimizer: str, loss: str) -> None:
    document = replace(DOCUMENT, optimizer=optimizer, loss=loss)
    expected = check(document)
    check_from_scratch(document, expected)
    assert [name for name, _ in printed(script_of(document, "module"))][:3] == [name for name, _ in expected][:3]


SEQUENCES = [
    "Reshape(40, 1) Linear(3) LSTM(4)",
    "LSTM(4)",
    "LSTM(3, num_layers=2, bidirectional=True) Residual(LSTM(6))",
    "GRU(4, num_layers=2)",
    "GRU(3, bidirectional=True)",
    "RNN(4) RNN(3, num_layers=3, bidirectional=True)",
    "MultiheadAttention(2) ReLU",
    "Residual(MultiheadAttention(4)) MultiheadAttention(1)",
    "TransformerEncoderLayer(2, dim_feedforward=16)",
    'TransformerEncoderLayer(4, dim_feedforward=3, activation="gelu", norm_first=True) LayerNorm',
]


@pytest.mark.parametrize("text", SEQUENCES)
def test_layers_of_sequences(text: str) -> None:
    document = StackDocument(f"{text} Flatten Linear(3)", (5, 8), classes=3, data="random", batch=4, rng_seed=2)
    check_from_scratch(document, check(document))


PICTURES = [
    "ReflectionPad2d(2) Conv2d(4, 3) InstanceNorm2d ReLU6 ZeroPad2d((1, 0, 2, 3)) ReflectionPad2d((0, 1, 2, 0))",
    "InstanceNorm2d(eps=0.1, affine=True) Conv2d(8, 3) PixelShuffle(2) Mish",
    'Upsample(2, mode="bilinear", align_corners=True) SELU Upsample(2) Hardswish Upsample(2, mode="bicubic")',
    "Reshape(2, 64) MaxPool1d(3, padding=1) Hardsigmoid AvgPool1d(4, stride=2) Hardtanh(max_val=0.3)",
]


@pytest.mark.parametrize("text", PICTURES)
def test_layers_of_pictures_and_signals(text: str) -> None:
    document = StackDocument(f"{text} Flatten Linear(3)", (2, 8, 8), classes=3, data="random", batch=4, rng_seed=2)
    check_from_scratch(document, check(document))


def test_whole_numbers_go_into_an_embedding() -> None:
    text = "Embedding(7, 4) TransformerEncoderLayer(2, dim_feedforward=6) GRU(3) Flatten Linear(3)"
    document = StackDocument(text, (5,), classes=3, data="random", batch=4, rng_seed=2)
    x, _ = random_batch(document)
    assert x.dtype == torch.int64 and set(x.flatten().tolist()) == set(range(7))
    check_from_scratch(document, check(document))


def test_a_class_number_beyond_the_outputs_counts_as_the_last() -> None:
    check(StackDocument("Linear(3) Tanh Linear(2)", (4,), "MSELoss", 5, "random", 6))


@pytest.mark.parametrize("form", FORMS)
def test_a_script_runs_by_itself(form: Form, tmp_path: Path) -> None:
    told = output_of(script_of(DOCUMENT, form), tmp_path)
    numbers = [number for _, number in shown(record_net(net_of(DOCUMENT), *random_batch(DOCUMENT)))]
    close = numbers if form != "tensors" else pytest.approx(numbers, rel=1e-5, abs=1e-6)
    assert [n for _, n in read(told)] == close


# Each script in a child of its own, with another place in the stream of numbers: what it forgets, nobody has for it.
RUN_ALL = """
import contextlib, json, os, pathlib, runpy, sys
import torch
weight = torch.nn.Parameter(torch.ones(1))
weight.grad = torch.ones(1)
torch.optim.Adam([weight]).step()  # its first step loads what every child would load again
printed = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.py")):
    told = path.with_suffix(".txt")
    child = os.fork()
    if child == 0:
        torch.manual_seed(987654321)
        with told.open("w") as output, contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            try:
                runpy.run_path(str(path))
            except BaseException as error:
                print("error =", repr(error))
        os._exit(0)
    os.waitpid(child, 0)
    printed[path.stem] = told.read_text()
print(json.dumps(printed))
"""


def run_all(folder: Path, scripts: dict[str, str]) -> dict[str, str]:
    """What each script prints, in a Python that has never heard of the playground."""
    for name, code in scripts.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    one_thread = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # as the tests: sums come out in one order
    command = [sys.executable, "-I", "-c", RUN_ALL, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | one_thread, timeout=300)
    told: dict[str, str] = json.loads(done.stdout)
    return told


@pytest.mark.slow
def test_thirty_stacks_in_a_process_of_their_own(tmp_path: Path) -> None:
    """With modules the page's numbers are printed repr for repr, and from scratch but for rounding."""
    stacks: list[StackDocument] = []

    @given(documents())
    @settings(max_examples=30, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
    def collect(document: StackDocument) -> None:
        stacks.append(document)

    collect()
    assert len(stacks) == 30
    named = {f"{number:02d}-{form}": (document, form) for number, document in enumerate(stacks) for form in FORMS}
    told = run_all(tmp_path, {name: script_of(document, form) for name, (document, form) in named.items()})
    assert set(told) == set(named)
    for name, (document, form) in named.items():
        expected = shown(record_net(net_of(document), *random_batch(document)))
        assert len(told[name].splitlines()) == len(expected) and "error" not in told[name], (name, told[name])
        found = read(told[name])
        if form != "tensors":
            assert [repr(number) for _, number in found] == [repr(number) for _, number in expected], name
            continue
        assert [label for label, _ in found] == [label for label, _ in expected]
        # Optimizers that divide by the size of a gradient make a whole step of one that is only rounding.
        last = len(expected) if document.optimizer.startswith("SGD") else -1
        numbers = [number for _, number in expected[:last]]
        assert [number for _, number in found[:last]] == pytest.approx(numbers, rel=1e-4, abs=1e-6), name


@pytest.mark.slow
def test_a_script_that_forgets_a_line_is_found_out(tmp_path: Path) -> None:
    code = script_of(DOCUMENT, "tensors")
    lines = ["import torch.nn.functional as F\n", f"torch.manual_seed({DOCUMENT.rng_seed})\n"]
    assert all(line in code for line in lines)
    scripts = {"0-whole": code} | {f"{n}-without": code.replace(line, "", 1) for n, line in enumerate(lines, 1)}
    whole, functional, seed = run_all(tmp_path, scripts).values()
    expected = [number for _, number in shown(record_net(net_of(DOCUMENT), *random_batch(DOCUMENT)))]
    assert [number for _, number in read(whole)] == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert "NameError" in functional
    assert seed.splitlines()[0] != whole.splitlines()[0]


@pytest.mark.parametrize("form", FORMS)
def test_without_parameters_there_is_nothing_to_learn(form: Form) -> None:
    document = StackDocument("ReLU Identity", (3,), classes=3, data="random", batch=2)
    recorded = record_net(net_of(document), *random_batch(document))
    ((name, loss),) = printed(script_of(document, form))
    assert name == "loss" and loss == pytest.approx(recorded.loss)


@pytest.mark.parametrize("form", FORMS)
def test_a_script_is_python_whatever_the_data(form: Form) -> None:
    for document in (replace(DOCUMENT, data="digits", text="Flatten Linear(3)", input_shape=(1, 28, 28)), DOCUMENT):
        compile(script_of(document, form), "script", "exec")
    own = "x = torch.ones(2, 1, 8, 8)\ny = torch.tensor([0, 1])\n"
    assert own in script_of(DOCUMENT, form, own) and "randn" not in script_of(DOCUMENT, form, own)


def test_the_code_of_a_stack_reads_like_a_textbook() -> None:
    document = StackDocument("Linear(5) ReLU Linear(3)", (4,), classes=3, data="random", batch=2, rng_seed=1)
    assert script_of(document, "tensors") == TENSORS


TENSORS = '''\
import torch


def log_softmax(x):
    """Over axis 1; without the largest score taken off, exp overflows."""
    x = x - x.amax(1, keepdim=True).detach()
    return x - x.exp().sum(1, keepdim=True).log()


def uniform(*shape, fan_in):
    """As PyTorch draws those of Linear and Conv2d: uniform within 1/sqrt(fan_in)."""
    bound = fan_in**-0.5
    return torch.empty(*shape).uniform_(-bound, bound).requires_grad_()


torch.manual_seed(1)
linear1_weight = uniform(5, 4, fan_in=4)
linear1_bias = uniform(5, fan_in=4)
linear2_weight = uniform(3, 5, fan_in=5)
linear2_bias = uniform(3, fan_in=5)
parameters = {
    "linear1.weight": linear1_weight,
    "linear1.bias": linear1_bias,
    "linear2.weight": linear2_weight,
    "linear2.bias": linear2_bias,
}


def net(x):
    x = x @ linear1_weight.T + linear1_bias
    x = torch.where(x > 0, x, 0)
    x = x @ linear2_weight.T + linear2_bias
    return x


def loss_function(output, target):
    return -log_softmax(output)[torch.arange(len(target)), target].mean()


g = torch.Generator().manual_seed(1)  # of its own: the data do not move the stream that weights are drawn from
x = torch.randn(2, 4, generator=g)
y = torch.randint(3, (2,), generator=g)

loss = loss_function(net(x), y)
print("loss =", loss.item())

loss.backward()
for name, parameter in parameters.items():
    print("gradient norm of", name, "=", parameter.grad.norm(dtype=torch.float64).item())

with torch.no_grad():
    for parameter in parameters.values():
        parameter -= 0.1 * parameter.grad
    print("loss after one step =", loss_function(net(x), y).item())
'''


def test_a_summary_lists_every_layer_and_the_totals() -> None:
    document = StackDocument("Linear(4, bias=False) Residual(Linear(4) ReLU) Linear(3)", (4,), batch=10)
    lines = net_of(document).summary().splitlines()
    assert [line.split()[0] for line in lines] == [
        "name", "linear1", "residual1", "linear1", "relu1", "linear2", "total",
    ]  # fmt: skip
    assert lines[3].startswith("  linear1") and "(10, 4)" in lines[3]
    assert lines[-1].split()[1:] == ["51", "440", f"{document.analysis().saved_with(10):,}"]
    assert "stopped: " in net_of(StackDocument("ReLU Conv2d(3, 3)", (4,), batch=1)).summary()
