#!/usr/bin/env bash
# `torch.cholesky_inverse` reads one triangle of its factor, and its gradient is computed with both: what stands in the other triangle
# does not change the result and changes the derivative.
#
# A surprise against: what a function does not read has the gradient 0, and cannot change the gradient of what it does read.
# Versions: torch 2.14.1, on the CPU.
# Expected: with numbers above the diagonal the result is that of the lower triangle alone, and so is the gradient, zeros above.
# Seen: the result is. The gradient of the diagonal is several times too large, and the element above it has one that is not 0; finite
# differences agree with the gradient of `cholesky_inverse(L.tril())`, which autograd gives right. No warning. `cholesky_solve` with a
# full factor does the same. The packed results of LAPACK, where the other triangle holds something else, are such factors.
#
# Output seen:
#   torch 2.14.1+cu130
#   cholesky_inverse: the same result with and without what is above the diagonal
#     L as it is: [[-0.2222, -0.5679], [-0.0556, -0.1420]]
#     L.tril():   [[-0.2222, 0.0000], [-0.0556, -0.0185]]    finite differences: the same
#   cholesky_solve: the same result with and without what is above the diagonal
#     L as it is: [[-0.1944, -0.5093], [-0.1111, -0.2870]]
#     L.tril():   [[-0.1944, 0.0000], [-0.1111, -0.0556]]    finite differences: the same
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1
"$dir/venv/bin/python" -I - <<'END'
import warnings

warnings.simplefilter("ignore")
import torch

FULL = torch.tensor([[2.0, 5.0], [1.0, 3.0]], dtype=torch.float64)  # 5 is above the diagonal, and is not read
RIGHT = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
FUNCTIONS = {
    "cholesky_inverse": lambda factor: torch.cholesky_inverse(factor).sum(),
    "cholesky_solve": lambda factor: torch.cholesky_solve(RIGHT, factor).sum(),
}


def gradient(function):
    factor = FULL.clone().requires_grad_()
    function(factor).backward()
    return factor.grad


def differences(function, step=1e-6):
    found = torch.zeros_like(FULL)
    for place in torch.cartesian_prod(torch.arange(2), torch.arange(2)).tolist():
        move = torch.zeros_like(FULL)
        move[tuple(place)] = step
        found[tuple(place)] = (function(FULL + move) - function(FULL - move)) / (2 * step)
    return found


def told(matrix):
    return str([[f"{number:.4f}" for number in row] for row in (matrix + 0.0).tolist()]).replace("'", "")


print("torch", torch.__version__)
for name, function in FUNCTIONS.items():
    assert torch.equal(function(FULL), function(FULL.tril())), f"changed: {name} reads both triangles"
    print(f"{name}: the same result with and without what is above the diagonal")
    whole, lower, right = gradient(function), gradient(lambda factor: function(factor.tril())), differences(function)
    assert torch.allclose(lower, right, atol=1e-6), "changed: the gradient through tril is no longer right"
    assert whole[0, 1].abs() > 0.1 and (whole[1, 1] - right[1, 1]).abs() > 0.1, f"changed: the gradient of {name} is right"
    print(f"  L as it is: {told(whole)}")
    print(f"  L.tril():   {told(lower)}    finite differences: the same")
END
