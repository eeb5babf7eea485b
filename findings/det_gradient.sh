#!/usr/bin/env bash
# PyTorch's gradient of a determinant is zero, without a word, where the elimination meets a pivot that is exactly 0.
#
# A surprise against: det is a polynomial, so autograd gives its gradient (the matrix of cofactors) everywhere.
# Versions: torch 2.13.0; the same on 2.14.1.
# Expected: [[4, -2], [-2, 1]] for [[1, 2], [2, 4]], as for the formula a d - b c written out, and as for a matrix beside it.
# Seen: all zeros for small whole numbers, in backward and in forward mode, with no NaN and no warning; gradcheck refuses it. Random
# singular matrices are right, as rounding leaves a last pivot of 1e-17, and so is the same matrix with 1e-12 added: a test with random
# matrices sees nothing. Reported as pytorch issue 104675, which is closed.
#
# Output seen:
#   torch 2.13.0
#   [[1, 2], [2, 4]]:          det's gradient [[0.0, 0.0], [0.0, 0.0]]
#   the formula a d - b c:     its gradient   [[4.0, -2.0], [-2.0, 1.0]]
#   with 1e-12 added to d:     det's gradient [[4.0, -2.0], [-2.0, 1.0]]
#   diag(1, 1, 0):             forward mode along the identity 0.0, differences 1.0
#   a random singular 4 x 4:   det's gradient off by less than 1e-9: True
#   gradcheck of det at diag(1, 1, 0): False
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0
"$dir/venv/bin/python" -I -W ignore - <<'END'
import torch

torch.set_default_dtype(torch.float64)
print("torch", torch.__version__.split("+")[0])


def gradient(function, matrix):
    matrix = matrix.detach().clone().requires_grad_()
    function(matrix).backward()
    return matrix.grad


def show(name, what, value):
    print(f"{name:26} {what} {[[round(number, 6) + 0.0 for number in row] for row in value.tolist()]}")


det = torch.linalg.det
flat = torch.tensor([[1.0, 2.0], [2.0, 4.0]])
beside = flat + torch.tensor([[0.0, 0.0], [0.0, 1e-12]])
of_det, of_formula = gradient(det, flat), gradient(lambda m: m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0], flat)
show("[[1, 2], [2, 4]]:", "det's gradient", of_det)
show("the formula a d - b c:", "its gradient  ", of_formula)
show("with 1e-12 added to d:", "det's gradient", gradient(det, beside))
assert not of_det.any(), "changed: the gradient of a singular matrix is not zero"
assert of_formula.tolist() == [[4, -2], [-2, 1]], "changed: the formula"
assert torch.allclose(gradient(det, beside), of_formula), "changed: a matrix beside it"

steps, identity = torch.diag(torch.tensor([1.0, 1.0, 0.0])), torch.eye(3)
tangent = torch.func.jvp(det, (steps,), (identity,))[1].item()
differences = ((det(steps + 1e-6 * identity) - det(steps - 1e-6 * identity)) / 2e-6).item()
print(f"{'diag(1, 1, 0):':26} forward mode along the identity {tangent}, differences {differences:.1f}")
assert tangent == 0 and abs(differences - 1) < 1e-6, "changed: forward mode"

torch.manual_seed(0)
random = torch.randn(4, 3) @ torch.randn(3, 4)
minors = [[det(random[[r for r in range(4) if r != i]][:, [c for c in range(4) if c != j]]) for j in range(4)] for i in range(4)]
cofactors = torch.tensor([[(-1) ** (i + j) * minors[i][j] for j in range(4)] for i in range(4)])
right = torch.allclose(gradient(det, random), cofactors, atol=1e-9)
print(f"{'a random singular 4 x 4:':26} det's gradient off by less than 1e-9: {right}")
assert right, "changed: a random singular matrix"

passes = torch.autograd.gradcheck(det, (steps.requires_grad_(),), raise_exception=False)
print("gradcheck of det at diag(1, 1, 0):", passes)
assert not passes, "changed: gradcheck accepts it"
END
