"""The optimizer's step as the last phase of the stepper: seen, gone back from, told to everyone."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
import torch
from playwright.sync_api import Page, expect

from playground.explain.numbers import brief
from playground.layers.document import StackDocument
from playground.layers.net.net import net_of, record_net
from playground.layers.run.settings import batch_of
from playground.trace.records import Update
from playground.trace.trace import Trace
from playground.views.graph.timeline import cell_text

OpenPage = Callable[..., Page]
Ready = Callable[[Page], Page]
TEXT = "Flatten Linear(10)"
PATH = f"/layers?v=1&stack={quote(TEXT)}"


@pytest.fixture(scope="module")
def trace() -> Trace:
    document = StackDocument(TEXT)
    return record_net(net_of(document), *batch_of(document)).trace


def updates(trace: Trace) -> list[tuple[int, Update]]:
    return [(step.index + 1, step.update) for step in trace.steps if step.update is not None]


def slot(page: Page, name: str) -> str:
    return page.locator(f'.graph [data-slot="{name}"]').first.text_content() or ""


def goto(page: Page, k: int) -> None:
    page.locator(".workbench").evaluate("(root, k) => root.workbench.goto(k)", k)
    expect(page.locator(".workbench")).to_have_attribute("data-step", str(k))


def test_the_parameter_changes_and_comes_back(open_page: OpenPage, ready: Ready, trace: Trace) -> None:
    page = ready(open_page(PATH))
    page.get_by_test_id("step-last").click()
    root = page.locator(".workbench")
    expect(root).to_have_attribute("data-phase", "update")
    expect(page.get_by_test_id("phase")).to_have_text("update")
    *changes, (last, loss) = updates(trace)
    expect(root).to_have_attribute("data-step", str(last))
    expect(page.get_by_test_id("explanation")).to_contain_text("The same batch once more")
    assert slot(page, f"value-{loss.value}.primal") == cell_text(loss.after) != cell_text(loss.before)
    k, bias = changes[-1]
    name = f"value-{bias.value}.primal"
    goto(page, k - 1)
    assert slot(page, name) == cell_text(bias.before)
    page.get_by_test_id("step-forward").click()
    expect(root).to_have_attribute("data-step", str(k))
    assert slot(page, name) == cell_text(bias.after) != cell_text(bias.before)
    box = page.locator(f'.graph .item[data-key="value-{bias.value}"]')
    classes = (box.get_attribute("class") or "").split()
    assert {"active", "updating"} <= set(classes) and "going-back" not in classes
    expect(page.get_by_test_id("explanation")).to_contain_text(f"{trace.values[bias.value].name}.grad")
    expect(page.get_by_test_id("live")).to_contain_text("update")
    page.get_by_test_id("step-back").click()
    assert slot(page, name) == cell_text(bias.before)
    expect(root).not_to_have_attribute("data-phase", "start")
    page.get_by_test_id("step-first").click()
    assert slot(page, name) == cell_text(bias.before) and slot(page, f"value-{loss.value}.primal") == ""


@pytest.mark.slow
def test_the_table_keeps_before_and_after(open_page: OpenPage, ready: Ready, trace: Trace) -> None:
    page = ready(open_page(PATH))
    page.get_by_test_id("step-last").click()
    page.get_by_test_id("tab-table").click()
    _, weight = updates(trace)[0]
    row = page.locator(f'table.trace tr[data-key="value-{weight.value}"]')
    expect(row).to_contain_text(cell_text(weight.before))
    expect(row).to_contain_text(cell_text(weight.after))
    expect(page.locator("table.trace thead")).to_contain_text("after the step")


@pytest.mark.slow
def test_keys_and_buttons_go_from_phase_to_phase(open_page: OpenPage, ready: Ready, trace: Trace) -> None:
    page = ready(open_page(PATH))
    root = page.locator(".workbench")
    phases = [step.phase for step in trace.steps]
    starts = {phase: phases.index(phase) + 1 for phase in ("forward", "backward", "update")}
    root.focus()
    for phase, k in starts.items():
        page.keyboard.press("]")
        expect(root).to_have_attribute("data-step", str(k))
        expect(root).to_have_attribute("data-phase", phase)
    page.get_by_test_id("phase-on").click()
    expect(root).to_have_attribute("data-step", str(len(phases)))
    expect(page.get_by_test_id("phase-on")).to_have_attribute("aria-disabled", "true")
    for k in (*reversed(starts.values()), 0):
        page.get_by_test_id("phase-back").click()
        expect(root).to_have_attribute("data-step", str(k))
    expect(page.get_by_test_id("phase-marks").locator("i")).to_have_count(2)
    expect(page.get_by_role("list", name="Colours").locator(".update")).to_be_visible()
    page.get_by_test_id("keys").click()
    expect(page.get_by_test_id("help")).to_contain_text("to the next phase")


@pytest.mark.slow
def test_without_an_optimizer_there_is_no_such_phase(open_page: OpenPage, ready: Ready) -> None:
    page = ready(open_page("/?v=1&text=y%20%3D%20w*x&leaf.w=2.0&leaf.x=3.0"))
    expect(page.get_by_role("list", name="Colours").locator(".update")).to_have_count(0)
    expect(page.get_by_test_id("phase-marks").locator("i")).to_have_count(1)


@pytest.mark.slow
def test_details_give_the_value_after_the_step(open_page: OpenPage, ready: Ready, trace: Trace) -> None:
    page = ready(open_page(PATH))
    _, bias = updates(trace)[-2]
    page.locator(".workbench").evaluate("(root, key) => root.workbench.select(key)", f"value-{bias.value}")
    details = page.locator(".page-details")
    expect(details).not_to_contain_text("after the step")
    page.get_by_test_id("step-last").click()
    expect(details).to_contain_text("after the step")
    expect(details).to_contain_text(brief(bias.after))


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
def test_everyone_can_use_it(
    open_page: OpenPage, ready: Ready, accessibility: Callable[[Page], list[str]], width: int
) -> None:
    page = ready(open_page(PATH + "&optimizer=Adam&learning_rate=0.01", width=width))
    page.get_by_test_id("step-last").click()
    page.get_by_test_id("step-back").click()
    expect(page.get_by_test_id("explanation")).to_contain_text("exp_avg_sq")
    assert accessibility(page) == []


@pytest.mark.slow
def test_a_plain_step_gives_the_loss_that_is_shown(trace: Trace) -> None:
    """What the browser is given is what plain PyTorch gives."""
    document = StackDocument(TEXT)
    x, labels = batch_of(document)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(document.rng_seed)
        net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=document.learning_rate)
    torch.nn.functional.cross_entropy(net(x), labels).backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    _, loss = updates(trace)[-1]
    assert loss.after.item() == torch.nn.functional.cross_entropy(net(x), labels).item()
