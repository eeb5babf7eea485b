"""What `streamlit run` serves: `streamlit_app.py`, in a document that has the pages' styles from its first paint on."""

import streamlit as st
from starlette.middleware import Middleware

from playground.ui.start.first_paint import FirstPaint

app = st.App("streamlit_app.py", middleware=[Middleware(FirstPaint)])
