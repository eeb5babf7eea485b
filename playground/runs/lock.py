"""One host for one database and machine: a lock on a file, which ends with the process that holds it."""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

from platformdirs import user_cache_path


class HostLock:
    """The lock of a database's host (flock(2)). A fork has to `close` its copy, or the lock would outlive the host."""

    def __init__(self, url: str) -> None:
        name = hashlib.blake2b(url.encode(), digest_size=8).hexdigest()
        self.path: Path = user_cache_path("playground", ensure_exists=True) / f"host-{name}.lock"
        self._file: int | None = None

    def acquire(self) -> bool:
        """Tell whether the lock is ours now."""
        opened = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(opened)
            return False
        self._file = opened
        return True

    def close(self) -> None:
        """Let go of it in this process."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def is_held(self) -> bool:
        """Tell whether a host lives."""
        if self.acquire():
            self.close()
            return False
        return True
