"""The last layer and the loss: what comes out has to be what the loss takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import replace

from playground.language.limits import spell
from playground.layers.catalogue.losses import LOSSES
from playground.layers.catalogue.spec import LayerSpec, Stack
from playground.layers.run.checks.check import BATCH_NORMS, SHAPES, SOFTMAXES, Case, Check, Find, Mistake
from playground.layers.stack.analysis import StackRow
from playground.layers.stack.text import layer_text

IDENTITY = {"Identity"}
# LeakyReLU can give every number
BOUNDED = {"ReLU", "ReLU6", "ELU", "SELU", "GELU", "SiLU", "Mish", "Hardswish", "Hardsigmoid", "Hardtanh", "Sigmoid"}
BOUNDED |= {"Tanh", "Softplus"}
INDICATORS = {loss.name for loss in LOSSES if loss.target == "indicators"}


def _outputs(case: Case) -> Iterator[Mistake]:
    output = case.analysis.output
    if output is not None and len(output) == 1 and not case.scored:
        last = case.last(IDENTITY | SOFTMAXES)
        wanted = f"{spell(case.stack.classes)} classes" if case.stack.classes else "one number to predict"
        message = f"{spell(output[0])} outputs for {wanted}"
        yield Mistake(last.path if last else (), message, (_with_scores(case),))


def _no_parameters(case: Case) -> Iterator[Mistake]:
    if case.analysis.output is not None and case.analysis.parameters == 0:
        yield Mistake((), "the stack has no parameters", (_with_scores(case, new=True),))


def _with_scores(case: Case, new: bool = False) -> tuple[str, Stack]:
    """The last Linear with the outputs that are wanted; a new one where the outputs come from another layer."""
    stack, last = case.stack, case.last(IDENTITY | SOFTMAXES)
    classes = stack.wanted
    if last is not None and last.layer.kind == "Linear" and not new:
        return f"set out_features to {classes}", stack.replace(last.path, last.layer.with_arg("out_features", classes))
    place = (last.path[0] + 1,) if last else (0,)
    stack = stack.insert(place, LayerSpec("Linear", (("out_features", classes),)))
    if len(last.gives if last else stack.input_shape) == 1:
        return f"append Linear({classes})", stack
    return f"append Flatten Linear({classes})", stack.insert(place, LayerSpec("Flatten"))


def _ends(kind: str, losses: Set[str], *cures: Callable[[Case, StackRow], tuple[str, Stack]]) -> Find:
    """A row for a last layer that does not suit the loss."""

    def find(case: Case) -> Iterator[Mistake]:
        last = case.ends_with(kind)
        if last is not None and case.stack.loss in losses and case.stack.classes:
            repaired = tuple(cure(case, last) for cure in cures)
            yield Mistake(last.path, f"{kind} before {case.stack.loss}", repaired)

    return find


def _nll(case: Case) -> Iterator[Mistake]:
    stack = case.stack
    if stack.loss != "NLLLoss" or case.analysis.output is None or case.ends_with("LogSoftmax") or not stack.classes:
        return
    log_softmax, probabilities = LayerSpec("LogSoftmax"), case.ends_with("Softmax")
    if probabilities:
        scores = stack.remove(probabilities.path)
        logarithms = "take LogSoftmax", stack.replace(probabilities.path, log_softmax)
    else:
        scores = stack
        logarithms = "append LogSoftmax", stack.insert((len(stack.layers),), log_softmax)
    cross_entropy = "use CrossEntropyLoss", replace(scores, loss="CrossEntropyLoss")
    yield Mistake((), "NLLLoss without LogSoftmax at the end", (logarithms, cross_entropy))


def _bounded_scores(case: Case) -> Iterator[Mistake]:
    last, loss = case.last(SHAPES | SOFTMAXES), case.stack.loss
    if loss not in ("CrossEntropyLoss", "NLLLoss", "BCEWithLogitsLoss") or last is None or not case.scored:
        return
    if last.layer.kind in BOUNDED and (loss, last.layer.kind) != ("BCEWithLogitsLoss", "Sigmoid"):
        yield Mistake(last.path, f"{layer_text(last.layer)} after the scores", (_without(case, last),))


def _scores_through(*kinds: str) -> Find:
    """A row for a layer that belongs between layers and stands after the scores."""

    def find(case: Case) -> Iterator[Mistake]:
        last = case.last(SHAPES | SOFTMAXES)
        if last is not None and case.scored and last.layer.kind in kinds and dict(last.layer.args).get("p") != 0:
            scores = "the scores" if case.stack.classes else "what is predicted"
            yield Mistake(last.path, f"{layer_text(last.layer)} after {scores}", (_without(case, last),))

    return find


def _without(case: Case, row: StackRow) -> tuple[str, Stack]:
    return f"remove {row.layer.kind}", case.stack.remove(row.path)


def _with_nll(case: Case, row: StackRow) -> tuple[str, Stack]:
    return "use NLLLoss", replace(case.stack, loss="NLLLoss")


SCORES: tuple[Check, ...] = (
    Check("outputs", "warning", "L0.9", "Every output stands for a class: those that are none have to be learnt away, "
          "and PyTorch does not complain.", _outputs, "There is one number to compare with: more outputs have none."),
    Check("no-parameters", "warning", "L0.6", "The optimizer moves parameters: here is nothing to learn.",
          _no_parameters),
    Check("softmax-twice", "warning", "L1.5", "CrossEntropyLoss applies a softmax itself, and a softmax of "
          "probabilities is nearly uniform: the loss cannot come near 0.",
          _ends("Softmax", {"CrossEntropyLoss"}, _without)),
    Check("log-softmax-twice", "note", "L1.5", "CrossEntropyLoss applies LogSoftmax itself; a second one changes "
          "nothing, and is computed all the same.", _ends("LogSoftmax", {"CrossEntropyLoss"}, _without, _with_nll)),
    Check("nll", "warning", "L1.1", "NLLLoss only negates the right class's entry: logarithms of probabilities tie it "
          "to the other classes, plain scores do not.", _nll),
    Check("logarithms", "warning", "L0.7", "The target is 1 at the class, and the logarithm of a probability is never "
          "above 0.", _ends("LogSoftmax", INDICATORS, _with_nll)),
    Check("sigmoid-twice", "warning", "L1.5", "BCEWithLogitsLoss applies a sigmoid itself; of numbers between 0 and 1 "
          "it makes probabilities between 0.5 and 0.73.", _ends("Sigmoid", {"BCEWithLogitsLoss"}, _without)),
    Check("bounded-scores", "warning", "L1.5", "A score may have to be any number: what the activation cuts off, the "
          "loss asks for in vain.", _bounded_scores),
    Check("dropout-last", "warning", "L3.7", "While training, scores become 0 at random, the right class's too.",
          _scores_through("Dropout"), "While training, what is predicted becomes 0 at random."),
    Check("norm-last", "warning", "L4.5", "The scores of one example then depend on the others of its batch, and every "
          "class has the same mean score.", _scores_through(*BATCH_NORMS), "What is predicted for one example then "
          "depends on the others of its batch, and has the same mean in every batch."),
)  # fmt: skip
