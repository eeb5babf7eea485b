"""What every test may use: how hard Hypothesis tries, one thread for PyTorch, and the folder of the data sets."""

from __future__ import annotations

import ctypes
import gc
import os
from pathlib import Path

import psutil
import pytest
import torch
from hypothesis import HealthCheck, settings

os.environ.setdefault("PLAYGROUND_RUNS_IDLE", "60")  # seconds: no host outlives the tests for long
os.environ.setdefault("PLAYGROUND_COMPUTING_PROCESSES", "0")  # a test that wants them starts its own
os.environ.setdefault("PLAYGROUND_RUNS_THREADS", "1")  # as these tests, whatever machine they run on
torch.set_num_threads(1)  # the tests run side by side, and sums come out in one order

# The same examples on every run where CI is set, so that a red run says something about the change.
settings.register_profile(
    "default", max_examples=50, deadline=None, print_blob=True, derandomize=bool(os.environ.get("CI"))
)
settings.register_profile(
    "slow", max_examples=1_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "default")


def pytest_collection_finish() -> None:
    """What was collected stays: looking through it for garbage again and again took a twelfth of the time of all."""
    from playground.computing.garbage import settle  # after the environment is set

    settle()


MUCH = 2 * 1024**3  # bytes
HELD = pytest.StashKey[int]()  # bytes, after memory was given back last


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Memory goes back: glibc keeps what large tensors of many sizes leave free, 5 GB after one test of `lazy`.

    To look for it takes a second of such a process, so it is done when much has been added.
    """
    process, stash = psutil.Process(), item.config.stash
    if process.memory_info().rss > stash.get(HELD, 0) + MUCH:
        gc.collect()
        if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
            trim(0)
        stash[HELD] = process.memory_info().rss


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of the data sets (it holds MNIST/raw), named by PLAYGROUND_DATA."""
    named = os.environ.get("PLAYGROUND_DATA")
    if not named:
        pytest.skip("PLAYGROUND_DATA is not set: name the folder that holds MNIST/raw to run this test")
    folder = Path(named)
    if not (folder / "MNIST" / "raw").is_dir():
        pytest.skip(f"PLAYGROUND_DATA={named} holds no MNIST/raw")
    return folder
