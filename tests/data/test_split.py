"""Subsets, folds and normalisation: stratified, seeded, and with the statistics of the training examples alone."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from playground.data.dataset import Data, Examples
from playground.data.split import hold_out, prepare, statistics, stratified_order
from playground.errors import PlaygroundError


def made_up(per_class: tuple[int, ...], *, seed: int = 0) -> Data:
    """Pictures of 2 channels, 3 x 3; `x[i]` is one number of its own, so that examples can be told apart."""
    labels = torch.cat([torch.full((count,), label) for label, count in enumerate(per_class)])
    x = (torch.arange(len(labels)) / len(labels)).view(-1, 1, 1, 1) * torch.ones(1, 2, 3, 3)
    classes = tuple(f"class {label}" for label in range(len(per_class)))
    return hold_out(x, labels, classes, rng_seed=seed)


def identities(examples: Examples) -> list[float]:
    return examples.x[:, 0, 0, 0].tolist()


def counts(labels: Tensor, classes: int) -> list[int]:
    return torch.bincount(labels, minlength=classes).tolist()


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 2**31 - 1), st.data())
def test_every_beginning_of_the_order_keeps_the_proportions(sizes: list[int], seed: int, draw: st.DataObject) -> None:
    labels = torch.cat([torch.full((size,), label) for label, size in enumerate(sizes)])
    order = stratified_order(labels, seed)
    assert sorted(order.tolist()) == list(range(len(labels)))
    taken = draw.draw(st.integers(1, len(labels)))
    for label, size in enumerate(sizes):
        assert abs(int((labels[order[:taken]] == label).sum()) - taken * size / len(labels)) <= len(sizes)
    if len(set(sizes)) == 1:  # equally large classes stay equal but for one
        found = counts(labels[order[:taken]], len(sizes))
        assert max(found) - min(found) <= 1


def test_a_held_out_part_of_each_class() -> None:
    data = made_up((50, 10, 2))
    assert counts(data.test.labels, 3) == [10, 2, 1]
    assert counts(data.train.labels, 3) == [40, 8, 1]
    assert not set(identities(data.train)) & set(identities(data.test))


def test_everything_as_it_is_without_settings() -> None:
    data = made_up((20, 20))
    same = prepare(data)
    assert same.train is data.train and same.test is data.test and same.normalisation is None


def test_subsets_are_seeded_and_a_smaller_one_is_part_of_a_larger() -> None:
    data = made_up((100, 100, 50))
    small, large = (prepare(data, train_size=size, test_size=10, rng_seed=3) for size in (40, 80))
    assert len(small.train) == 40 and len(small.test) == 10
    assert counts(small.train.labels, 3) == [16, 16, 8]
    assert set(identities(small.train)) < set(identities(large.train))
    again, other = (prepare(data, train_size=40, rng_seed=seed) for seed in (3, 4))
    assert identities(again.train) == identities(small.train) != identities(other.train)
    labels = dict(zip(identities(data.train), data.train.labels.tolist(), strict=True))
    assert [labels[one] for one in identities(small.train)] == small.train.labels.tolist()  # each keeps its label


def test_folds_hold_out_every_training_example_once_and_never_the_test_set() -> None:
    data = made_up((50, 25))
    parts = [prepare(data, folds=4, fold=fold, rng_seed=1) for fold in range(4)]
    held_out = [one for part in parts for one in identities(part.test)]
    assert sorted(held_out) == sorted(identities(data.train))
    for part in parts:
        assert not set(identities(part.train)) & set(identities(part.test))
        assert counts(part.test.labels, 2) == [10, 5]
        assert len(part.train) + len(part.test) == len(data.train)
    assert identities(prepare(data, folds=4, fold=2, rng_seed=1).test) == identities(parts[2].test)
    assert identities(prepare(data, folds=4, fold=2, rng_seed=2).test) != identities(parts[2].test)


def test_folds_are_cut_from_the_subset() -> None:
    data = made_up((50, 50))
    part = prepare(data, train_size=20, folds=5, rng_seed=6)
    subset = prepare(data, train_size=20, rng_seed=6)
    assert {*identities(part.train), *identities(part.test)} == set(identities(subset.train))
    assert len(part.test) == 4


def test_normalised_with_the_statistics_of_the_training_examples_of_this_run() -> None:
    data = made_up((60, 60))
    part = prepare(data, folds=3, fold=1, normalise=True, rng_seed=5)
    plain = prepare(data, folds=3, fold=1, rng_seed=5)
    expected_mean = plain.train.x.double().mean((0, 2, 3))
    expected_deviation = plain.train.x.double().std((0, 2, 3), correction=0)
    assert part.normalisation is not None
    mean, deviation = part.normalisation
    torch.testing.assert_close(torch.tensor(mean, dtype=torch.float64), expected_mean)
    torch.testing.assert_close(torch.tensor(deviation, dtype=torch.float64), expected_deviation)
    torch.testing.assert_close(part.train.x.mean((0, 2, 3)), torch.zeros(2), atol=1e-6, rtol=0)
    torch.testing.assert_close(part.test.x, ((plain.test.x - mean[0]) / deviation[0]))
    assert part.train.x.dtype == torch.float32
    assert identities(prepare(data, folds=3, fold=1, rng_seed=5).train) == identities(plain.train)  # nothing written
    twice = prepare(part, normalise=True)  # statistics are taken once
    assert twice.train is part.train and twice.normalisation == part.normalisation


def test_statistics_do_not_depend_on_how_many_are_summed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.rand(37, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    whole = statistics(x)
    monkeypatch.setattr("playground.data.split.CHUNK", 5)
    torch.testing.assert_close(statistics(x), whole)
    torch.testing.assert_close(torch.tensor(whole[1]), x.std((0, 2, 3), correction=0))


def test_a_channel_of_equal_numbers_becomes_zero_and_not_nan() -> None:
    x = torch.full((10, 1, 2, 2), 0.1)
    data = prepare(hold_out(x, torch.arange(10) % 2, ("a", "b")), normalise=True)
    torch.testing.assert_close(data.train.x, torch.zeros_like(data.train.x))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"train_size": 41}, "train_size is 41"),
        ({"test_size": -1}, "test_size is -1"),
        ({"folds": 3, "fold": 3}, "no fold 3"),
        ({"folds": 3, "fold": -1}, "no fold -1"),
        ({"folds": -2}, "-2 folds"),
        ({"folds": 9}, "9 folds, but the class `class 1` has 8 examples"),
    ],
)
def test_what_cannot_be_cut_is_refused_in_words(settings: dict[str, int], words: str) -> None:
    with pytest.raises(PlaygroundError) as caught:
        prepare(made_up((40, 10)), **settings)  # type: ignore[arg-type]
    assert words in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(("sizes", "words"), [((5,), "only the class"), ((5, 1), "`class 1` has 1 example")])
def test_too_little_to_hold_out_from(sizes: tuple[int, ...], words: str) -> None:
    with pytest.raises(PlaygroundError, match=words):
        made_up(sizes)
