"""The test errors on MNIST that LeCun and others reported in 1998, to rank one's own runs among."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document Recognition, 1998"


@dataclass(frozen=True, slots=True)
class ReportedRow:
    """One method and its test error, a part of 1, on MNIST as it is: pictures neither straightened nor distorted."""

    method: str
    error: float


TABLE: tuple[ReportedRow, ...] = (
    ReportedRow("linear classifier", 0.12),
    ReportedRow("k nearest neighbours", 0.05),
    ReportedRow("two layers, 300 units", 0.047),
    ReportedRow("two layers, 1000 units", 0.045),
    ReportedRow("1000 radial basis functions, then linear", 0.036),
    ReportedRow("40 principal components, then quadratic", 0.033),
    ReportedRow("three layers, 300 + 100 units", 0.0305),
    ReportedRow("three layers, 500 + 150 units", 0.0295),
    ReportedRow("LeNet-1", 0.017),
    ReportedRow("LeNet-4", 0.011),
    ReportedRow("LeNet-5", 0.0095),
)
