"""From another page to the train page, with what is shown there."""

from __future__ import annotations

from urllib.parse import parse_qsl

import streamlit as st

from playground.errors import PlaygroundError
from playground.layers.document import StackDocument
from playground.training.config import TrainConfig
from playground.ui.train.links import from_stack, train_query

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
    st.switch_page(PAGE, query_params=parse_qsl(train_query(config)))


def handed_over() -> TrainConfig | None:
    """What another page has handed over, once."""
    config: TrainConfig | None = st.session_state.pop(HANDED_OVER, None)
    return config


__all__ = ["HANDED_OVER", "handed_over", "train_this"]
