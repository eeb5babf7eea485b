"""Links that nobody should have written, by page: tests/pages opens each by default, tests/e2e in a browser."""

from __future__ import annotations

from urllib.parse import quote

EXPRESSIONS = [
    "v=2&text=x*x",
    "v=1&text=" + quote("__import__('os').system('id')"),
    "v=1&text=" + quote("<img src=x onerror=alert(1)>"),
    "v=1&text=" + quote('"];x[label="y'),
    "v=1&text=" + quote("zeros(10**9)"),
    "v=1&text=" + quote("9**9**9"),
    "v=1&text=" + quote("(" * 3000),
    "v=1&text=" + quote("a" * 15000),
    "v=1&text=" + quote("x\x00y"),
    "v=1&text=" + quote("x*x") + "&leaf.x=" + quote("zeros(10**9)"),
    "v=1&text=" + quote("x*x") + "&leaf.x=" + quote("'; DROP TABLE runs; --"),
    "v=1&text=" + quote("x*x") + "&leaf.x=1e999",
    "v=1&text=" + quote("x*x") + "&leaf.x.dtype=object",
    "v=1&text=" + quote("x*x") + "&leaf.__class__=1",
    "v=1&text=" + quote("x*x") + "&passes=1000000000",
    "v=1&text=" + quote("x*x") + "&second=__globals__",
    "v=1&text=" + quote("x*x") + "&graph=../../etc/passwd",
    "v=1&text=" + quote("x*x") + "&step=-5",
    "v=1&text=" + quote("x*x") + "&step=99999999999999999999",
    "v=%00&text=%F0%9F%92%A5&leaf.=&=&&&",
]
LAYERS = [
    "v=1&stack=" + quote("Linear(10); __import__('os')"),
    "v=1&stack=" + quote("<img src=x onerror=alert(1)>"),
    "v=1&stack=" + quote("Residual(" * 3000),
    "v=1&stack=" + quote("Flatten Linear(60000) Linear(60000)"),
    "v=1&stack=ReLU&batch=100000",
    "v=1&stack=ReLU&input_shape=9x9x9x9x9x9",
    "v=1&stack=ReLU&input_shape=1000000x1000000",
    "v=1&stack=ReLU&loss=__class__&graph=../..&learning_rate=nan&rng_seed=-1",
    "v=9&step=-5",
    "v=1&stack=",
]
TRAIN = [
    "v=1&run=" + quote("<img src=x onerror=alert(1)>"),
    "v=1&run=abcdef123456",
    "v=7&text=ReLU&epochs=1e9",
    "v=1&text=" + quote("<script>alert(1)</script>"),
    "v=1&text=" + quote("Residual(" * 2000),
    "v=1&text=" + quote("Flatten Linear(100000) Linear(100000)") + "&data=MNIST&batch=4096",
    "run=../../etc/passwd",
    "run=" + "&run=".join(f"{number:012x}" for number in range(30)),
    "frozen=abcdef123456",
    "frozen=" + quote("'; DROP TABLE runs; --"),
    "text=Flatten&epochs=-1",
    "text=Flatten&batch=0",
    "text=Flatten&learning_rate=nan",
    "text=Flatten&learning_rate=1e400",
    "text=Flatten&data=" + quote("own-../../x"),
    "text=Flatten&data=" + quote("<svg onload=alert(1)>"),
    "text=Flatten&optimizer=__import__",
    "text=Flatten&folds=5&fold=9",
    "<b>=<i>&text=ReLU",
    "text=" + quote("Linear(" + "9" * 400 + ")"),
    "text=" + quote("class Net(nn.Module):\n    def __init__(self):\n        open('x')"),
]
