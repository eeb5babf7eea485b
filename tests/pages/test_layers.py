"""The layers page as Streamlit runs it, without a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from tests import hostile_links
from tests.sampled import sampled

APP = Path(__file__).parents[2] / "streamlit_app.py"


def opened(query: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=250)
    app.switch_page("pages/layers.py")
    for name, content in parse_qsl(query, keep_blank_values=True):
        app.query_params[name] = content
    return app.run()


@pytest.mark.parametrize("query", sampled(hostile_links.LAYERS, 4))
def test_hostile_links_open_with_rows_or_a_message(query: str) -> None:
    app = opened(query)
    assert not app.exception
    told = [box.value for box in (*app.warning, *app.error)]
    sent = [json.loads(component.proto.json)["frame"] for component in app.get("bidi_component")]
    shown = next(frame for frame in sent if "totals" in frame)
    assert told or shown["error"] or shown["problem"] or shown["totals"]
    assert all("Traceback" not in words and not re.search(r"(?<!\\)<", words) for words in told), "Markdown, escaped"
