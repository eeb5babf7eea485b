"""The layers of pasted classes: the arguments of their constructors, what a call costs, and how a misfit is mended."""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from playground.errors import PlaygroundError, Repair, Span
from playground.language.function import Cost, Value
from playground.language.syntax.tree import Attribute, Call, Index, Name
from playground.layers.catalogue.kind import Kind, LayerRule, Mend, Misfit, constructor_arguments, problem_of
from playground.layers.catalogue.modules import SeededDropout
from playground.layers.catalogue.shape_rules import check_arguments
from playground.layers.catalogue.spec import LayerSpec
from playground.layers.catalogue.table import of_class
from playground.layers.pasted.pasted_module import running, what
from playground.layers.pasted.tree import Apply, Make, Spread
from playground.layers.stack.text import content_text

LARGEST = 65_536  # of an in-size
IN_SIZES = (
    *("in_features", "in_channels", "num_features", "num_channels", "features", "normalized_shape"),
    *("embed_dim", "d_model", "input_size"),
)
OUT_SIZES = ("out_features", "out_channels", "groups")  # what they cost is counted when the layer is made, and called
ONLY_IN_INIT = "layers are made in `__init__`: only there are their parameters found"
HARMLESS = ("inplace",)  # it changes memory, and no number


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a layer; `kind` and its arguments for the shape rule: None of a container or a class."""

    make: Make
    kind: Kind | None = None
    given: Mapping[str, Any] | None = None

    def rule(self, shape: tuple[int, ...]) -> LayerRule | None:
        """Compute what the layer does to one example of this shape; Misfit where it cannot."""
        if self.kind is None or self.given is None or self.kind.branches:
            return None
        rule = self.kind.rule(shape, self.given)
        last = shape[-1] if shape else None
        if self.given.get("features", last) != last:
            raise Misfit(f"features = {self.given['features']}", str(last))
        return rule


@dataclass(slots=True)
class Origins:
    """The origins of all layers of a module, and how often each place of the text was read."""

    text: str
    of: dict[nn.Module, Origin] = field(default_factory=dict)
    in_sequence: set[nn.Module] = field(default_factory=set)  # directly inside of an nn.Sequential
    times: Counter[Span] = field(default_factory=Counter)

    def guard(self) -> None:
        """Charges every layer before it computes, from now on."""
        for layer, origin in self.of.items():
            if origin.kind is not None:
                layer.register_forward_pre_hook(self.charge)

    def charge(self, layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        """Before a layer computes: whether its input fits, and whether the budget of the pass allows its output."""
        calls, origin = running.get(), self.of[layer]
        if calls is None or origin.kind is None or origin.given is None:
            return
        if origin.kind.takes_indices:
            _check_indices(inputs[0], origin.given["num_embeddings"])
        several = inputs if isinstance(layer, nn.MultiheadAttention) else inputs[:1]
        longest = max(several, key=Tensor.numel)
        batch, *shape = longest.shape if longest.dim() > 1 else (1, *longest.shape)
        try:
            rule = origin.rule(tuple(shape))
        except Misfit as misfit:
            call = calls.applied[1] if calls.applied is not None and calls.applied[0] is layer else None
            repair = self.repair(layer, misfit, call)
            message = f"{origin.kind.name} expects {misfit.expected}, and got {misfit.got}"
            hint = repair.label if repair is not None else "the sizes of a layer are those of what comes in"
            raise PlaygroundError(message, hint=hint, repair=repair) from None
        assert rule is not None
        calls.count_steps(rule.steps)
        elements, work = batch * math.prod(rule.shape), 2 * batch * rule.multiplications
        given = origin.given  # a convolution unfolds its windows
        unfolded = given.get("in_channels" if origin.kind.name == "ConvTranspose2d" else "out_channels")
        scratch = rule.multiplications // unfolded if unfolded else 0
        heads = given.get("num_heads", given.get("nhead"))
        scratch += batch * (rule.kept + (heads * shape[0] ** 2 if heads else 0))  # each head has T·T weights
        calls.budget.charge(Cost(elements, work + elements, len(rule.shape) + 1, scratch))

    def check(self, origin: Origin) -> None:
        """Refuse arguments that have another content here, and those that PyTorch's constructor would refuse without a
        repair."""
        assert origin.kind is not None and origin.given is not None
        for name, content, reason in origin.kind.fixed:
            if origin.given.get(name, constructor_arguments(origin.kind)[name].default) != content:
                wanted, text = f"{name}={content}", self._set(origin, name, str(content))
                repair = None if text is None else Repair(f"write {wanted}", text)
                raise PlaygroundError(f"{origin.kind.name} has {wanted} here", hint=reason, repair=repair)
        try:
            check_arguments(origin.given)
        except Misfit as misfit:
            name, content = misfit.mends[0].set[0]
            text = self._set(origin, name, content_text(content))
            message = f"{origin.kind.name} expects {misfit.expected}, and got {misfit.got}"
            repair = None if text is None else Repair(misfit.mends[0].label, text)
            raise PlaygroundError(message, hint=misfit.mends[0].label, repair=repair) from None

    def repair(self, layer: nn.Module, misfit: Misfit, call: Apply | None) -> Repair | None:
        """The first mend of a shape rule that can be written into the text."""
        for mend in misfit.mends:
            text = self._mended(layer, mend, misfit, call)
            if text is not None:
                return Repair(mend.label, text)
        return None

    def _mended(self, layer: nn.Module, mend: Mend, misfit: Misfit, call: Apply | None) -> str | None:
        origin = self.of[layer]
        if mend.insert is not None:
            return self._inserted(layer, mend.insert, call)
        if self.times[origin.make.span] > 1:  # a number that is right here would be wrong elsewhere
            return None
        if mend.take:
            place = origin.make.name_span
            written = place.of(self.text)
            return self.text[: place.end].removesuffix(written.split(".")[-1]) + mend.take + self.text[place.end :]
        if mend.unpin:
            return self._set(origin, mend.unpin, misfit.got)
        if len(mend.set) == 1 and mend.set[0][0] != "dims":
            return self._set(origin, mend.set[0][0], content_text(mend.set[0][1]))
        return None

    def _inserted(self, layer: nn.Module, new: LayerSpec, call: Apply | None) -> str | None:
        sizes = ", ".join(map(str, dict(new.args).get("shape", ())))  # type: ignore[arg-type]  # of a Reshape
        if call is not None and len(call.inputs) == 1 and new.kind in ("Flatten", "Reshape"):
            place = call.inputs[0].span
            written = place.of(self.text)
            if not isinstance(call.inputs[0], Name | Attribute | Call | Index | Apply):
                written = f"({written})"
            mended = f"{written}.flatten(1)" if new.kind == "Flatten" else f"{written}.reshape(-1, {sizes})"
            return self.text[: place.start] + mended + self.text[place.end :]
        if layer in self.in_sequence and new.kind in ("Flatten", "Reshape"):
            start = self.of[layer].make.span.start
            return f"{self.text[:start]}nn.{new.kind}({sizes}), {self.text[start:]}"
        return None

    def _set(self, origin: Origin, name: str, content: str) -> str | None:
        make = origin.make
        assert origin.kind is not None
        if any(isinstance(argument.value, Spread) for argument in make.arguments):
            return None
        names = list(constructor_arguments(origin.kind))
        for place, argument in enumerate(make.arguments):
            if (argument.name or (names[place] if place < len(names) else "")) == name:
                span = argument.value.span
                return self.text[: span.start] + content + self.text[span.end :]
        end = make.span.end - 1
        comma = ", " if make.arguments else ""
        return f"{self.text[:end]}{comma}{name}={content}{self.text[end:]}"


def constructed(kind: Kind, given: Mapping[str, Any]) -> nn.Module:
    """PyTorch's layer with these arguments."""
    build = kind.original or kind.build
    return build(*given.get("shape", ()), **{name: value for name, value in given.items() if name != "shape"})


