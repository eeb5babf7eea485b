"""The second device of PyTorch's ordinary build, `lazy`: a tensor that was left on the CPU is refused beside one of it.

What its own views cannot do is in findings/lazy_device.sh.
"""

from __future__ import annotations

import torch
import torch._lazy.ts_backend

torch._lazy.ts_backend.init()

LAZY = torch.device("lazy")
