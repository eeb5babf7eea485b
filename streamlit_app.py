"""The router: page config and navigation, nothing else."""

import streamlit as st

st.set_page_config(page_title="Back-propagation playground", layout="wide")
st.navigation([st.Page("pages/expressions.py", title="Expressions", default=True)], position="top").run()
