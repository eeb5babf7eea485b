"""The code that knows Streamlit, a folder for each page."""
