#!/usr/bin/env bash
# In PyTorch two parameters can get one `.grad` between them, so that a second backward pass adds its gradient twice.
#
# A surprise against: each leaf owns its `.grad`, and two backward passes without zero_grad give twice the gradient of one.
# Versions: torch 2.13.0; the same on 2.14.1. Reported as pytorch issue 34082.
# Expected: 4 after one pass of ((a + b) ** 2).sum() at a = b = 1, and 8 after two, for both a and b.
# Seen: 12 and 12 where a and b are reshaped on their way into the sum. The gradient of a sum is one tensor for both sides, each leaf
# takes its view of it over without a copy, and the second pass adds into that memory once for each leaf. Whoever looks mends it: a
# hook on `a` that keeps the gradient makes the engine copy, and both are 8. Without the reshape the engine copies anyway.
# Clipping is hit after one pass already: it scales the one memory twice, to half of the norm that was asked for.
#
# Output seen:
#   torch 2.13.0
#   a + b:                         after two passes a 8.0, b 8.0; one memory: False
#   a.flatten() + b.flatten():     after two passes a 12.0, b 12.0; one memory: True
#   the same, a hook keeps a's:    after two passes a 8.0, b 8.0; one memory: False
#   clipped to a norm of 4:        norm 2.0000
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0
"$dir/venv/bin/python" -I -W ignore - <<'END'
import torch

print("torch", torch.__version__.split("+")[0])


def leaves():
    return torch.ones(1, 2, requires_grad=True), torch.ones(2, 1, requires_grad=True)


def after_two_passes(name, add, keep=None):
    """The gradients of a and b after two passes, and whether they lie in one memory."""
    a, b = leaves()
    if keep is not None:
        a.register_hook(lambda gradient: keep.append(gradient))
    for _ in range(2):
        (add(a, b) ** 2).sum().backward()
    found = a.grad.unique().item(), b.grad.unique().item(), a.grad.data_ptr() == b.grad.data_ptr()
    print(f"{name:30} after two passes a {found[0]}, b {found[1]}; one memory: {found[2]}")
    return found


def reshaped(a, b):
    return a.flatten() + b.flatten()


plain = after_two_passes("a + b:", lambda a, b: a[0] + b[:, 0])
assert plain == (8, 8, False), "changed: a plain sum"
assert after_two_passes("a.flatten() + b.flatten():", reshaped) == (12, 12, True), "changed: gradients are no longer shared"
assert after_two_passes("the same, a hook keeps a's:", reshaped, []) == (8, 8, False), "changed: a hook that keeps a gradient"

a, b = leaves()
(reshaped(a, b) ** 2).sum().backward()
torch.nn.utils.clip_grad_norm_([a, b], 4.0)
norm = torch.cat([a.grad.flatten(), b.grad.flatten()]).norm().item()
print(f"{'clipped to a norm of 4:':30} norm {norm:.4f}")
assert norm < 3.99, "changed: clipping scales each gradient once"
END
