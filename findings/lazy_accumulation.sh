#!/usr/bin/env bash
# On PyTorch's `lazy` device a second backward pass of a sum adds its gradient as often as there are elements.
#
# A surprise against: `.grad` of a leaf after k passes of `x.sum().backward()` is k, on every device.
# Version: torch 2.14.1, CPU build.
# Expected: 1, 2, 3, 4 for each element, whatever the number of elements; or an error.
# Seen: 1, 1 + n, 1 + 2n, ... for n elements, without a warning. The gradient of a sum is one number, expanded to the leaf's
# shape. The CPU copies it before it becomes `.grad`, for its strides show that it overlaps itself; a tensor of `lazy` has
# no such strides, the expanded view becomes `.grad`, and the next pass adds in place to it: the sum of what is added goes
# to the one number behind it. The same without autograd: an expanded 1, to which [10, 10, 10] is added in place, is 31.
# A gradient that is computed (of x * 1, of a mean) is added as it should be.
#
# Output seen:
#   torch 2.14.1, cpu:  x.sum() of 5, four passes: [1.0, 2.0, 3.0, 4.0]
#   torch 2.14.1, lazy: x.sum() of 1, four passes: [1.0, 2.0, 3.0, 4.0]
#   torch 2.14.1, lazy: x.sum() of 2, four passes: [1.0, 3.0, 5.0, 7.0]
#   torch 2.14.1, lazy: x.sum() of 5, four passes: [1.0, 6.0, 11.0, 16.0]
#   torch 2.14.1, lazy: x.mean() of 5, four passes: [0.2, 0.4, 0.6, 0.8]
#   an expanded 1, to which 10 is added in place: [31.0, 31.0, 31.0] on lazy, refused on cpu
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1
"$dir/venv/bin/python" -I -W ignore - <<'END'
import torch
import torch._lazy.ts_backend

torch._lazy.ts_backend.init()
version = torch.__version__.split("+")[0]


def after_each_pass(device, count, function):
    x = torch.ones(count, device=device, requires_grad=True)
    seen = []
    for _ in range(4):
        function(x).backward()
        (one,) = set(x.grad.tolist())
        seen.append(round(one, 4))
    return seen


for device, count, name in (("cpu", 5, "sum"), ("lazy", 1, "sum"), ("lazy", 2, "sum"), ("lazy", 5, "sum"), ("lazy", 5, "mean")):
    seen = after_each_pass(device, count, getattr(torch, name))
    print(f"torch {version}, {device + ':':5} x.{name}() of {count}, four passes: {seen}")
    step = 1 / count if name == "mean" else count if device == "lazy" else 1
    first = 1 / count if name == "mean" else 1
    assert seen == [round(first + step * passed, 4) for passed in range(4)], "changed: how gradients are added up"

expanded = torch.ones(1, device="lazy").expand(3)
expanded += torch.full((3,), 10.0, device="lazy")
try:
    torch.ones(1).expand(3).add_(10.0)
    raise SystemExit("changed: the CPU adds in place to an expanded tensor")
except RuntimeError:
    print(f"an expanded 1, to which 10 is added in place: {expanded.tolist()} on lazy, refused on cpu")
assert expanded.tolist() == [31.0] * 3, "changed: adding in place to an expanded tensor"
END
