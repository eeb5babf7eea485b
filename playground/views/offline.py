"""A page in one file that works from a disk with no network; its style, data and script are compressed in it."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from html import escape

from playground.frontend import FRONTEND
from playground.frontend.bundle import bundle, plain, read

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
</head>
<body>
<main></main>
<script type="text/plain" id="style">{style}</script>
<script type="text/plain" id="script">{script}</script>
<script type="text/plain" id="data">{data}</script>
<script type="module">{start}</script>
</body>
</html>
"""

_STYLE = """
html { color-scheme: light dark; }
body { margin: 0; background: #ffffff; }
@media (prefers-color-scheme: dark) { body { background: #11131a; } }
"""


_DATA = 'const data = JSON.parse(document.getElementById("data").textContent);\n'


def one_file(title: str, data: object, *, entry: str, mount: str, styles: Sequence[str], library: str = "") -> str:
    """The page that `mount` makes of `data`, with the module `entry` and all that it imports; files of the frontend.

    All but a few lines of it is compressed. Its policy allows its own two scripts, by their hashes, and no other.
    """
    start = plain(read(FRONTEND / "stepper/unpack.js"))
    script = library + plain(bundle(FRONTEND, entry)) + _DATA + mount
    policy = (
        f"default-src 'none'; script-src {_source(start)} {_source(script)}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=escape(title),
        style=_packed("".join(plain(read(FRONTEND / style)) for style in styles) + _STYLE),
        script=_packed(script),
        data=_packed(json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))),
        start=start,
    )


def _packed(text: str) -> str:
    """A text as `unpack.js` reads it: deflated, in digits of which HTML makes nothing else."""
    return base64.b85encode(zlib.compress(text.encode(), 9)).translate(bytes.maketrans(b"<>&`", b".:,[")).decode()


def _source(script: str) -> str:
    """Write what allows a script in a policy, and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