def is_passing(kind: Kind) -> bool:
    """Tell whether `forward` may make such a layer for one call, `nn.ReLU()(x)`: there is nothing to learn or draw."""
    return kind.parameters == "0" and not kind.branches and not issubclass(kind.build, SeededDropout)


def passing_layer(node: Make, positional: list[Value], named: dict[str, Value], text: str) -> nn.Module:
    """A layer for one call, charged as others are; PlaygroundError without a place."""
    kind = None if node.is_pasted else of_class(node.name)
    if kind is None or not is_passing(kind):
        raise PlaygroundError(ONLY_IN_INIT, hint="write self.layer = ... in __init__, and self.layer(x) here")
    given = arguments(kind, positional, named)
    origins, origin = Origins(text), Origin(node, kind, rule_arguments(kind, given))
    origins.check(origin)
    layer = constructed(kind, given)
    origins.of[layer] = origin
    origins.guard()
    return layer


def _check_indices(x: Tensor, rows: int) -> None:
    """Refuse what names no row: a device that is asked for one does not recover."""
    hint = "for instance torch.arange(x.shape[1])"
    if x.dtype not in (torch.int64, torch.int32):
        raise PlaygroundError(f"Embedding takes whole numbers, and got {str(x.dtype)[6:]}", hint=hint)
    with torch._C.DisableTorchFunction():  # it is no call of the user's
        outside = bool(((x < 0) | (x >= rows)).any())
    if outside:
        raise PlaygroundError(f"Embedding has rows 0 to {rows - 1}, and got others", hint=hint)


