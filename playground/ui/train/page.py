"""The train page: settings on the left, runs on the right, which alone are drawn again while one goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from playground.data.uploads.reader import STAND_BY
from playground.data.uploads.store import UploadRow
from playground.lessons.gallery import Preset, PresetGroup
from playground.lessons.runs import RUNS
from playground.training.config import TrainConfig
from playground.ui.shared.boundary import bounded, guarded, plain
from playground.ui.shared.direct import DESK
from playground.ui.shared.hand_over import handed_over
from playground.ui.shared.link_format import FOREIGN, all_params_in
from playground.ui.shared.page import STYLE, page_session
from playground.ui.shared.picture_exports import picture_exports
from playground.ui.shared.popovers import close_examples, examples, gallery
from playground.ui.shared.stepper import last_edit
from playground.ui.train.engine import engine
from playground.ui.train.expected_time import expected, is_loading, steps_said
from playground.ui.train.exports import run_exports
from playground.ui.train.frame_data import RunsFrameData, SetupFrameData
from playground.ui.train.frozen_panel import frozen_part
from playground.ui.train.opening_run import PRESET, opening_run
from playground.ui.train.polling import differs
from playground.ui.train.preview import preview
from playground.ui.train.session import TrainSession
from playground.ui.train.upload import described, is_reading, upload_form

PREVIEW, EXPORT, SETUP, RUNS_SIDE = "run-look", "run-exports", "train-setup", "train-runs"
UPLOAD, UPLOAD_SAID = "run-own", "own-said"
SESSION = "train"
LOADED_EVERY = 1.0  # seconds between two looks at whether nets can be timed: in the first moments of a server
_STYLES = (STYLE, Path(__file__).with_name("page.css"))


@cache
def _component() -> Callable[..., Any]:
    """Mount one component for both sides. Not isolated: in a shadow root Plotly can neither be dragged nor zoomed."""
    return st.components.v2.component(
        "playground.train", js="train/train.js", css="train/train.css", isolate_styles=False
    )


@bounded
def train_page() -> None:
    """The whole page."""
    for style in _STYLES:
        st.html(style)
    session = _session()
    session.look(engine())
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _popovers()
    with st.container():  # always there, so that what follows keeps its place
        if session.problems:
            st.warning("  \n".join(map(plain, session.problems)))
    left, right = st.columns([1, 2.6], gap="medium")
    with left:
        time = st.empty()
        time.caption(_about(steps_said(session.typed.config)))
        mounted(session.setup_frame(), SETUP, _take_setup, _reopen)
    session.every, session.is_page_due = session.interval, False
    with right:
        st.fragment(_runs, run_every=None if DESK.is_open else session.every)()
    frozen_part(lambda: _session().frozen, lambda: _session().close_step(), engine().store)
    time.caption(_about(expected(session.typed.config)))  # last: a net that nobody has timed takes a moment
    if is_loading():
        st.fragment(_say_time, run_every=LOADED_EVERY)()


def _say_time() -> None:
    """Run the page once more as soon as there is a process that can time a net."""
    if not is_loading():
        st.rerun()


def _about(said: str) -> str:
    """What training would take, with its place kept where that cannot be said."""
    return f"Train: {said}" if said else "&nbsp;"


def _popovers() -> None:
    with examples():
        gallery(RUNS, "run", _open, _train_together)
    with st.popover("Look at the data", key=PREVIEW, on_change="rerun"), st.container(key="look"):
        if st.session_state[PREVIEW]:  # it is read when somebody opens it
            preview(_session().typed.config, _session().open)
    with st.popover("Own data", key=UPLOAD, on_change="rerun"):
        if st.session_state[UPLOAD]:
            STAND_BY.start()
        upload_form(st.session_state.get(UPLOAD_SAID, ""), _use_upload, _session().miss_upload)
    _exports()


@st.fragment
@bounded
def _exports() -> None:
    with st.popover("Export", key=EXPORT, on_change="rerun"), st.container(key="exports"):
        if st.session_state[EXPORT]:  # they are read when somebody opens it
            run_exports([followed.run for followed in _session().runs.followed], engine().store)
            if _session().frozen is not None:
                picture_exports("step-pictures")


def mounted(
    frame: SetupFrameData | RunsFrameData,
    key: str,
    on_edit: Callable[[], None],
    on_address: Callable[[], None] = lambda: None,
) -> None:
    """Show a frame; before the page runs again `on_edit` is called when the visitor did something, `on_address` when
    Back or Forward led to something else of this page."""
    _component()(
        data={"frame": frame},
        key=key,
        on_edit_change=guarded(on_edit),
        on_address_change=guarded(on_address),
        width="stretch",
        height="content",
    )


def _session() -> TrainSession:
    session = page_session(SESSION, _restored)
    config = handed_over()
    if config is not None:
        session.open(config)
    return session


def _restored() -> TrainSession:
    params = {name: st.query_params.get_all(name) for name in st.query_params}
    session = TrainSession.opened(params, engine(), PRESET.document)
    if not params.keys() - FOREIGN:  # a link says what it shows, and be it nothing
        session.runs.ids = opening_run(engine())
    return session


@bounded
def _runs() -> None:
    session = _session()
    with session.held:
        session.look(engine())
        is_late = not DESK.is_open and differs(session.every, session.interval)
        frame = None if session.is_page_due or is_late else session.runs_frame(engine())
    if frame is None:
        st.rerun()
    else:
        mounted(frame, RUNS_SIDE, _take_action)


def _take_setup() -> None:
    _session().take_setup(last_edit(SETUP), engine(), is_reading=is_reading())


def _take_action() -> None:
    _session().take_action(last_edit(RUNS_SIDE), engine())


def _reopen() -> None:
    search = last_edit(SETUP, "address").get("search")
    if isinstance(search, str):
        _session().reopen(all_params_in(search), engine(), PRESET.document)


def _open(chosen: Preset[TrainConfig]) -> None:
    _session().open(chosen.document, chosen.title)
    _session().chosen += 1
    close_examples()


def _train_together(chosen: PresetGroup[TrainConfig]) -> None:
    _session().train_together(engine(), [(preset.document, preset.title) for preset in chosen.presets])
    _session().chosen += 1
    close_examples()


def _use_upload(data: UploadRow) -> None:
    _session().choose_upload(data.name, engine())
    st.session_state[UPLOAD_SAID] = described(data)
