"""Exported scripts, each in a process of its own of a Python that has loaded PyTorch, and nothing of the playground.

Loading PyTorch takes seconds, a script of ours a tenth of one: so one Python loads it, and is forked for each script.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

# -W error: what PyTorch warns of in a script is a fault of the script. A script that imports the playground fails.
PARENT = """
import json, os, runpy, sys, traceback, warnings
import torch
weight = torch.nn.Parameter(torch.ones(1))
torch.optim.Adam([weight])  # the first optimizer loads what every child would load again
del weight
import safetensors.torch, sklearn.datasets  # what scripts of runs load
sys.modules["playground"] = None
warnings.simplefilter("error")
for line in sys.stdin:
    folder, script, output = json.loads(line)
    child = os.fork()
    if child == 0:
        status = 1
        os.chdir(folder)
        written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(written, 1)
        os.dup2(written, 2)
        sys.argv = [script]
        sys.path.insert(0, folder)
        try:
            runpy.run_path(script, run_name="__main__")
            status = 0
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@cache
def _parent(process: int) -> subprocess.Popen[str]:
    """The one that is forked, of this process: another one's pipes are not ours."""
    named = {key: content for key, content in os.environ.items() if not key.startswith(("PYTHON", "PLAYGROUND"))}
    one_thread = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}  # as the tests
    command = [sys.executable, "-I", "-W", "error", "-c", PARENT]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    parent = subprocess.Popen(command, text=True, env=named | one_thread, **pipes)
    atexit.register(parent.kill)
    return parent


def output_of(code: str, folder: Path) -> str:
    """What the script prints; it fails where the script does."""
    script, output = folder / "run.py", folder / "run.txt"
    script.write_text(code, encoding="utf-8")
    parent = _parent(os.getpid())
    assert parent.stdin is not None and parent.stdout is not None
    print(json.dumps([str(folder), str(script), str(output)]), file=parent.stdin, flush=True)
    status = parent.stdout.readline()
    told = output.read_text(encoding="utf-8")
    assert status == "0\n", told[-2000:]
    return told
