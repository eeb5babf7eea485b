"""The optimizer's step in words: what each parameter becomes, by which rule, and one element worked out."""

from __future__ import annotations

import math

from playground.explain.names import DisplayNames
from playground.explain.numbers import MINUS, brief, format_number, norm_text
from playground.explain.update_rules import rule_of
from playground.trace.array import Array
from playground.trace.records import Op, Update


def title(names: DisplayNames, update: Update) -> str:
    """`W ← W − 0.1 · W.grad`, or of the last step `loss: 2.303 → 2.251`."""
    name = names.show(update.value)
    if update.gradient is None:
        return f"{name}: {brief(update.before)} → {brief(update.after)}"
    worked = rule_of(name, update)
    return f"{name} ← step of {update.optimizer}" if worked is None else f"{name} ← {name} {MINUS} {worked.direction}"


def sentence(names: DisplayNames, update: Update, ops: tuple[Op, ...]) -> str:
    """The optimizer's step in words, with the state that it keeps."""
    name = names.show(update.value)
    if update.gradient is None:
        return _output_sentence(name, update, ops)
    worked = rule_of(name, update)
    if worked is not None:
        return f"{update.optimizer} changes {name}: {worked.words}."
    kept = [entry.name for entry in update.state]
    remembers = f"; it remembers {', '.join(kept)}" if kept else ""
    return f"{update.optimizer} changes {name} by its own rule, from {name}.grad{remembers}."


def _output_sentence(name: str, update: Update, ops: tuple[Op, ...]) -> str:
    text = f"The same batch once more, with the parameters after the step: {name}"
    if update.before.numel == update.after.numel == 1:
        change = _change(update)
        verb = "falls by" if change < 0 else "rises by" if change > 0 else ""
        text += f" {verb} {format_number(abs(change))}" if verb else " stays"
        text += ": the step went too far" * (change > 0)
    else:
        text += f" was {brief(update.before)}, and is {brief(update.after)}"
    random = any("dropout" in op.name or "bernoulli" in op.name for op in ops)
    return text + (". Dropout drew anew, which changes it, too." if random else ".")


def _change(update: Update) -> float:
    before, after = update.before.item(), update.after.item()
    return float(after.real) - float(before.real)


def arithmetic(names: DisplayNames, update: Update) -> str:
    """Work one element out, then before, gradient, state and after as far as they are many."""
    name = names.show(update.value)
    if update.gradient is None:
        if update.before.numel == update.after.numel == 1:
            return f"{brief(update.before)} → {brief(update.after)}, change {format_number(_change(update))}"
        return f"{brief(update.before)} → {brief(update.after)}"
    worked, element = rule_of(name, update), update.element
    lines = []
    if worked is not None and element is not None:
        place = f"{name}{list(element.index) if element.index else ''}"
        before, after = _pair(element.before, element.after)
        lines.append(f"{place}: {before} {MINUS} {worked.numbers} = {after}")
        lines += [worked.state] * bool(worked.state)
    if worked is None or update.before.numel > 1:
        lines.append(f"before: {_many(update.before)}")
        lines.append(f"gradient: {_many(update.gradient)}")
        lines += [f"{entry.name}: {_many(entry.after)}" for entry in update.state]
        lines.append(f"after: {_many(update.after)}")
    return " ; ".join(lines)


def _many(array: Array) -> str:
    return brief(array) if array.numel == 1 else f"{brief(array)}, norm {norm_text(array)}"


def _pair(before: float, after: float) -> tuple[str, str]:
    """Two numbers with as many digits as show their difference, seven at most."""
    for digits in (4, 5, 6, 7):
        texts = format_number(before, digits), format_number(after, digits)
        if abs(after - before) > 30 * 10.0 ** (
            math.floor(math.log10(max(abs(before), abs(after), 1e-30))) + 1 - digits
        ):
            break
    return texts
