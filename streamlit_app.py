"""The router: page config and navigation, nothing else."""

import streamlit as st

from playground.ui.warm import warm

st.set_page_config(page_title="Back-propagation playground", layout="wide")
warm()
st.navigation([st.Page("pages/expressions.py", title="Expressions", default=True)], position="top").run()
