"""Complex numbers: made of two real ones, taken apart, and the Fourier transform."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from playground.language.bounds.layouts import turned
from playground.language.bounds.spectra import (
    back_to_real,
    back_to_real_over,
    frequencies,
    of_parts,
    transform,
    transform_over,
)
from playground.language.function import FFT, METHOD, TORCH, Function

HERE = (TORCH, METHOD)


def part(name: str, call: Callable[..., Any], meaning: str, derivative: str, example: str, **more: Any) -> Function:
    """A function of each complex element."""
    return Function(name, more.pop("homes", HERE), "input", call, meaning, derivative, example, of_parts, **more)


def along(name: str, call: Callable[..., Any], meaning: str, derivative: str, example: str) -> Function:
    """A transform along one axis."""
    bound = back_to_real if name in ("irfft", "hfft") else transform
    return Function(name, (FFT,), "input, n=None, dim=-1, norm=None", call, meaning, derivative, example, bound)


def over(name: str, call: Callable[..., Any], meaning: str, derivative: str, example: str) -> Function:
    """A transform along several axes, by default the last two."""
    bound = back_to_real_over if name == "irfft2" else transform_over
    return Function(name, (FFT,), "input, s=None, dim=(-2, -1), norm=None", call, meaning, derivative, example, bound)


BACK = r"\bar x = n\,\operatorname{ifft}(\bar X)"
FORTH = r"\bar X = \frac{1}{n}\operatorname{fft}(\bar x)"

SPECTRA = (
    Function("complex", (TORCH,), "real, imag", torch.complex, "a + b i, of two real tensors.",
             r"\operatorname{Re}\bar z,\ \operatorname{Im}\bar z", "complex(x, y)", of_parts),
    Function("polar", (TORCH,), "abs, angle", torch.polar, "r (cos φ + i sin φ).",
             r"\operatorname{Re}(\bar z^{*} e^{i\varphi}),\ \operatorname{Re}(\bar z^{*}\,i z)", "polar(x, y)",
             of_parts),
    part("real", torch.real, "Real part.", r"\operatorname{Re}\bar y", "real(complex(x, y) ** 2)", homes=(TORCH,)),
    part("imag", torch.imag, "Imaginary part.", r"i\,\bar y", "imag(complex(x, y) ** 2)", homes=(TORCH,)),
    part("angle", torch.angle, "The angle to the real axis, in radians.", r"\frac{i z}{|z|^2}", "angle(complex(x, y))"),
    part("conj", torch.conj, "a - b i.", r"\bar y^{*}", "view_as_real(conj(complex(x, y)).resolve_conj())"),
    part("conj_physical", torch.conj_physical, "a - b i, in memory of its own.", r"\bar y^{*}",
         "view_as_real(conj_physical(complex(x, y)))"),
    part("resolve_conj", torch.resolve_conj, "The same numbers; a conjugate that is still to be taken is taken.", "1",
         "view_as_real(resolve_conj(conj(complex(x, y))))"),
    part("view_as_real", torch.view_as_real, "Real and imaginary parts on a last axis of length 2.",
         r"\bar a + i \bar b",
         "view_as_real(complex(x, y))", homes=(TORCH,)),
    part("view_as_complex", torch.view_as_complex, "A last axis of length 2 as real and imaginary parts.",
         r"\operatorname{Re}\bar z,\ \operatorname{Im}\bar z", "abs(view_as_complex(B))", homes=(TORCH,)),
    along("fft", torch.fft.fft, "Discrete Fourier transform along an axis.", BACK, "view_as_real(fft(x))"),
    along("ifft", torch.fft.ifft, "Its inverse.", FORTH, "view_as_real(ifft(x).resolve_conj())"),
    along("rfft", torch.fft.rfft, "The half of fft that says all of a real signal.",
          r"\bar x = \operatorname{Re}\sum_k \bar X_k e^{2\pi i k j / n}", "view_as_real(rfft(x))"),
    along("irfft", torch.fft.irfft, "Its inverse: the real signal of half a spectrum.",
          r"\bar X = \frac{1}{n}\operatorname{fft}(\bar x) \text{, both halves}", "irfft(rfft(x) * s, n=3)"),
    along("hfft", torch.fft.hfft, "Spectrum, which is real, of half a signal.",
          r"\text{as of irfft}", "hfft(complex(x, y), n=4)"),
    along("ihfft", torch.fft.ihfft, "Its inverse.", r"\text{as of rfft}", "view_as_real(ihfft(x).resolve_conj())"),
    over("fft2", torch.fft.fft2, "Discrete Fourier transform over two axes.", BACK, "view_as_real(fft2(A))"),
    over("ifft2", torch.fft.ifft2, "Its inverse.", FORTH, "view_as_real(ifft2(A))"),
    over("rfft2", torch.fft.rfft2, "The half of fft2 that says all of a real picture.",
         r"\text{as of rfft, over both axes}", "view_as_real(rfft2(A))"),
    over("irfft2", torch.fft.irfft2, "Its inverse.", r"\text{as of irfft, over both axes}",
         "irfft2(rfft2(A) * s, s=(2, 3))"),
    Function("fftshift", (FFT,), "input, dim=None", torch.fft.fftshift, "Frequency 0 in the middle.",
             r"\text{shifted back}", "fftshift(x)", turned),
    Function("ifftshift", (FFT,), "input, dim=None", torch.fft.ifftshift, "The inverse of fftshift.",
             r"\text{shifted back}", "ifftshift(x)", turned),
    Function("fftfreq", (FFT,), "n, d=1.0", lambda n, d=1.0: torch.fft.fftfreq(n, d, dtype=torch.float32),
             "The frequencies that fft gives the parts of.", "", "x * fftfreq(3)", frequencies),
)  # fmt: skip
