"""What an exported page holds, unpacked as its script `unpack.js` does it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any


def packed_text(page: str, id: str) -> str:
    """One of the texts `style`, `script` and `data` of a page."""
    (packed,) = re.findall(rf'<script type="text/plain" id="{id}">([^<>&]*)</script>', page)
    return zlib.decompress(base64.b85decode(packed.encode().translate(bytes.maketrans(b".:,[", b"<>&`")))).decode()


def pictures_in(page: str) -> dict[str, Any]:
    """The three pictures of a page by kind of graph."""
    held = json.loads(packed_text(page, "data"))
    return {kind: changed(held["both"], held[kind]) if kind != "both" else held["both"] for kind in held}


def changed(old: Any, change: Any) -> Any:
    """Plain data as `change` makes it of `old`."""
    if isinstance(change, list):
        return change[0]
    new = dict(enumerate(old)) if isinstance(old, list) else dict(old)
    for key, inner in change.items():
        place = int(key) if isinstance(old, list) else key
        if inner is None:
            del new[place]
        else:
            new[place] = changed(new.get(place), inner)
    return list(new.values()) if isinstance(old, list) else new
