"""The folders of data sets: the one that PLAYGROUND_DATA names, and the cache folder."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """`playground` in the user's cache folder (XDG_CACHE_HOME, else the system's own); it need not exist yet."""
    return user_cache_path("playground")


def data_folders() -> tuple[Path, ...]:
    """The folders to look for files in, in this order; a download goes to the first that can be written to."""
    named = os.environ.get("PLAYGROUND_DATA")
    ours = cache_folder() / "data"
    return (Path(named).expanduser().absolute(), ours) if named else (ours,)


def writable_data_folder() -> Path:
    """The first of `data_folders` that can be written to, made where it is missing. Raises OSError where none can."""
    *others, last = data_folders()
    for folder in others:
        try:
            _try_to_write(folder)
        except OSError:  # a read-only folder of data sets is as good as any to read from
            continue
        return folder
    _try_to_write(last)
    return last


def _try_to_write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if not folder.stat().st_mode & 0o222:  # marked as read-only, which binds the superuser too
        raise PermissionError(errno.EACCES, "read-only", str(folder))
    with tempfile.TemporaryFile(dir=folder):
        pass
