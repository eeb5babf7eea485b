"""The one store and engine of this process: pages ask them; runs themselves live in processes of their own."""

from __future__ import annotations

import streamlit as st

from playground.runs.engine import LocalEngine
from playground.runs.store import Store
from playground.runs.tables import database_url


def engine() -> LocalEngine:
    """The engine of the database that is configured; its host is started with the first page that asks, so that it is
    warm when somebody wants to train. PlaygroundError where the database refuses."""
    return _engine(database_url())


@st.cache_resource(show_spinner=False)
def _engine(url: str) -> LocalEngine:
    made = LocalEngine(Store(url))
    made.ensure()
    return made


__all__ = ["engine"]
