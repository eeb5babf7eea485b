"""The names that `from playground import ...` gives, with traces that show themselves in a notebook."""

from playground.errors import PlaygroundError
from playground.explain.comparison.comparison import Comparison, compare
from playground.language.evaluate.leaves import Leaf
from playground.language.run import run as run_text
from playground.recorder.record import record
from playground.trace.trace import Trace
from playground.unforeseen import explained
from playground.views.lens.html import lens_page
from playground.views.stepper.html import notebook_html

run = explained(run_text)
Trace.display = staticmethod(notebook_html)
Trace.look = staticmethod(lens_page)

__all__ = ["Comparison", "Leaf", "PlaygroundError", "Trace", "compare", "record", "run"]
