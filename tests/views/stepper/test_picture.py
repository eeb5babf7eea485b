"""The picture that the browser steps through, and what is made from it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import zlib
from collections import Counter
from typing import Any

import pytest
import torch

from playground.explain.explanation import explain
from playground.explain.export import derivation
from playground.explain.known import KnownFrom
from playground.recorder.record import record
from playground.trace.trace import Trace
from playground.views.graph.graph import GraphKind
from playground.views.graph.static import static_svg
from playground.views.png import data_uri
from playground.views.stepper.html import ENTRY, FRONTEND, notebook_html, stepper_html
from playground.views.stepper.picture import picture
from playground.views.stepper.table import to_csv, to_text
from tests.views.offline import packed_text, pictures_in


def at(frame: dict[str, Any], slot: str, k: int) -> str:
    """What stands in a slot at step k, as docs/stepper.md says."""
    held = [entry[1] for entry in frame["slots"].get(slot, []) if entry[0] <= k]
    return str(held[-1]) if held else ""


def after(trace: Trace, kind: str, name: str) -> int:
    """The position after the step of the node or op called `name`."""
    for step in trace.steps:
        if kind == "op" and step.op is not None and trace.ops[step.op].name == name:
            return step.index + 1
        if kind == "node" and step.node is not None and trace.nodes[step.node].name == name:
            return step.index + 1
    raise LookupError(name)


def test_numbers_of_l04_step_by_step(l04: Trace) -> None:
    frame = picture(l04)
    x1, x2, f = (l04[name].id for name in ("x1", "x2", "v5"))
    assert at(frame, f"value-{x1}.primal", 0) == "2" and at(frame, f"value-{x2}.primal", 0) == "5"
    assert at(frame, f"value-{f}.primal", 4) == "" and at(frame, f"value-{f}.primal", 5) == "11.652"
    assert at(frame, f"value-{f}.adjoint", 5) == "" and at(frame, f"value-{f}.adjoint", 6) == "1"
    assert at(frame, f"value-{l04['v4'].id}.adjoint", after(l04, "node", "SubBackward0")) == "−1"
    product = after(l04, "node", "MulBackward0")
    assert at(frame, f"value-{x1}.adjoint", product) == "5"
    assert at(frame, f"value-{x1}.grad", product) == "None"
    assert at(frame, f"value-{x1}.adjoint", after(l04, "node", "LogBackward0")) == "5.5"
    last = len(frame["steps"])
    assert [at(frame, f"value-{value}.adjoint", last) for value in (x1, x2)] == ["5.5", "1.716"]
    assert [at(frame, f"value-{value}.grad", last) for value in (x1, x2)] == ["5.5", "1.716"]
    multiplication = next(op for op in l04.ops if op.name == "mul")
    assert at(frame, f"use-{multiplication.id}-0.contribution", last) == "5"


def test_a_second_pass_sums_afresh_and_adds_to_grad() -> None:
    trace = record(lambda x: x * x, 3.0, passes=2)
    frame = picture(trace)
    seeds = [step.index + 1 for step in trace.steps if step.kind == "seed"]
    assert at(frame, "value-0.adjoint", seeds[1] - 1) == "6"
    assert at(frame, "value-0.adjoint", seeds[1]) == ""
    assert at(frame, "value-0.grad", len(trace.steps)) == "12"
    cleared = picture(record(lambda x: x * x, 3.0, passes=2, zero_grad=True))
    assert [entry[1] for entry in cleared["slots"]["value-0.grad"]] == ["None", "6", "None", "6"]


@pytest.mark.parametrize("kind", ["forward", "backward", "both"])
def test_the_picture_keeps_the_contract(any_trace: Trace, kind: str) -> None:
    frame = picture(any_trace, kind)  # type: ignore[arg-type]
    json.dumps(frame, allow_nan=False)
    assert len(frame["steps"]) == len(any_trace.steps)
    scene = frame["scene"]
    assert scene is not None
    links = [link for link in scene["links"] if link["classes"] != "match"]
    assert {box["key"] for box in scene["boxes"]} | {link["key"] for link in links} <= set(frame["items"])
    slots = {slot for box in scene["boxes"] for slot in box["slots"]}
    slots |= {text["slot"] for link in links for text in link["texts"] if "slot" in text}
    assert slots <= set(frame["slots"])
    for box in scene["boxes"]:
        kinds = Counter(part["kind"] for part in scene["forms"][box["form"]]["parts"])
        assert kinds["tint"] == kinds["slot"] == len(box["slots"])
        assert kinds["title"] + kinds["label"] + kinds["note"] == len(box["texts"])
    for entries in [*frame["slots"].values(), *frame["images"].values()]:
        assert [entry[0] for entry in entries] == sorted({entry[0] for entry in entries})
        assert entries[-1][0] <= len(frame["steps"])
    assert all(0 <= entry[2] <= 1 for entries in frame["slots"].values() for entry in entries)
    lit = {key for step in frame["steps"] for key in step["active"] + step["flow"]}
    boxes = {box["key"] for box in scene["boxes"] if box["classes"].split()[0] in ("op", "node")}
    assert boxes <= lit | {f"node-{node.id}" for node in any_trace.nodes if node.name == "AccumulateGrad"}
    assert picture(any_trace, kind, have=frame["key"])["scene"] is None  # type: ignore[arg-type]


def test_numbers_that_json_has_not() -> None:
    x = torch.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    frame = picture(record(lambda x: torch.log(x) / x, x))
    text = json.dumps(frame, allow_nan=False)
    assert '"NaN"' in text and "−∞" in json.loads(text)["items"]["value-1"]["lines"][1][1]


def test_why_has_one_product_per_path(l04: Trace) -> None:
    why = explain(l04).why(l04["x1"].id)
    texts = [line.text for line in why.lines]
    assert texts == [
        "x̄₁ = v̄₂ · ∂v₂/∂x1 + v̄₁ · ∂v₁/∂x1",
        "x̄₁ = v̄₂ · x2 + v̄₁ · 1/x1",
        "x̄₁ = 1 × 5 + 1 × 0.5",
        "x̄₁ = 5 + 0.5 = 5.5",
    ]
    assert why.lines[1].latex == r"\bar{x}_{1} = \bar{v}_{2} \cdot x_{2} + \bar{v}_{1} \cdot \frac{1}{x_{1}}"
    assert ("PyTorch", "5.5") in why.check and "finite difference" in dict(why.check)


def test_why_tells_no_number_before_its_step(l04: Trace) -> None:
    for value in l04.values:
        why, known = explain(l04).why(value.id), KnownFrom(l04)
        assert why.since == (0 if value.adjoint is None else known.adjoint(value.id))
        early = [line for line in why.lines if line.is_symbolic]
        assert not any(re.search(r"\d", line.text.replace("x1", "").replace("x2", "")) for line in early)
    assert explain(l04).why(l04["x1"].id).lines[0].is_symbolic
    assert picture(l04)["items"]["value-0"]["why"]["since"] > len(l04.steps) // 2


def test_why_for_the_special_cases() -> None:
    def leaf(number: float, requires_grad: bool = True) -> torch.Tensor:
        return torch.tensor(number, requires_grad=requires_grad)

    trace = record(lambda x, unused, plain: x * 2 + plain, leaf(1.0), leaf(2.0), leaf(3.0, requires_grad=False))
    explanation = explain(trace)

    def why(value: int) -> str:
        return explanation.derivation(value)[0].note

    assert why(trace.outputs[0]) == "The backward pass starts at v₂."
    assert "does not depend on unused" in why(trace["unused"].id)
    assert "requires_grad=False" in why(trace["plain"].id)
    never = record(lambda x: x * 2, torch.tensor(1))
    assert "No backward pass has run" in explain(never).derivation(never.outputs[0])[0].note


def test_why_of_a_broadcast_sum_names_the_summed_axes() -> None:
    trace = record(lambda x, b: (x + b).sum(), torch.ones(2, 3, requires_grad=True), torch.ones(3, requires_grad=True))
    texts = " ".join(f"{line.text} {line.note}" for line in explain(trace).derivation(trace["b"].id))
    for words in ("summed over axis 0 from (2, 3)", "sum(v̄₁) = [2, 2, 2]", "b̄[0] = 1 × 1 + 1 × 1 = 2"):
        assert words in texts


def test_an_element_of_a_matrix_product_is_a_row_times_a_column() -> None:
    a = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    b = torch.tensor([[5.0, 6.0], [7.0, 8.0]], requires_grad=True)
    trace = record(lambda a, b: (a @ b).sum(), a, b)
    assert explain(trace).derivation(trace["a"].id)[-1].text == "a\u0304[0, 1] = 1 × 7 + 1 × 8 = 15"
    assert explain(trace).derivation(trace["b"].id)[-1].text == "b̄[1, 0] = 1 × 2 + 1 × 4 = 6"
    trace = record(lambda a, v: (a @ v).sum(), a, torch.tensor([5.0, 6.0], requires_grad=True))
    assert explain(trace).derivation(trace["v"].id)[-1].text == "v̄[1] = 1 × 2 + 1 × 4 = 6"


def test_a_composite_call_is_one_factor() -> None:
    trace = record(lambda x: 3 / x, 2.0)
    texts = [line.text for line in explain(trace).derivation(trace["x"].id)]
    assert texts[1:] == ["x̄ = v̄₁ · (−3/x²)", "x̄ = 1 × (−0.75)", "x̄ = −0.75"]


def test_derivation_is_balanced_latex(any_trace: Trace) -> None:
    text = derivation(any_trace)
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}")
    plain = re.sub(r"\\[{}]", "", text)
    assert plain.count("{") == plain.count("}")
    assert plain.count(r"\left") == plain.count(r"\right")


def test_tables(l04: Trace) -> None:
    lines = to_csv(l04).splitlines()
    assert lines[0] == "name,forward,primal,adjoint,reverse"
    assert "x1,v₋₁ (input),2,5.5,v̄₂ × x2 + v̄₁ × 1/x1" in lines
    assert "v₄,sin(x2),−0.9589,−1,−v̄₅" in lines
    assert to_text(l04).splitlines()[2].split()[:3] == ["x1", "v₋₁", "(input)"]


def test_csv_cells_are_no_formulas() -> None:
    text = to_csv(record(lambda x: x * 2, 1.0, names=["=HYPERLINK(1)"]))
    assert "\n'=HYPERLINK(1)," in text


def test_png_decodes() -> None:
    data = base64.b64decode(data_uri([[1.0, -0.5], [0.0, float("nan")]]).partition(",")[2])
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    start = data.index(b"IDAT") + 4
    length = struct.unpack(">I", data[start - 8 : start - 4])[0]
    raw = zlib.decompress(data[start : start + length])
    assert len(raw) == height * (1 + 4 * width)
    first, last = raw[1:5], raw[-4:]
    assert first[3] == 255 and last == bytes((20, 20, 20, 255)), "the largest is opaque, NaN is black"


@pytest.mark.skipif(not (FRONTEND / ENTRY).exists(), reason="the stepper's scripts are not there")
def test_html_is_self_contained() -> None:
    trace = record(lambda *x: x[0] * x[1], 2.0, 3.0, names=["</script><script>alert(1)", "<!--"])
    text = stepper_html(trace)
    assert text.count("<script") == 4 and text.count("</script>") == 4 and "<!--" not in text
    assert "default-src 'none'" in text and "unsafe-eval" not in text
    script = packed_text(text, "script")
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE) and "</script" not in packed_text(text, "style")
    start = text.rpartition('<script type="module">')[2].partition("</script>")[0]
    allowed = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (start, script)]
    assert f"script-src 'sha256-{allowed[0]}' 'sha256-{allowed[1]}';" in text
    shown = notebook_html(trace)
    assert 'sandbox="allow-scripts' in shown and "<svg" in shown


def test_html_holds_the_three_pictures_once(any_trace: Trace) -> None:
    kinds: tuple[GraphKind, ...] = ("forward", "backward", "both")
    pictures = {kind: json.loads(json.dumps(picture(any_trace, kind))) for kind in kinds}
    shown = pictures_in(stepper_html(any_trace))
    assert shown == pictures
    for kind in kinds:
        for field in ("items", "slots"):
            assert list(shown[kind][field]) == list(pictures[kind][field])


def test_html_is_small_with_its_formulas(l04: Trace) -> None:
    page = stepper_html(l04)
    assert "var temml=" in packed_text(page, "script") and "Copyright (c) 2020 Ron Kok" in packed_text(page, "script")
    assert len(page) < 146_000  # 0.6 of what it was when all of it stood there as text


def test_complex_values_are_drawn() -> None:
    z = torch.tensor([1 + 2j, 3 - 1j], requires_grad=True)
    trace = record(lambda z: (z * z.conj()).real.sum(), z)
    for kind in ("forward", "backward", "both"):
        json.dumps(picture(trace, kind), allow_nan=False)


def test_an_optimizers_step_changes_the_box_and_leaves_the_rest() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    trace = record(lambda x: x * x, x, optimizer=torch.optim.SGD([x], lr=0.25))
    kinds: tuple[GraphKind, ...] = ("forward", "backward", "both")
    for graph in kinds:
        frame = picture(trace, graph)
        last = len(trace.steps)
        assert [step["phase"] for step in frame["steps"][-2:]] == ["update", "update"]
        assert [at(frame, "value-0.primal", k) for k in (0, last - 2, last - 1, last)] == ["3", "3", "1.5", "1.5"]
        assert [at(frame, "value-1.primal", k) for k in (0, 1, last - 1, last)] == ["", "9", "9", "2.25"]
        assert (at(frame, "value-0.before", last), at(frame, "value-0.after", last)) == ("3", "1.5")
        assert at(frame, "value-0.grad", last) == "6"
        leaf = trace.values[0]
        drawn = "value-0" if graph != "backward" else f"node-{leaf.node}"
        assert drawn in frame["steps"][-2]["active"] and frame["steps"][-2]["words"]["title"] == "x ← x − 0.25 · x.grad"
        assert frame["steps"][-2]["words"]["arithmetic"] == "x: 3 − 0.25 × 6 = 1.5"
    table = to_csv(trace).splitlines()
    assert table[0] == "name,forward,primal,adjoint,after the step,reverse"
    assert table[1].split(",")[2:5] == ["3", "6", "1.5"]
    assert "after the step" in to_text(trace) and "x ← x − 0.25 · x.grad" in packed_text(stepper_html(trace), "data")
    assert ">3<" in static_svg(trace) and ">1.5<" not in static_svg(trace)  # every number of it fits every other
    assert "after the step" not in to_text(record(lambda x: x * x, 3.0))


def test_the_numbers_of_a_small_tensor_stand_in_its_box() -> None:
    X = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    trace = record(lambda X, v: (X @ v).sum(), X, torch.tensor([0.25, -1.0, 2.0], requires_grad=True))
    frame = picture(trace, "both")
    grid = [f"value-{trace['X'].id}.primal.{place}" for place in range(6)]
    assert [frame["slots"][slot][0][1] for slot in grid] == ["1", "2", "3", "4", "5", "6"]
    assert frame["scene"] is not None
    assert set(grid) <= {slot for box in frame["scene"]["boxes"] for slot in box["slots"]}
    assert not frame["images"], "no heat map says less than its numbers"
    after_last = len(trace.steps)
    assert at(frame, f"value-{trace['v'].id}.primal", after_last) == "[0.25, −1, 2]", "in the table"
    assert at(frame, f"value-{trace['v'].id}.adjoint.0", 0) == "", "not before it is known"
    assert at(frame, f"value-{trace['v'].id}.adjoint.0", after_last) == "5"


def test_details_know_what_has_happened_and_no_more(l04: Trace) -> None:
    frame = picture(l04, "both")
    said = after(l04, "node", "SubBackward0")

    def known(key: str, k: int) -> list[str]:
        return [label for label, _, since in frame["items"][key]["lines"] if since <= k]

    x1, v1 = (f"value-{l04[name].id}" for name in ("x1", "v1"))
    assert "primal" not in known(v1, 0) and "primal" in known(v1, 1)
    assert "primal" in known(x1, 0) and "gradient" not in known(x1, said)
    assert ".grad at the end" not in known(x1, len(l04.steps) - 1) and ".grad at the end" in known(x1, len(l04.steps))
    node = f"node-{next(node.id for node in l04.nodes if node.name == 'SubBackward0')}"
    assert known(node, said - 1) == [] and len(known(node, said)) == 2
    for item in frame["items"].values():
        assert all(0 <= since <= len(l04.steps) for _, _, since in item["lines"])
