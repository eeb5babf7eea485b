"""The router: page config and navigation, nothing else."""

from pathlib import Path

import streamlit as st

ICON = Path(__file__).parent / "playground" / "ui" / "icon.svg"

st.set_page_config(page_title="Back-propagation playground", page_icon=ICON, layout="wide")
st.navigation([st.Page("pages/expressions.py", title="Expressions", default=True)], position="top").run()
