"""`Document`: a typed text, its leaves and its settings; links, presets and the page hold one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from playground.document_settings import SettingsDocument, setting
from playground.errors import PlaygroundError
from playground.language.evaluate.interpreter import interpret
from playground.language.evaluate.leaves import Leaf, is_range
from playground.language.limits import LIMITS, spell
from playground.language.repairs import tried
from playground.language.run import run_program
from playground.language.syntax.program import Program, parse
from playground.language.syntax.scan import normalise
from playground.recorder.overwritten import Overwritten
from playground.texts import whole_characters
from playground.trace.trace import Trace

Graph = Literal["forward", "backward", "both"]
Mode = Literal["reverse", "forward"]
NEW_LEAF = "1.0"  # the value of a name that has just been typed
_TEXT = f"a text of at most {LIMITS.text_length:,} characters"
LONGEST_NAME = 1_000  # characters of a leaf's name


@dataclass(frozen=True, slots=True)
class Document(SettingsDocument):
    """Frozen and hashable. `leaves` may hold names that the text does not use now: they come back when it does."""

    text: str = setting("", "the expression", longest=LIMITS.text_length, words=_TEXT)
    leaves: tuple[Leaf, ...] = ()
    graph: Graph = setting("forward", "which graph is drawn", choices=("forward", "backward", "both"))
    mode: Mode = setting("reverse", "how derivatives are taken", choices=("reverse", "forward"))
    tangent: str | None = setting(None, "forward mode: the leaf that moves; none: all of them")
    second: str | None = setting(None, "the leaf whose gradient is differentiated again")
    passes: int = setting(1, "how often `backward()` is called", least=1, most=3)
    rng_seed: int = setting(0, "the seed of random calls in the text", most=2**31 - 1, words="0 and 2^31")
    zero_grad: bool = setting(False, "clear gradients between the passes")

    def program(self) -> Program:
        """The parsed text. Raises PlaygroundError."""
        return parse(self.text)

    def leaf(self, name: str) -> Leaf:
        """The leaf of this name; a new one if it was never given a value."""
        return next((leaf for leaf in self.leaves if leaf.name == name), Leaf(name, NEW_LEAF))

    def used_leaves(self) -> tuple[Leaf, ...]:
        """Return one leaf per free name of the text, in order of first use. Raises PlaygroundError.

        Where the text itself says the value, that is what the leaf holds.
        """
        return tuple(Leaf.stated(free) or self.leaf(free.name) for free in self.program().free_names)

    def run(self) -> Trace:
        """The trace of this document. Raises PlaygroundError, with a repair that makes the text run or without one."""
        try:
            return self._run()
        except PlaygroundError as error:
            refused = error  # outside of `except` its repair is tried: nothing there is an error within an error
        if refused.text != normalise(self.text):
            raise refused
        # of what was changed in place only the backward pass tells whether it is mended
        raise tried(refused, self._recorded if isinstance(refused, Overwritten) else self._evaluate)

    def _evaluate(self, program: Program) -> None:
        """Run another text over the leaves of this one."""
        leaves = [Leaf.stated(free) or self.leaf(free.name) for free in program.free_names]
        interpret(program, {leaf.name: leaf.tensor(self.rng_seed) for leaf in leaves}, self.rng_seed)

    def _recorded(self, program: Program) -> Trace:
        """Record another text over the leaves of this one."""
        return replace(self, text=program.text)._run()

    def _run(self) -> Trace:
        program = self.program()
        leaves = {leaf.name: leaf for leaf in self.used_leaves()}
        if self.second is not None and self.second not in leaves:
            raise PlaygroundError(f"`{self.second}` is not a leaf of this text", hint="choose one of its free names")
        reverse = self.mode == "reverse"
        return run_program(
            program,
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
    def from_fields(cls, given: Mapping[str, Any]) -> Document:
        """A document from untrusted plain data (a preset, a browser's edit); PlaygroundError names a bad field."""
        leaves = given.get("leaves") or {}
        if not isinstance(leaves, Mapping):
            raise PlaygroundError("`leaves` must map names to values")
        if len(leaves) > LIMITS.nodes:
            raise PlaygroundError(f"{len(leaves)} leaves", hint=f"no text has more than {LIMITS.nodes} names")
        table = cls.settings()
        said = {
            name: content for name, content in given.items() if name in table and (content or not table[name].choices)
        }
        checked = {name: cls.checked(name, said[name]) for name in table if name in said}
        return cls(leaves=tuple(_leaf(str(name), one) for name, one in leaves.items()), **checked)

    @classmethod
    def refusal(cls, name: str, content: Any) -> PlaygroundError:
        """The error for what a setting cannot hold."""
        wanted = cls.settings()[name]
        if isinstance(content, str) and len(content) > wanted.longest:
            return _too_long(name, content, wanted.longest)
        if type(wanted.default) is int:
            within = wanted.words or f"{wanted.least} and {wanted.most}"
            return PlaygroundError(f"{name}: {str(content)[:40]!r} is not between {within}")
        if wanted.choices:
            return PlaygroundError(f"{name}: {str(content)[:40]!r} is unknown", hint=f"allowed: {wanted.allowed}")
        return _unreadable(name, content, bool if isinstance(wanted.default, bool) else str)


def _leaf(name: str, given: Any) -> Leaf:
    name = _checked("the name of a leaf", name, str)
    if not isinstance(given, Mapping):
        return Leaf(name, _checked(f"leaf {name}", given, str, LIMITS.text_length))
    return Leaf(
        name,
        _checked(f"leaf {name}", given.get("value", NEW_LEAF), str, LIMITS.text_length),
        _checked(f"dtype of {name}", given.get("dtype", "float32"), str),
        _checked(f"requires_grad of {name}", given.get("requires_grad", True), bool),
        _slider_range(name, given.get("slider_range")),
    )


def _slider_range(name: str, given: Any) -> tuple[float, float] | None:
    match given:
        case None:
            return None
        case [int() | float() as low, int() | float() as high] if is_range(low, high):
            return float(low), float(high)
    raise PlaygroundError(f"range of {name}: {str(given)[:40]!r} cannot be read", hint="two numbers, the smaller first")


def _checked(name: str, content: Any, kind: type, longest: int = LONGEST_NAME) -> Any:
    if type(content) is not kind:
        raise _unreadable(name, content, kind)
    if isinstance(content, str):
        if len(content) > longest:
            raise _too_long(name, content, longest)
        return whole_characters(content)
    return content


def _too_long(name: str, content: str, longest: int) -> PlaygroundError:
    return PlaygroundError(f"{name}: {spell(len(content))} characters", hint=f"the limit is {spell(longest)}")


def _unreadable(name: str, content: Any, kind: type) -> PlaygroundError:
    return PlaygroundError(f"{name}: {str(content)[:40]!r} cannot be read", hint=f"a {kind.__name__} is expected")
