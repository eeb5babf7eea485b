"""Save a learner as bytes, and restore it: safetensors for every tensor, JSON for the rest; nothing is unpickled."""

from __future__ import annotations

import json
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from playground.errors import PlaygroundError
from playground.training.learner import Learner

_FORMAT = "playground-checkpoint-1"


def checkpoint(learner: Learner) -> bytes:
    """Return what decides the learner's next step: weights, optimizer, schedule, order, dropout, place in the run."""
    tensors = {f"model.{name}": tensor for name, tensor in learner.model.state_dict().items()}
    settings: dict[str, dict[str, Any]] = {}
    state = learner.optimizer.state_dict()
    for number, memory in state["state"].items():
        for key, content in memory.items():
            if isinstance(content, Tensor):
                tensors[f"optimizer.{number}.{key}"] = content
            else:
                settings.setdefault(str(number), {})[key] = content
    tensors["order"] = learner.epoch_began_with
    if learner.dropout is not None:
        tensors["dropout"] = learner.dropout.get_state()
    rest = {
        "format": _FORMAT,
        "step": learner.step,
        "steps": learner.steps,
        "seconds": learner.seconds,
        "rate_set": learner.rate_set,
        "epochs_added": learner.epochs_added,
        "optimizer": settings,
        "groups": [{key: group[key] for key in group if key != "params"} for group in state["param_groups"]],
        "schedule": None if learner.schedule is None else _plain(learner.schedule.state_dict()),
    }
    kept = {name: tensor.detach().cpu().clone().contiguous() for name, tensor in tensors.items()}
    return save(kept, metadata={"playground": json.dumps(rest)})


def restore(learner: Learner, content: bytes) -> None:
    """Put a fresh learner of the same settings where the checkpoint was taken. PlaygroundError: it does not fit."""
    try:
        rest = json.loads(metadata(content)["playground"])
        if rest["format"] != _FORMAT:
            raise KeyError(rest["format"])
        tensors = load(content)
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "optimizer": {}}
        for name, tensor in tensors.items():
            part, _, key = name.partition(".")
            if part in parts:
                parts[part][key] = tensor
        learner.model.load_state_dict(parts["model"])
        _restore_optimizer(learner, parts["optimizer"], rest)
        if learner.schedule is not None:
            learner.schedule.load_state_dict(rest["schedule"])
        learner.generator.set_state(tensors["order"])
        learner.epoch_began_with = tensors["order"]
        if learner.dropout is not None:
            learner.dropout.set_state(tensors["dropout"])
        learner.step, learner.steps, learner.seconds = int(rest["step"]), int(rest["steps"]), float(rest["seconds"])
        learner.rate_set, learner.epochs_added = rest["rate_set"], int(rest["epochs_added"])
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise PlaygroundError(
            "the checkpoint is damaged or belongs to another net", hint="start the run again from its first step"
        ) from error
    between = learner.step % learner.steps_per_epoch == 0 and learner.step > 0
    if between and learner.config.shuffle:  # the order of the epoch that ended has been drawn already
        torch.randperm(len(learner.train_set.labels), generator=learner.generator)


def _restore_optimizer(learner: Learner, tensors: dict[str, Tensor], rest: dict[str, Any]) -> None:
    memories: dict[int, dict[str, Any]] = {int(number): dict(kept) for number, kept in rest["optimizer"].items()}
    for name, tensor in sorted(tensors.items()):  # safetensors gives them in another order in each process
        number, _, key = name.partition(".")
        memories.setdefault(int(number), {})[key] = tensor
    state = learner.optimizer.state_dict()
    groups = [
        {**kept, "params": group["params"]} for group, kept in zip(state["param_groups"], rest["groups"], strict=True)
    ]
    for group, fresh in zip(groups, state["param_groups"], strict=True):  # JSON has no tuples
        group.update({key: tuple(group[key]) for key, content in fresh.items() if isinstance(content, tuple)})
    learner.optimizer.load_state_dict({"state": memories, "param_groups": groups})


def _plain(state: dict[str, Any]) -> dict[str, Any]:
    """Keep what JSON can hold of a schedule's state; its functions come back with a fresh one."""
    return {key: content for key, content in state.items() if isinstance(content, int | float | str | list | None)}


def metadata(content: bytes) -> dict[str, str]:
    """The texts in the head of a safetensors file.

    Layout: 8 bytes of length, little-endian, then JSON (https://huggingface.co/docs/safetensors).
    """
    length = int.from_bytes(content[:8], "little")
    if length > len(content) - 8:
        raise ValueError("cut short")
    texts: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return texts


def weights(learner: Learner) -> bytes:
    """The net's parameters and buffers as a safetensors file, by PyTorch's names."""
    return save(
        {name: tensor.detach().cpu().clone().contiguous() for name, tensor in learner.model.state_dict().items()}
    )
