#!/usr/bin/env bash
# PyTorch's ordinary build has a second real device, `lazy`, on which views by split, chunk, unbind and iteration are half on the CPU.
#
# A surprise against: without an accelerator a PyTorch wheel computes on `cpu` alone (and on `meta` nothing).
# Versions: torch 2.13.0; the same on 2.14.1.
# Expected: `device="lazy"` is refused; or, once it is there, `x.device` says where an op on x computes.
# Seen: an import and a call turn the device on. Forward, backward, `.grad` and TorchFunctionMode work on it, and a value of the
# CPU that meets one of it is refused: a test for a forgotten `.to(device)` on any machine. But the parts that `split`, `chunk`,
# `unbind` and a `for` give say `lazy:0` and compute on the CPU, what is computed from them says `cpu`, and their backward pass
# is refused. A slice is right. A tensor of the device has address 0 and a storage of 0 bytes, and yet its numbers.
#
# Output seen:
#   torch 2.13.0: y on lazy:0, its function SumBackward0, x.grad on lazy:0 = [1.6931, 2.6094]
#   a function mode sees: log, mul, sum
#   a cpu tensor beside it: Input tensor is not a lazy tensor: torch.FloatTensor
#   address 0, storage of 0 bytes, numbers [0.0, 1.0, 2.0, 3.0]
#   slice:  part on lazy:0, part + 1 on lazy:0
#   split:  part on lazy:0, part + 1 on cpu
#   chunk:  part on lazy:0, part + 1 on cpu
#   unbind: part on lazy:0, part + 1 on cpu
#   for:    part on lazy:0, part + 1 on cpu
#   backward through split: Function PowBackward0 returned an invalid gradient at index 0 - expected device lazy:0 but got cpu
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0
"$dir/venv/bin/python" -I -W ignore - <<'END'
import torch
import torch._lazy.ts_backend
from torch.overrides import TorchFunctionMode

torch._lazy.ts_backend.init()


def refusal(call):
    try:
        call()
    except RuntimeError as error:
        return str(error).splitlines()[0]
    raise SystemExit("changed: what was refused is not")


class Seen(TorchFunctionMode):
    names = []

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.names.append(function.__name__)
        return function(*args, **(kwargs or {}))


x = torch.tensor([2.0, 5.0], device="lazy", requires_grad=True)
with Seen():
    y = (x.log() * x).sum()
y.backward()
slopes = [round(slope, 4) for slope in x.grad.tolist()]
version = torch.__version__.split("+")[0]
print(f"torch {version}: y on {y.device}, its function {y.grad_fn.name()}, x.grad on {x.grad.device} = {slopes}")
print("a function mode sees:", ", ".join(Seen.names))
assert (y.device.type, x.grad.device.type, slopes) == ("lazy", "lazy", [1.6931, 2.6094]), "changed: the device itself"
assert Seen.names == ["log", "mul", "sum"], "changed: what a function mode sees"

a = torch.arange(4.0, device="lazy")
print("a cpu tensor beside it:", refusal(lambda: a + torch.ones(4)))
print(f"address {a.data_ptr()}, storage of {a.untyped_storage().nbytes()} bytes, numbers {a.tolist()}")
assert (a.data_ptr(), a.untyped_storage().nbytes(), a.tolist()) == (0, 0, [0, 1, 2, 3]), "changed: address or storage"

parts = {"slice": a[:2], "split": a.split(2)[0], "chunk": a.chunk(2)[0], "unbind": a.unbind()[0], "for": next(iter(a))}
for name, part in parts.items():
    result = (part + 1).device
    print(f"{name + ':':7} part on {part.device}, part + 1 on {result}")
    expected = "lazy" if name == "slice" else "cpu"
    assert (part.device.type, result.type) == ("lazy", expected), f"changed: where a part by {name} computes"

w = torch.ones(4, device="lazy", requires_grad=True)
print("backward through split:", refusal(lambda: sum((part**2).sum() for part in w.split(2)).backward()))
END