def arguments(kind: Kind, positional: list[Value], named: dict[str, Value]) -> dict[str, Any]:
    """The arguments of a constructor by name, each checked; PlaygroundError without a place."""
    signature, fixed = constructor_arguments(kind), [one.name for one in kind.fixed]
    names = list(signature)
    allowed = [n for n in names if n in (*IN_SIZES, *HARMLESS, *fixed, "dim") or kind.argument(n) is not None]
    hint = f"{kind.name}({', '.join(allowed)})"
    if kind.argument("shape") is not None:
        positional = [tuple(positional)]
    if len(positional) > len(names):
        raise PlaygroundError(f"{kind.name} takes {len(names)} arguments", hint=hint)
    given = dict(zip(names, positional, strict=False))
    for name in named:
        if name in given:
            raise PlaygroundError(f"{name} is given twice", hint=hint)
    given |= named
    for name, value in given.items():
        argument = kind.argument(name)
        if name not in allowed:
            raise PlaygroundError(f"{kind.name} has no argument {name} here", hint=hint)
        if argument is not None and name in OUT_SIZES:
            argument = replace(argument, maximum=LARGEST)
        problem = problem_of(argument, value) if argument is not None else _size_problem(name, value)
        if problem and name not in fixed:
            raise PlaygroundError(f"{name} of {kind.name} is {problem}", hint=hint)
    for name in allowed:
        if name not in given and (signature[name].default is inspect.Parameter.empty or name == "dim"):
            raise PlaygroundError(f"{kind.name} needs {name}", hint=hint)
    return given


def _size_problem(name: str, value: Value) -> str:
    """Say what is wrong with an in-size or an axis, '' if nothing is."""
    if name in HARMLESS:
        return "" if isinstance(value, bool) else f"True or False, not {what(value)}"
    if name == "dim":
        return "" if type(value) is int and -8 <= value < 8 else f"an axis, for instance 1, not {what(value)}"
    sizes = value if isinstance(value, tuple) and name == "normalized_shape" and 0 < len(value) <= 3 else (value,)
    good = all(type(size) is int and 1 <= size <= LARGEST for size in sizes)
    return "" if good else f"a whole number from 1 to {LARGEST:,}"


def rule_arguments(kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the shape rule of this kind wants: every argument, and the in-sizes."""
    shape = given.get("normalized_shape")
    dims = {} if shape is None else {"dims": len(shape) if isinstance(shape, tuple) else 1}
    return {argument.name: argument.default for argument in kind.arguments} | dict(given) | dims
