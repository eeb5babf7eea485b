"""One element of a tensor opened to its own arithmetic: how it was computed, and why its gradient is this number."""

from playground.trace.element_backward import element_gradient
from playground.trace.element_forward import element_value
from playground.trace.element_places import MOST_TERMS, allowed
from playground.trace.element_records import ElementGradient, ElementUse, ElementValue, GradientTerm, Place, ValueTerm

__all__ = [
    "MOST_TERMS",
    "ElementGradient",
    "ElementUse",
    "ElementValue",
    "GradientTerm",
    "Place",
    "ValueTerm",
    "allowed",
    "element_gradient",
    "element_value",
]
