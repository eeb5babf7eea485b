"""The benchmark of training: that both sides do the same work."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from benchmarks import training
from benchmarks.training import Case, Times, bare, cases, times_table, verdicts
from playground.training.examples import data_of
from playground.training.learner import Learner
from playground.training.loop import train
from playground.training.model import model_of


@pytest.mark.parametrize("case", cases(600), ids=lambda case: case.name)
def test_the_bare_loop_ends_with_the_weights_of_the_app(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(case.config, data="digits", epochs=2)
    built: list[nn.Module] = []

    def kept(*given: Any) -> nn.Module:
        built.append(model_of(*given))
        return built[-1]

    monkeypatch.setattr(training, "model_of", kept)
    bare(config)(config)
    learner = Learner(config, data_of(config))
    list(train(config, data_of(config), learner=learner))
    for ours, theirs in zip(learner.model.parameters(), built[0].parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_ratio_is_the_median_over_the_rounds() -> None:
    case = cases()[0]
    rows = {"app, class": [1.0, 2.0, 3.0], "bare, class": [1.0, 1.0, 2.0]}
    rows |= {"app, one person": [1.0, 1.0, 1.0], "bare, one person": [1.0, 1.0, 2.0]}
    rows |= {side: [9.0, 20.0] for side in training.TUTORIALS}
    times = Times(case, rows)
    assert times.ratio("app, class", "bare, class") == 1.5
    assert times_table([times])[2] == "| app, class | 2.00 s (1.50×) |"
    assert times_table([times])[4] == "| app, one person | 1.00 s (1.00×) |"
    assert times_table([times])[-1] == "| tutorial, num_workers=2 | 14.50 s (14.50×) |"  # of its rounds
    found = verdicts([times], 0.5)
    assert [met for met, _ in found] == [True, False, True, True, True, True, True]
    assert "class: 1.500× the bare loop (at most 1.10; half of the rounds 1.25 to 1.75)" in found[1][1]
    assert "one person: 14.5× faster" in found[-1][1]


@pytest.mark.slow  # that a host takes the number of threads: tests/notebook/test_train.py
def test_a_host_of_one_person_gives_a_run_all_cores() -> None:
    with training.app("one person", "digits") as engine, training.awake(engine):
        run = training.ended(engine, engine.submit(replace(cases(100)[0].config, data="digits", epochs=1)))
        assert run.threads == training.CORES
    assert "PLAYGROUND_RUNS_AT_ONCE" not in os.environ
