"""What stands below the layers as they are typed: a net that a run would refuse is refused there, in the same words."""

from __future__ import annotations

import pytest

from playground.errors import PlaygroundError
from playground.training import size
from playground.training.config import TrainConfig
from playground.training.limits import TrainingLimits
from playground.training.model import model_of
from playground.ui.train import net_check as train_check
from playground.ui.train.net_check import check

PASTED = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(784, 10)

    def forward(self, x):
        return self.out(x.flatten(1))
"""


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    train_check._check.cache_clear()


@pytest.mark.parametrize("text", ["Flatten Linear(10)", PASTED], ids=["stack", "class"])
@pytest.mark.parametrize(
    "limits", [TrainingLimits(outputs=20_000), TrainingLimits(parameters=7_000)], ids=["outputs", "parameters"]
)
def test_what_is_too_large_is_refused_as_it_is_typed(
    monkeypatch: pytest.MonkeyPatch, text: str, limits: TrainingLimits
) -> None:
    assert check(TrainConfig(text, batch=4096))["problem"] is None
    monkeypatch.setattr(size, "LIMITS", limits)
    train_check._check.cache_clear()
    found = check(TrainConfig(text, batch=4096))
    with pytest.raises(PlaygroundError) as refused:
        model_of(TrainConfig(text, batch=4096), (1, 28, 28), 10)
    assert found["problem"]["message"] == refused.value.message and found["problem"]["hint"] == refused.value.hint
    assert len(found["rows"]) > 0 and found["parameters"] == 7850


def test_another_batch_is_looked_at_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "LIMITS", TrainingLimits(outputs=794 * 50))
    text = "Flatten Linear(10)"
    assert check(TrainConfig(text, batch=50))["problem"] is None
    assert "a batch of at most 50" in check(TrainConfig(text, batch=51))["problem"]["hint"]
