"""`run(text, leaves) -> Trace`: parse a text, make its leaves, record it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

from playground.computing.device import AUTO, brought, device_of, placed, using
from playground.errors import PlaygroundError, Span
from playground.language.bounds.bound import tensors_in
from playground.language.evaluate.interpreter import Interpreter, interpret
from playground.language.evaluate.leaves import Leaf
from playground.language.evaluate.torch_errors import explained_result, mended
from playground.language.function import Value
from playground.language.functions.table import CONSTANTS
from playground.language.repairs import tried
from playground.language.syntax.left_out import told
from playground.language.syntax.program import Program, parse
from playground.language.syntax.scan import normalise
from playground.language.syntax.walk import calls
from playground.recorder.overwritten import Overwritten
from playground.recorder.record import record
from playground.trace.records import Note
from playground.trace.trace import Trace

Given = bool | int | float | Sequence[Value] | Tensor | str | Leaf
NOT_DERIVABLE = re.compile(r"derivative for (?:aten::)?'?(?P<name>\w+?)(?:_backward)?'? is not implemented")
MOST_PASSES = 100
MOST_SEED = 2**63
SYMBOLS = {"floor_divide": "//", "remainder": "%", "fmod": "%"}


def run(
    text: str,
    leaves: Mapping[str, Given] | None = None,
    *,
    rng_seed: int = 0,
    passes: int = 1,
    zero_grad: bool = False,
    tangent: Mapping[str, Any] | None = None,
    second: str | None = None,
    default: str | None = None,
    device: str = AUTO,
) -> Trace:
    """Record a text with these values for its free names; `default` is the value of those that are not given.

    `device`: auto (`PLAYGROUND_DEVICE`, else the fastest that is there), cpu, cuda, cuda:1 or mps. The other arguments
    are those of `playground.trace.record`. Raises PlaygroundError with the text and the place.

    >>> trace = run("f = log(x1) + x1*x2 - sin(x2)", {"x1": 2.0, "x2": 5.0})
    >>> trace["x1"].adjoint.item()
    5.5
    """

    def recorded(program: Program) -> Trace:
        return run_program(
            program,
            leaves,
            rng_seed=rng_seed,
            passes=passes,
            zero_grad=zero_grad,
            tangent=tangent,
            second=second,
            default=default,
        )

    with using(device_of(device)):
        try:
            return recorded(parse(text))
        except PlaygroundError as error:
            refused = error
        if not isinstance(text, str) or refused.text != normalise(text):
            raise refused
        if isinstance(refused, Overwritten):  # only the backward pass tells whether it is mended
            raise tried(refused, recorded)
        raise tried(refused, lambda program: _evaluate(program, leaves or {}, rng_seed, default or "1.0"))


def _evaluate(program: Program, leaves: Mapping[str, Given], rng_seed: int, default: str) -> None:
    interpret(program, make_leaves(program, leaves, rng_seed, default), rng_seed)


def run_program(
    program: Program,
    leaves: Mapping[str, Given] | None = None,
    *,
    rng_seed: int = 0,
    passes: int = 1,
    zero_grad: bool = False,
    tangent: Mapping[str, Any] | None = None,
    second: str | None = None,
    default: str | None = None,
) -> Trace:
    """`run` for a text that was parsed before."""
    _check_arguments(program, leaves or {}, tangent or {}, second, passes, rng_seed)
    made = make_leaves(program, leaves or {}, rng_seed, default)
    tensors = {name: brought(tensor) for name, tensor in made.items()}
    said = [Note("left_out", sentence) for sentence in told(program.text, program.left_out)]
    said += [Note("name", sentence) for sentence in program.on_names]
    try:
        with placed():
            return record(
                as_function(program, rng_seed, passes=passes, second=second is not None),
                *tensors.values(),
                names=tuple(tensors),
                text=program.text,
                spans={free.name: free.spans[0] for free in program.free_names},
                passes=passes,
                zero_grad=zero_grad,
                tangent=tangent,
                second=second,
                notes=said,
            )
    except Overwritten as error:
        raise (mended(error) if error.span is not None else _placed(program, error)) from None
    except PlaygroundError as error:
        if error.text is not None and error.span is not None:
            raise
        raise _placed(program, error) from error


def _check_arguments(
    program: Program, leaves: object, tangent: object, second: object, passes: object, rng_seed: object
) -> None:
    """PlaygroundError for what no run can be asked for; none of it is looked at by PyTorch before."""
    names = [free.name for free in program.free_names]
    if not isinstance(leaves, Mapping) or not isinstance(tangent, Mapping):
        raise PlaygroundError("leaves and tangents stand by name", hint='for example {"x": 2.0}')
    for name in (*tangent, *([] if second is None else [second])):
        if name not in names:
            raise PlaygroundError(
                f"`{str(name)[:40]}` is not a leaf of this text",
                hint=f"choose one of its free names: {', '.join(names)}" if names else "it has no free names",
            )
    if type(passes) is not int or not 0 <= passes <= MOST_PASSES:
        raise PlaygroundError(f"{str(passes)[:40]} passes", hint=f"a whole number from 0 to {MOST_PASSES}")
    if type(rng_seed) is not int or not 0 <= rng_seed < MOST_SEED:
        raise PlaygroundError(f"the seed {str(rng_seed)[:40]}", hint="a whole number from 0, below 2^63")


def as_function(
    program: Program, rng_seed: int = 0, *, passes: int = 1, second: bool = False
) -> Callable[..., Tensor | tuple[Tensor, ...]]:
    """The program as a plain function of its leaves, in the order of `free_names`.

    The passes that are to follow are charged with it: PlaygroundError where they would take too long.
    """
    names = [free.name for free in program.free_names]

    def function(*tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
        interpreter = Interpreter(program, dict(zip(names, tensors, strict=True)), rng_seed)
        result = interpreter.result()
        if passes or second:
            try:
                interpreter.calls.budget.charge_passes(tensors_in(result), passes, again=second)
            except RuntimeError as error:  # of a view whose memory was changed since
                raise explained_result(error) from error
        return result

    return function


def make_leaves(
    program: Program, leaves: Mapping[str, Given], rng_seed: int = 0, default: str | None = None
) -> dict[str, Tensor]:
    """A new tensor for each free name; PlaygroundError at the first that has no value."""
    for name in leaves:
        if name in CONSTANTS and re.search(rf"\b{name}\b", program.text):
            raise PlaygroundError(
                f"`{name}` is a constant of the language", hint="give the value another name", text=program.text
            )
    made: dict[str, Tensor] = {}
    for free in program.free_names:
        given = leaves.get(free.name, Leaf.stated(free) or default)
        if given is None:
            raise PlaygroundError(
                f"`{free.name}` has no value",
                span=free.spans[0],
                hint=f"give it one: {free.name}=2.0",
                text=program.text,
            )
        if isinstance(given, Tensor):
            made[free.name] = given.detach().clone().requires_grad_(given.requires_grad)
        else:
            made[free.name] = Leaf.of(free.name, given).tensor(rng_seed)
    return made


def _placed(program: Program, error: PlaygroundError) -> PlaygroundError:
    """An error of the backward pass, at the call that it comes from."""
    span, message, hint = program.statements[-1].span, error.message, error.hint
    found = NOT_DERIVABLE.search(f"{error.message} {error.__cause__}")
    if found is not None:
        name = found.group("name")
        span = _place_of(program, name) or span
        message = f"PyTorch has no derivative for `{SYMBOLS.get(name, name)}` here"
        hint = "take .detach() of its result, or switch off requires_grad"
    return PlaygroundError(message, span=span, hint=hint, repair=error.repair, text=program.text)


def _place_of(program: Program, name: str) -> Span | None:
    symbol = SYMBOLS.get(name)
    return next((span for called, span in calls(program.statements) if called in (name, symbol)), None)
