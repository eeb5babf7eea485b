"""Matrices taken apart, systems solved with the parts, and chains of products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from playground.language.bounds.bound import Cost
from playground.language.bounds.factorisations import (
    added_outer,
    added_products,
    chain,
    decomposed,
    factorised,
    pairs_of_rows,
    powers,
    reduced,
)
from playground.language.bounds.scattering import stretched
from playground.language.function import LINALG, METHOD, TORCH, Arguments, Function


def linalg(
    name: str,
    signature: str,
    call: Callable[..., Any],
    meaning: str,
    derivative: str,
    example: str,
    bound: Callable[[Arguments], Cost],
    **more: Any,
) -> Function:
    """A function of `torch.linalg` alone."""
    return Function(name, (LINALG,), signature, call, meaning, derivative, example, bound, **more)


FACTORISATIONS = (
    linalg(
        "eigh",
        "input, UPLO='L'",
        torch.linalg.eigh,
        "Eigenvalues and eigenvectors of a symmetric matrix; only one triangle of it is read.",
        r"\bar M = V \left(\operatorname{diag}\bar\lambda + \frac{V^\top \bar V}{\lambda_j - \lambda_i}\right) V^\top",
        "linalg.eigh(M @ M.T)[0]",
        decomposed,
    ),
    linalg(
        "svd",
        "input, full_matrices=True",
        torch.linalg.svd,
        "U, S and Vᵀ with U @ diag(S) @ Vᵀ = the matrix.",
        r"\bar A = U\,\operatorname{diag}(\bar S)\,V^\top \text{ of the singular values}",
        "linalg.svd(A, full_matrices=False)[1]",
        decomposed,
    ),
    linalg(
        "qr",
        "input, mode='reduced'",
        torch.linalg.qr,
        "Q with orthonormal columns and an upper triangle R, with Q @ R = the matrix.",
        r"\bar A = \left(\bar Q + Q\,\operatorname{copyltu}(R \bar R^\top - \bar Q^\top Q)\right) R^{-\top}",
        "linalg.qr(M)[1]",
        reduced,
    ),
    linalg(
        "lu",
        "input, *, pivot=True",
        torch.linalg.lu,
        "P, L and U: a permutation, a lower and an upper triangle, whose product is the matrix.",
        r"\bar A = P L^{-\top}\left(\operatorname{tril}(L^\top \bar L) + \operatorname{triu}(\bar U U^\top)\right)"
        r"U^{-\top}",
        "linalg.lu(M)[2]",
        factorised,
    ),
    linalg(
        "lu_factor",
        "input, *, pivot=True",
        torch.linalg.lu_factor,
        "L and U in one matrix, and how rows were swapped: for lu_solve.",
        r"\text{as of lu}",
        "linalg.lu_factor(M)[0]",
        factorised,
    ),
    linalg(
        "lu_solve",
        "LU, pivots, B, *, left=True",
        torch.linalg.lu_solve,
        "The X with A @ X = B, where lu_factor has taken A apart.",
        r"\bar B = A^{-\top} \bar X",
        "LU, swapped = linalg.lu_factor(M)\nlinalg.lu_solve(LU, swapped, B)",
        factorised,
    ),
    linalg(
        "solve_triangular",
        "A, B, *, upper, left=True, unitriangular=False",
        torch.linalg.solve_triangular,
        "The X with A @ X = B, where A is a triangle.",
        r"\bar B = A^{-\top} \bar X,\ \bar A = -\operatorname{triu}(\bar B X^\top)",
        "linalg.solve_triangular(triu(M), B, upper=True)",
        factorised,
    ),
    linalg(
        "lstsq",
        "A, B",
        torch.linalg.lstsq,
        "The X for which the squares of A @ X - B add to the least; the first of four results.",
        r"X = A^{+} B",
        "linalg.lstsq(A.T, B)[0]",
        decomposed,
    ),
    linalg(
        "pinv",
        "input",
        torch.linalg.pinv,
        "Pseudo-inverse.",
        r"\bar A = -(A^{+})^\top \bar Y (A^{+})^\top \text{ where A is square and regular}",
        "linalg.pinv(A)",
        decomposed,
    ),
    linalg(
        "cond",
        "input, p=None",
        torch.linalg.cond,
        "Condition number: how much a solution of A @ X = B moves when B does.",
        r"\frac{\bar y}{\sigma_n}\left(u_1 v_1^\top - y\,u_n v_n^\top\right)",
        "linalg.cond(M)",
        decomposed,
    ),
    Function(
        "cholesky_solve",
        (TORCH, METHOD),
        "input, input2, upper=False",
        torch.cholesky_solve,
        "The X with L @ L.T @ X = B.",
        r"\bar B = (L L^\top)^{-1} \bar X",
        "cholesky_solve(B, linalg.cholesky(M @ M.T))",
        factorised,
    ),
    Function(
        "cholesky_inverse",
        (TORCH, METHOD),
        "input, upper=False",
        torch.cholesky_inverse,
        "The inverse of L @ L.T.",
        r"\bar L = -(\bar Y + \bar Y^\top)\text{ between inverses, times } L",
        "cholesky_inverse(linalg.cholesky(M @ M.T))",
        factorised,
    ),
    linalg(
        "householder_product",
        "input, tau",
        torch.linalg.householder_product,
        "The first columns of a product of reflections I - tau v vᵀ, as LAPACK's qr gives them.",
        r"\text{of each reflection } I - \tau v v^\top",
        "linalg.householder_product(B, x[:2])",
        factorised,
    ),
    linalg(
        "multi_dot",
        "tensors",
        torch.linalg.multi_dot,
        "A product of several matrices in the order that costs least.",
        r"\bar A_i = (A_1 \cdots A_{i-1})^\top\,\bar Y\,(A_{i+1} \cdots A_n)^\top",
        "linalg.multi_dot((A, B, A))",
        chain,
    ),
    linalg(
        "vecdot",
        "x, y, *, dim=-1",
        torch.linalg.vecdot,
        "Sums of products along dim.",
        r"y,\ x",
        "linalg.vecdot(A, x)",
        stretched,
    ),
    linalg(
        "vander",
        "input, *, N=None",
        lambda input, *, N=None: torch.linalg.vander(input, N=N),
        "Powers 0, 1, 2, ... of each element, one row an element.",
        r"k\,x^{k-1}",
        "linalg.vander(x, N=4)",
        powers,
    ),
    Function(
        "addr",
        (TORCH, METHOD),
        "input, vec1, vec2, *, beta=1, alpha=1",
        torch.addr,
        "beta * M + alpha * outer(v, w).",
        r"\beta\,\bar Y,\ \alpha\,\bar Y w,\ \alpha\,\bar Y^\top v",
        "addr(M, x, y)",
        added_outer,
    ),
    Function(
        "addbmm",
        (TORCH, METHOD),
        "input, batch1, batch2, *, beta=1, alpha=1",
        torch.addbmm,
        "beta * x + alpha * the sum of all A @ B of the batch.",
        r"\bar A_i = \alpha\,\bar Y B_i^\top,\ \bar B_i = \alpha A_i^\top \bar Y",
        "addbmm(M, batch, batch.mT)",
        added_products,
    ),
    Function(
        "cov",
        (TORCH, METHOD),
        "input, *, correction=1",
        torch.cov,
        "Covariances of the rows, each of which is one quantity.",
        r"\frac{(\bar C + \bar C^\top)(X - \text{means})}{n - 1}",
        "cov(A)",
        pairs_of_rows,
    ),
    Function(
        "corrcoef",
        (TORCH, METHOD),
        "input",
        torch.corrcoef,
        "Correlations of the rows: covariances divided by both deviations.",
        r"\text{of } C_{ij} / \sqrt{C_{ii} C_{jj}}",
        "corrcoef(A * x)",
        pairs_of_rows,
    ),
)
