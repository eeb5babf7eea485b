"""Hand over the net that is shown, with its settings, from the layers page to the train page."""

from __future__ import annotations

import streamlit as st

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.lessons.runs import RUNS
from playground.training.config import TrainConfig
from playground.ui.shared.link_format import VERSION

HANDED_OVER = "train-handed-over"
PAGE = "pages/train.py"


def train_this(document: StackDocument) -> None:
    """Go to the train page with a stack and its settings; the address says the same, so that it can be shared."""
    try:
        config = from_stack(document)
    except PlaygroundError as error:
        st.error(f"{error.message}. {error.hint}")
        return
    st.session_state[HANDED_OVER] = config
    st.switch_page(PAGE, query_params=[("v", VERSION), *config.link_parts().items()])


def from_stack(document: StackDocument) -> TrainConfig:
    """The settings with which the train page takes over what the layers page shows: those of the lecture's own run
    where it says the same of everything that the layers page says, for it knows of epochs and normalised data, too.

    >>> from_stack(StackDocument(optimizer="SGD with momentum", batch=32)).changed()
    {'text': 'Flatten Linear(10)', 'momentum': 0.9, 'batch': 32}
    """
    has_momentum = document.optimizer == "SGD with momentum"
    typed = {
        "text": document.text,
        "data": document.trains_on,
        "loss": document.loss,
        "optimizer": "SGD" if has_momentum else document.optimizer,
        "learning_rate": document.learning_rate,
        "momentum": 0.9 if has_momentum else 0.0,
        "batch": document.batch,
        "rng_seed": document.rng_seed,
    }
    config = TrainConfig().with_settings(typed)[0]
    examples = (preset.document for preset in RUNS.presets)
    return next((one for one in examples if all(getattr(one, name) == getattr(config, name) for name in typed)), config)


def handed_over() -> TrainConfig | None:
    """Take what another page has handed over, once."""
    config: TrainConfig | None = st.session_state.pop(HANDED_OVER, None)
    return config
