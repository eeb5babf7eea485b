"""`Document`: typed text, its leaves, and how to run it; what a link, a preset and the page hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from playground.errors import PlaygroundError
from playground.language.evaluate.leaves import Leaf
from playground.language.run import run
from playground.language.syntax.program import Program, parse
from playground.trace.trace import Trace

Graph = Literal["forward", "backward", "both"]
Mode = Literal["reverse", "forward"]
GRAPHS: tuple[Graph, ...] = ("forward", "backward", "both")
MODES: tuple[Mode, ...] = ("reverse", "forward")
MOST_PASSES = 3
NEW_LEAF = "1.0"  # the value of a name that has just been typed


@dataclass(frozen=True, slots=True)
class Document:
    """Frozen and hashable. `leaves` may hold names that the text does not use now: they come back when it does."""

    text: str
    leaves: tuple[Leaf, ...] = ()
    graph: Graph = "forward"
    mode: Mode = "reverse"
    tangent: str | None = None  # forward mode: the leaf that moves; None: all of them
    second: str | None = None  # the leaf whose gradient is differentiated again
    passes: int = 1  # how often `backward()` is called
    zero_grad: bool = False  # clear gradients between the passes
    rng_seed: int = 0  # for random calls in the text

    def program(self) -> Program:
        """The parsed text. Raises PlaygroundError."""
        return parse(self.text)

    def leaf(self, name: str) -> Leaf:
        """The leaf of this name; a new one if it was never given a value."""
        return next((leaf for leaf in self.leaves if leaf.name == name), Leaf(name, NEW_LEAF))

    def used_leaves(self) -> tuple[Leaf, ...]:
        """One leaf per free name of the text, in order of first use. Raises PlaygroundError."""
        return tuple(self.leaf(free.name) for free in self.program().free_names)

    def run(self) -> Trace:
        """The trace of this document. Raises PlaygroundError."""
        leaves = {leaf.name: leaf for leaf in self.used_leaves()}
        if self.second is not None and self.second not in leaves:
            raise PlaygroundError(f"`{self.second}` is not a leaf of this text", hint="choose one of its free names")
        reverse = self.mode == "reverse"
        return run(
            self.text,
            leaves,
            rng_seed=self.rng_seed,
            passes=self.passes if reverse else 1,
            zero_grad=self.zero_grad,
            tangent=dict.fromkeys(self.moving(), 1.0) or None,
            second=self.second if reverse else None,
        )

    def moving(self) -> tuple[str, ...]:
        """Forward mode: the leaves that get a tangent of ones; none in reverse mode. Raises PlaygroundError."""
        if self.mode == "reverse":
            return ()
        real = [leaf.name for leaf in self.used_leaves() if leaf.dtype.startswith(("float", "bfloat"))]
        return (self.tangent,) if self.tangent in real else tuple(real)

    def with_leaves(self, leaves: Mapping[str, Leaf]) -> Document:
        """The same with some leaves replaced or added."""
        kept = {leaf.name: leaf for leaf in self.leaves} | dict(leaves)
        return replace(self, leaves=tuple(kept.values()))

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Document:
        """A document from untrusted plain data (a preset, a browser's edit); PlaygroundError names a bad field."""
        leaves = fields.get("leaves") or {}
        if not isinstance(leaves, Mapping):
            raise PlaygroundError("`leaves` must map names to values")
        return cls(
            text=_checked("text", fields.get("text", ""), str),
            leaves=tuple(_leaf(str(name), given) for name, given in leaves.items()),
            graph=_choice("graph", fields.get("graph") or "forward", GRAPHS),
            mode=_choice("mode", fields.get("mode") or "reverse", MODES),
            tangent=_checked("tangent", fields.get("tangent"), str, None),
            second=_checked("second", fields.get("second"), str, None),
            passes=_passes(fields.get("passes", 1)),
            zero_grad=_checked("zero_grad", fields.get("zero_grad", False), bool),
            rng_seed=_rng_seed(fields.get("rng_seed", 0)),
        )


def _leaf(name: str, given: Any) -> Leaf:
    if not isinstance(given, Mapping):
        return Leaf(name, _checked(f"leaf {name}", given, str))
    return Leaf(
        name,
        _checked(f"leaf {name}", given.get("value", NEW_LEAF), str),
        _checked(f"dtype of {name}", given.get("dtype", "float32"), str),
        _checked(f"requires_grad of {name}", given.get("requires_grad", True), bool),
    )


def _checked(name: str, content: Any, kind: type, *allowed: Any) -> Any:
    if content in allowed or type(content) is kind:
        return content
    raise PlaygroundError(f"{name}: {str(content)[:40]!r} cannot be read", hint=f"a {kind.__name__} is expected")


def _choice(name: str, content: Any, allowed: tuple[Any, ...]) -> Any:
    if content in allowed:
        return content
    raise PlaygroundError(f"{name}: {str(content)[:40]!r} is unknown", hint=f"allowed: {', '.join(allowed)}")


def _passes(content: Any) -> int:
    if isinstance(content, int) and 1 <= content <= MOST_PASSES:
        return int(content)
    raise PlaygroundError(f"passes: {str(content)[:40]!r} is not between 1 and {MOST_PASSES}")


def _rng_seed(content: Any) -> int:
    if isinstance(content, int) and 0 <= content < 2**31:
        return int(content)
    raise PlaygroundError(f"rng_seed: {str(content)[:40]!r} is not between 0 and 2^31")
