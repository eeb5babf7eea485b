"""Lines that mean nothing here are left out, and the trace says which and why."""

from __future__ import annotations

import pytest

from playground.errors import PlaygroundError
from playground.language.run import run
from playground.language.syntax.left_out import readable
from playground.language.syntax.program import parse


def notes(text: str) -> list[str]:
    """What is said of a text's lines, `x` being 2."""
    return [note.message for note in run(text, {"x": 2.0}).notes if note.kind == "left_out"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            "import torch\nimport numpy as np\ny = x * x",
            ["Left out: `import torch` (line 1), `import numpy as np` (line 2); their names are here already."],
            id="imports",
        ),
        pytest.param(
            "y = x * x\nprint(y)\nprint('gradient', x.grad)",
            ["Left out: `print(y)` (line 2), `print('gradient', x.grad)` (line 3); every value is shown."],
            id="prints",
        ),
        pytest.param("print(x * x)", [], id="the-only-thing"),
        pytest.param("'''A text\nof two lines'''\nx * x", ["`'''A text` (line 1); a text in quotes"], id="docstring"),
        pytest.param(
            "%matplotlib inline\nx * x", ["`%matplotlib inline` (line 1); it speaks to a notebook"], id="magic"
        ),
        pytest.param("!pip install torch\nx * x", ["`!pip install torch` (line 1)"], id="shell"),
        pytest.param(">>> y = x * x\n>>> y\ntensor(4.)", ["prompts, and what was printed"], id="prompts"),
        pytest.param(
            "x * x\nplt.plot(x)\nplt.show()", ["`plt.plot(x)` (line 2), `plt.show()` (line 3); the graph"], id="plot"
        ),
        pytest.param("fig, ax = plt.subplots()\nax.plot(x)\nx * x", ["`ax.plot(x)` (line 2); the graph"], id="axes"),
        pytest.param("assert x > 0, 'no'\nx * x", ["`assert x > 0, 'no'` (line 1); nothing is checked"], id="assert"),
        pytest.param("y = x * x\ndel x\ny", ["`del x` (line 2); names last"], id="del"),
        pytest.param("if __name__ == '__main__':\n    y = x * x", ["(line 1); it has no effect here"], id="main"),
        pytest.param(
            "import time\nstart = time.time()\nx * x", ["names are here", "`start = time.time()` (line 2)"], id="time"
        ),
        pytest.param("np.random.seed(0)\nx * x", ["`np.random.seed(0)` (line 1)"], id="numpy-seed"),
        pytest.param("x: float\ny: torch.Tensor = x * x", [], id="hints"),
        pytest.param("if x > 0:\n    pass\nelse:\n    x = -x\nx * x", [], id="pass"),
        pytest.param("for i in range(2):\n    print(i)\nx * x", ["`print(i)` (line 2)"], id="in-a-loop"),
    ],
)
def test_what_is_left_out_is_said(text: str, told: list[str]) -> None:
    found = notes(text)
    assert len(found) == len(told), found
    assert all(part in sentence for part, sentence in zip(told, found, strict=True)), found
    assert run(text, {"x": 2.0}).values[run(text, {"x": 2.0}).outputs[0]].data.item() == 4.0


def test_places_stay_where_they_were() -> None:
    text = ">>> # two\n... \n>>> y = sine(x)\n"
    assert len(readable(text)[0]) == len(text)
    with pytest.raises(PlaygroundError, match="`sine`") as caught:
        parse(text)
    assert caught.value.position() == (3, 9)
    assert caught.value.text == text


def test_names_of_modules_may_be_names_of_values() -> None:
    assert [free.name for free in parse("ax = x * 2\nax.sum()\ntime.sum()").free_names] == ["x", "time"]
    assert parse("plt = x * 2\nplt.sum()").left_out == ()


def test_many_lines_are_counted() -> None:
    (said,) = notes("\n".join(["print(x)"] * 9) + "\nx * x")
    assert said.endswith("(line 3) and 6 more; every value is shown.")
