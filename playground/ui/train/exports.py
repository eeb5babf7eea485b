"""The train page's exports: the files of a run, made when their button is pressed, and links to it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from playground.runs.result import result_of
from playground.runs.run import Run
from playground.runs.store import Store
from playground.ui.shared.boundary import sentence_of
from playground.ui.shared.exports import export_buttons
from playground.ui.train.links import train_query
from playground.ui.train.names import names, run_name
from playground.views.charts.run_exports import RUN_EXPORTS


def run_exports(runs: Sequence[Run], store: Store) -> None:
    """The exports of a run, chosen where several are shown; of one that goes on, what there is by then."""
    if not runs:
        st.caption("Train first: the files are those of a run.")
        return
    run = runs[0]
    if len(runs) > 1:
        called = names(runs)
        labels = {one.id: f"{letter} · {called[one.id]}" for letter, one in zip("ABCDEF", runs, strict=False)}
        chosen = st.selectbox("Run", list(labels), format_func=lambda id: labels[id], key="run-export")
        run = next((one for one in runs if one.id == chosen), run)
    try:
        of_run = f"run-export-{{}}-{run.id}"
        export_buttons(RUN_EXPORTS, lambda: result_of(store, run.id), of_run, lambda _: run_name(run))
    except Exception as error:
        st.error(sentence_of(error))
        return
    _links(run)


def _links(run: Run) -> None:
    page = (st.context.url or "").partition("?")[0]
    st.markdown("**Link to settings**")
    st.code(f"{page}?{train_query(run.config)}", language=None)
    st.markdown("**Link to this run**")
    st.code(f"{page}?run={run.id}", language=None)
    st.caption("Whoever has it can look at the run, and take the weights; only who started it can stop it.")
