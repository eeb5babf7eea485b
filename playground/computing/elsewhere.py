"""Jobs on the host's device, in a process that has been forked for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch

from playground.computing.device import CPU, awake, is_accelerator, no_room, using
from playground.computing.messages import Message
from playground.computing.worker import Job, Jobs, lacks_memory
from playground.errors import PlaygroundError


def on_the_device(jobs: Mapping[str, Job]) -> Jobs:
    """The jobs, done on the host's device, which wakes now.

    The drivers of accelerators reserve addresses for all that they may ever need: a limit on addresses would refuse
    them everything, and is not set there.
    """
    device = awake()
    return Jobs({name: partial(_done, job, device) for name, job in jobs.items()}, not is_accelerator(device))


def _done(job: Job, device: torch.device, given: Message) -> Message:
    """The answer to a job; from the CPU, with a word, where the device has not enough memory."""
    try:
        with using(device):
            return job(given)
    except (PlaygroundError, RuntimeError) as error:
        said = f"{error} {error.__cause__}"
        if device == CPU or not lacks_memory(said):
            raise
    with using(CPU, no_room(said)):
        return job(given)
