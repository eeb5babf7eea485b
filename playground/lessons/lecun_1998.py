"""The test errors on MNIST that LeCun and others reported in 1998, to rank one's own runs among."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document Recognition, 1998"


@dataclass(frozen=True, slots=True)
class ReportedRow:
    """One method and its test error, a part of 1. `in_lecture`: among the twelve rows that the lecture shows."""

    method: str
    error: float
    in_lecture: bool = False
    pictures: str = ""  # what was done to those of MNIST; '' where it is taken as it is

    @property
    def title(self) -> str:
        """The method, and what was done to the pictures."""
        return f"{self.method}, {self.pictures}" if self.pictures else self.method

    @property
    def source(self) -> str:
        """Where the error stands."""
        return "reported in 1998, in the lecture" if self.in_lecture else "reported in 1998"


DESKEWED = "pictures deskewed"
DISTORTED = "distorted pictures added to the training set"

TABLE: tuple[ReportedRow, ...] = (
    ReportedRow("linear classifier", 0.12, True),
    ReportedRow("linear classifier", 0.084, True, DESKEWED),
    ReportedRow("pairwise linear classifier", 0.076, True, DESKEWED),
    ReportedRow("k nearest neighbours", 0.05),
    ReportedRow("two layers, 300 units", 0.047, True),
    ReportedRow("two layers, 300 units", 0.036, True, DISTORTED),
    ReportedRow("two layers, 300 units", 0.016, True, DESKEWED),
    ReportedRow("two layers, 1000 units", 0.045, True),
    ReportedRow("two layers, 1000 units", 0.038, True, DISTORTED),
    ReportedRow("1000 radial basis functions, then linear", 0.036),
    ReportedRow("40 principal components, then quadratic", 0.033),
    ReportedRow("three layers, 300 + 100 units", 0.0305, True),
    ReportedRow("three layers, 300 + 100 units", 0.025, True, DISTORTED),
    ReportedRow("three layers, 500 + 150 units", 0.0295, True),
    ReportedRow("three layers, 500 + 150 units", 0.0245, True, DISTORTED),
    ReportedRow("LeNet-1", 0.017),
    ReportedRow("LeNet-4", 0.011),
    ReportedRow("LeNet-5", 0.0095),
)
