"""Download a file once, for all sessions that wait for it: resumed where it broke off, checked by its MD5."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from playground.errors import PlaygroundError

Progress = Callable[[str, int, int], None]  # name of the file, bytes so far, bytes in all (0: not known)

TIMEOUT = 20.0  # seconds without a byte
BLOCK = 1 << 18  # bytes between two reports
LARGEST = 1 << 30  # bytes; no data set of ours comes near it
POLL = 0.2  # seconds between two polls of what another session has fetched so far


class _ConnectionBrokenError(Exception):
    """The connection ended before the file did, or brought something else."""


def md5_of(path: Path) -> str:
    """The MD5 of a file, in hexadecimal: the checksum that torchvision knows each file by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def fetch(urls: Sequence[str], target: Path, md5: str, on_progress: Progress | None = None) -> None:
    """Download the file with this MD5 to `target`, from the first of `urls` (mirrors of one another) that has it.

    Half a file is kept beside it as `.part`, for the next call to go on from. Sessions that want the same file, in
    this process or another, wait for the one that is fetching it, and see its progress. Raises PlaygroundError, with
    nothing at `target`, when no address has the file, and OSError when it cannot be written. `on_progress` may raise,
    to stop it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    lock = FileLock(target.with_name(target.name + ".lock"))
    while not lock.is_locked:
        try:
            lock.acquire(timeout=POLL)
        except Timeout:
            if on_progress:
                on_progress(target.name, _size(part), 0)
    try:
        if not target.exists():  # else another session has fetched it while we waited
            _fetch_from_any(urls, part, target.name, md5, on_progress)
            part.replace(target)
    finally:
        lock.release()


def _fetch_from_any(urls: Sequence[str], part: Path, name: str, md5: str, on_progress: Progress | None) -> None:
    reasons = []
    for url in urls:
        was_begun = part.exists()
        reason = _fetch_from(url, part, name, md5, on_progress)
        if reason and was_begun and not part.exists():  # it was the beginning of another file: once more, from 0
            reason = _fetch_from(url, part, name, md5, on_progress)
        if not reason:
            return
        reasons.append(f"{url}: {reason}")
    hint = "Is there a network? What has arrived is kept: the next try goes on from there."
    raise PlaygroundError(f"{name} could not be downloaded. {'; '.join(reasons)}.", hint=hint)


def _fetch_from(url: str, part: Path, name: str, md5: str, on_progress: Progress | None) -> str:
    """Downloads to the end, over as many connections as bring something new. Returns "", or why it failed."""
    most = _size(part)
    failures = 0
    while failures < 2:
        try:
            _one_connection(url, part, name, on_progress)
            break
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                return f"the server answers {error.code} {error.reason}"
            break  # nothing comes after what we hold: it is the whole file, or another one
        except (_ConnectionBrokenError, OSError, http.client.HTTPException) as error:
            reason = _why(error)
        if _size(part) > LARGEST:
            part.unlink()
            return reason
        failures = 0 if _size(part) > most else failures + 1
        most = max(most, _size(part))
    else:
        return reason
    found = md5_of(part)
    if found == md5:
        return ""
    size = _size(part)
    part.unlink()
    return f"it sent another file ({size:,} bytes, MD5 {found} instead of {md5})"


def _one_connection(url: str, part: Path, name: str, on_progress: Progress | None) -> None:
    offset = _size(part)
    request = urllib.request.Request(url, headers={"User-Agent": "playground", "Accept-Encoding": "identity"})
    if offset:
        request.add_header("Range", f"bytes={offset}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
        if response.status != http.client.PARTIAL_CONTENT:
            offset = 0  # the server knows no ranges, and sends the whole file
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            raise _ConnectionBrokenError("the server sent another range than was asked for")
        length = response.headers.get("Content-Length", "")
        total = offset + int(length) if length.isdigit() else 0
        done = _append(response, part, offset, lambda done: on_progress(name, done, total) if on_progress else None)
    if total and done < total:
        raise _ConnectionBrokenError(f"the connection broke after {done:,} of {total:,} bytes")


def _append(response: Any, part: Path, offset: int, on_bytes: Callable[[int], None]) -> int:
    """Writes what is sent from `offset` on, at once, so that nothing is lost when it stops. Returns the new size."""
    done = reported = offset
    on_bytes(done)
    with _open(part, offset) as file:
        while block := response.read1(BLOCK):
            _write(file, block)
            done += len(block)
            if done > LARGEST:
                raise _ConnectionBrokenError(f"the file is larger than {LARGEST:,} bytes")
            if done - reported >= BLOCK:
                on_bytes(done)
                reported = done
    on_bytes(done)
    return done


def _open(part: Path, offset: int) -> Any:
    try:
        return part.open("ab" if offset else "wb", buffering=0)
    except OSError as error:
        raise _disk_error(part, error) from error


def _write(file: Any, block: bytes) -> None:
    view = memoryview(block)
    while view:
        try:
            view = view[file.write(view) :]
        except OSError as error:
            raise _disk_error(Path(file.name), error) from error


def _disk_error(part: Path, error: OSError) -> PlaygroundError:
    """Our own disk's fault, told apart from the network's, which raises OSError too."""
    hint = "Is the disk full? PLAYGROUND_DATA may name a folder on another one."
    return PlaygroundError(f"{part} cannot be written: {error.strerror or error}", hint=hint)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _why(error: BaseException) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"nothing arrived for {TIMEOUT:g} seconds"
    return str(cause) or type(cause).__name__
