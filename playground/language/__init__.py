"""The language of typed texts: parsed, bounded and run over a whitelist, never executed as Python.

The stages: `syntax.scan` (characters), `syntax.python_parser` (Python's tree), `syntax.program` (our tree and the free
names), `evaluate.interpreter` (values; every call is bounded by `bounds` first). `functions.table` lists what may be
called; `run.run` goes from the text to the trace.
"""
