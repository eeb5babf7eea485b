#!/usr/bin/env bash
# `torch.linalg.cond` has no gradient but for p=2, -2 and 'nuc': the backward pass of every other norm raises, for any matrix.
#
# A surprise against: cond is documented beside linalg.norm and linalg.inv, of which it is made, and both can be differentiated.
# Versions: torch 2.14.1, on the CPU.
# Expected: the gradient of norm(A) * norm(inv(A)), which the same two calls give when they are written out.
# Seen: the result carries a grad_fn and requires_grad, and `backward()` then says that a variable "has been modified by an inplace
# operation": the helper that makes the product overwrites the inverse (to put infinity where a matrix of a batch is singular) after
# the derivative of inv has saved it. It does so also where nothing is singular, so no input of any shape gets a gradient. The hint of
# the message, to look for an in-place operation in one's own code, leads nowhere: there is none.
#
# Output seen:
#   torch 2.14.1+cu130
#   p=None   cond: a gradient, the same as by hand
#   p=2      cond: a gradient, the same as by hand
#   p=nuc    cond: a gradient, the same as by hand
#   p=fro    cond: RuntimeError, LinalgInvEx was changed in place    by hand: a gradient
#   p=1      cond: RuntimeError, LinalgInvEx was changed in place    by hand: a gradient
#   p=-1     cond: RuntimeError, LinalgInvEx was changed in place    by hand: a gradient
#   p=inf    cond: RuntimeError, LinalgInvEx was changed in place    by hand: a gradient
#   p=-inf   cond: RuntimeError, LinalgInvEx was changed in place    by hand: a gradient
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1
"$dir/venv/bin/python" -I - <<'END'
import math
import warnings

warnings.simplefilter("ignore")
import torch

SPECTRAL = (None, 2, "nuc")  # by singular values, without the inverse, or without a change of it
matrix = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 2.0]], dtype=torch.float64)


def by_hand(a, p):
    order = 2 if p is None else p
    return torch.linalg.norm(a, order) * torch.linalg.norm(torch.linalg.inv(a), order)


def gradient(function, p):
    a = matrix.clone().requires_grad_()
    result = function(a, p)
    assert result.requires_grad
    result.backward()
    return a.grad


print("torch", torch.__version__)
for p in (*SPECTRAL, "fro", 1, -1, math.inf, -math.inf):
    expected = gradient(by_hand, p)
    try:
        found = gradient(torch.linalg.cond, p)
    except RuntimeError as error:
        assert p not in SPECTRAL and "LinalgInvEx" in str(error) and "inplace" in str(error), f"changed: {p}: {error}"
        print(f"p={p!s:<6} cond: RuntimeError, LinalgInvEx was changed in place    by hand: a gradient")
    else:
        assert p in SPECTRAL and torch.allclose(found, expected), f"changed: cond with p={p} has a gradient"
        print(f"p={p!s:<6} cond: a gradient, the same as by hand")
END
