"""Install PyTorch's build for the CPU where there is no NVIDIA device: a tenth of the size of the ordinary one.

    python scripts/pytorch.py

Its own index has that build. Where it does not answer within 3 s, or has not what requirements.txt wants, nothing is
installed here, and `pip install -r requirements.txt` takes the ordinary build. What is done is said, and why.
`PYTORCH_CPU_INDEX` names another index; empty: the ordinary build in any case.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

INDEX = "https://download.pytorch.org/whl/cpu"
WITHIN = 3.0  # seconds
SIGNS = ("proc/driver/nvidia/version", "dev/nvidia0", "usr/lib/wsl/lib/libcuda.so.1")
PACKAGES = ("torch", "torchvision")
_REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"


def has_nvidia(root: Path = Path("/")) -> bool:
    """Tell whether a device of NVIDIA is there: its driver, its program, or what Windows' Linux shows of them."""
    if any((root / place).exists() for place in SIGNS):
        return True
    program = shutil.which("nvidia-smi", path=None if root == Path("/") else str(root / "usr/bin"))
    if program is None:
        return False
    return subprocess.run([program, "-L"], capture_output=True, check=False).stdout.startswith(b"GPU")


def why_not(index: str, within: float = WITHIN) -> str:
    """Why the index cannot be used; '' where it answers in time with PyTorch in it."""
    found: list[str] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(f"{index}/torch/", timeout=2 * within) as page:
                listed = b"torch-" in page.read(1 << 20)
            found.append("" if listed else f"{index} does not list torch")
        except (OSError, ValueError, urllib.error.URLError) as error:
            found.append(f"{index} does not answer ({getattr(error, 'reason', error)})")

    asking = threading.Thread(target=ask, daemon=True)  # a socket's own limit counts each part of an answer anew
    asking.start()
    asking.join(within)
    return found[0] if found else f"{index} does not answer within {within:g} s"


def wanted(requirements: Path = _REQUIREMENTS) -> list[str]:
    """The lines of `requirements.txt` for PyTorch."""
    lines = [line.partition("#")[0].strip() for line in requirements.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line.startswith(tuple(f"{name}>" for name in PACKAGES))]


def main() -> None:
    """Decide, say so, and install."""
    index = os.environ.get("PYTORCH_CPU_INDEX", INDEX).rstrip("/")
    if importlib.util.find_spec("torch") is not None or not sys.platform.startswith(("linux", "win")):
        return  # it is there, or its ordinary build is small
    reason = "an NVIDIA device is here" if has_nvidia() else why_not(index) if index else "PYTORCH_CPU_INDEX is empty"
    if not reason:
        _say(f"no NVIDIA device is here: PyTorch's build for the CPU, from {index}")
        command = [sys.executable, "-m", "pip", "install", "--index-url", index, *wanted()]
        if subprocess.run(command, check=False).returncode == 0:
            return
        reason = f"{index} has not what is wanted"
    _say(f"PyTorch's ordinary build, with CUDA: {reason}")


def _say(what: str) -> None:
    print(f"==> {what}", file=sys.stderr)


if __name__ == "__main__":
    main()
