"""What `streamlit run` serves: `streamlit_app.py`, with its styles from the first paint on, and direct answers."""

import streamlit as st
from starlette.middleware import Middleware

from playground.ui.start.direct_route import direct_route
from playground.ui.start.first_paint import FirstPaint
from playground.ui.start.served_files import ServedFiles

app = st.App("streamlit_app.py", routes=[direct_route()], middleware=[Middleware(FirstPaint), Middleware(ServedFiles)])
