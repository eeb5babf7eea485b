"""Files as MNIST's are published: packed, and unpacked for torchvision to find them."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


def write_idx(folder: Path, count: int, *, unpacked: bool = False) -> tuple[Tensor, Tensor]:
    """Write training pictures and labels into `folder`/MNIST/raw; return them, uint8."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    labels = (np.arange(count) * 7 % 10).astype(np.uint8)
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        for name, content in (("images-idx3", pixels), ("labels-idx1", labels)):
            head = struct.pack(f">BBBB{content.ndim}I", 0, 0, 8, content.ndim, *content.shape)
            (raw / f"{part}-{name}-ubyte.gz").write_bytes(gzip.compress(head + content.tobytes(), 1))
            if unpacked:
                (raw / f"{part}-{name}-ubyte").write_bytes(head + content.tobytes())
    return torch.from_numpy(pixels), torch.from_numpy(labels)
