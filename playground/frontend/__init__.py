"""What runs in the browser; Streamlit serves it, and the offline page holds a part of it."""

from pathlib import Path

FRONTEND = Path(__file__).parent
