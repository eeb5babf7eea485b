"""Record the next training step of a learner, which stays as it is (`freeze`); train on to a later step (`advance`)."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from time import perf_counter

import torch
from torch import Tensor, nn

from playground.computing.device import using
from playground.data.dataset import Data, Examples
from playground.errors import PlaygroundError
from playground.layers.catalogue.losses import loss_of
from playground.layers.net.net import net_of
from playground.layers.run.record_batch import Recorded, Stepper, record_batch
from playground.training.learner import Learner
from playground.training.loop import train
from playground.training.model import dropout_generator, model_of
from playground.training.optimizers import optimizer_of

MOST_STEPS, MOST_SECONDS = 500, 5.0  # of training before a later step is frozen: somebody waits for it


@dataclass(frozen=True, slots=True)
class Frozen:
    """One step of a run as the layers page has it. `recorded.loss` is that of the run where `examples` is `batch`."""

    recorded: Recorded
    step: int  # counted from 1
    epoch: float  # at its beginning
    examples: int  # of the batch that are shown: the first
    batch: int  # examples of the batch
    notes: tuple[str, ...]  # what is not as in the run, and what happens between the gradient and the optimizer


def freeze(learner: Learner) -> Frozen:
    """Record what the learner does next: forward pass, backward pass and the optimizer's step with all its memory.

    It may be fresh, restored from a checkpoint, or between two records of `train`; what it does afterwards is the same
    to the last bit. Of a batch that is larger than can be shown the first examples are taken. Raises PlaygroundError
    where even one example is too much.
    """
    x, labels = next_batch(learner)
    batch = len(labels)
    stated = net_of(learner.document)
    examples = stated.most_examples(batch)
    x, labels = x[:examples], labels[:examples]
    config, state = learner.config, learner.model.state_dict()
    place = None if learner.dropout is None else learner.dropout.get_state()

    def fresh() -> nn.Module:
        net = model_of(config, tuple(x.shape[1:]), len(learner.classes)).to(learner.device)
        net.load_state_dict(state)
        generator = dropout_generator(net)
        if generator is not None and place is not None:
            generator.set_state(place)
        return net

    def build(parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
        optimizer = optimizer_of(config, parameters)
        optimizer.load_state_dict(copy.deepcopy(learner.optimizer.state_dict()))
        return clipping(optimizer, config.clip) if config.clip else optimizer

    with using(learner.device):
        recorded = record_batch(
            fresh,
            loss_of(config.loss),
            x,
            labels,
            learner.outputs,
            Stepper(config.optimizer, learner.learning_rate, build),
            rows=stated.rows,
            text=stated.source_text,
        )
    notes = [] if examples == batch else [f"The first {examples:,} of the batch's {batch:,} examples."]
    norm = gradient_norm(recorded)
    if config.clip and norm > config.clip:
        notes.append(f"The gradient's norm of {norm:.4g} is clipped to {config.clip:g} before the optimizer's step.")
    return Frozen(recorded, learner.step + 1, learner.epoch, examples, batch, tuple(notes))


def steps_ahead(learner: Learner) -> range:
    """The steps that can be frozen from here: all up to the next record, and a few hundred in any case."""
    return range(learner.step + 1, learner.step + 1 + max(MOST_STEPS, learner.record_every))


def advance(learner: Learner, step: int) -> None:
    """Train on until `step` is the next, to the last bit as the run will; a learner that stands there stays as it is.

    Raises PlaygroundError where that takes too long, and where the loss is no longer finite; the learner is then
    somewhere on the way.
    """
    begin, deadline = learner.step, perf_counter() + MOST_SECONDS

    def in_time(*_: object) -> None:
        if perf_counter() > deadline:
            near = begin + 1 + (learner.step - begin) // 2  # so that it is reached on a busier machine, too
            raise PlaygroundError(
                f"step {step:,} is too far: {MOST_SECONDS:g} seconds of training reach step {learner.step:,}",
                hint=f"open step {near:,} first, and go on from there",
            )

    data = Data("", learner.train_set, learner.test_set, learner.classes)
    steps = learner.steps
    learner.steps = step - 1
    learner.test_set = Examples(data.test.x[:1], data.test.labels[:1])  # nobody reads what a test would tell
    hook = learner.model.register_forward_pre_hook(in_time)
    try:
        for _ in train(learner.config, data, learner=learner):
            pass
    finally:
        hook.remove()
        learner.steps, learner.test_set = steps, data.test


def next_batch(learner: Learner) -> tuple[Tensor, Tensor]:
    """The examples (N, *) and labels (N,) of the learner's next step, without drawing from its generator."""
    x, labels, size = learner.train_set.x, learner.train_set.labels, learner.config.batch
    start = learner.step % learner.steps_per_epoch * size
    if not learner.config.shuffle:
        return x[start : start + size], labels[start : start + size]
    generator = torch.Generator()
    if start and _has_drawn(learner):
        generator.set_state(learner.epoch_began_with)
    else:
        generator.set_state(learner.generator.get_state())
    order = torch.randperm(len(labels), generator=generator)
    chosen = order[start : start + size].to(learner.device)
    return x[chosen], labels[chosen]


def _has_drawn(learner: Learner) -> bool:
    """Tell whether the order of this begun epoch is drawn already; a restored learner will draw it later."""
    began = learner.epoch_began_with
    first = torch.Generator().manual_seed(learner.config.rng_seed)
    if learner.step >= learner.steps_per_epoch and torch.equal(began, first.get_state()):
        return False  # it says nothing of this epoch: that is how a learner is made
    first.set_state(began)
    torch.randperm(len(learner.train_set.labels), generator=first)
    return torch.equal(first.get_state(), learner.generator.get_state())


def clipping(optimizer: torch.optim.Optimizer, most: float) -> torch.optim.Optimizer:
    """The optimizer, which clips the norm of the gradient before each step; copies of it do so too."""
    kind = type(optimizer)

    def step(self: torch.optim.Optimizer) -> None:
        parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        nn.utils.clip_grad_norm_(parameters, most)
        kind.step(self)

    optimizer.__class__ = type(kind.__name__, (kind,), {"step": step})
    return optimizer


def gradient_norm(recorded: Recorded) -> float:
    """The norm of all parameters' gradients together, before clipping."""
    adjoints = [value.adjoint for value in recorded.trace.values if value.kind == "parameter"]
    return math.hypot(*(adjoint.statistics.norm or 0.0 for adjoint in adjoints if adjoint is not None))
