"""The router: page config and navigation, nothing else."""

from pathlib import Path

import streamlit as st

ICON = Path(__file__).parent / "playground" / "ui" / "icon.svg"

st.set_page_config(page_title="Back-propagation playground", page_icon=ICON, layout="wide")
PAGES = [
    st.Page("pages/expressions.py", title="Expressions", default=True),
    st.Page("pages/layers.py", title="Layers", url_path="layers"),
    st.Page("pages/train.py", title="Train", url_path="train"),
]
st.navigation(PAGES, position="hidden" if st.context.is_embedded else "top").run()  # embedded, a page stands alone
