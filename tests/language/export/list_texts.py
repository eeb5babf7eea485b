"""Random texts of Python's lists around PyTorch: joined, repeated, filled, gone through; each is valid Python."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

HEAD = "x = torch.tensor(2.0, requires_grad=True)\nw = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)\n"
ITEMS = ("x", "2 * x", "x * x", "w[0]", "w.sum() * x", "1.5", "2", "#[-1]", "#[0]", "len(#) * x", "sum(#)", "-0.5")
LISTS = ("[!]", "[!, !]", "[!, !, !]", "[! for k in range(2)]", "[v * 2 for v in #]", "list(#)", "list(w)")
JOINED = ("# + %", "# + [!]", "# * 2", "2 * # + %", "#[1:] + %", "#[::-1]", "# if x in # else %")
WRITES = (
    "#.append(!)",
    "#.extend(%)",
    "# += [!]",
    "# += %",
    "#[0] = !",
    "#[-1] = #[0] * !",
    "for v in %[:2]:\n    #.append(v * x)",
    "for i in range(3):\n    if i in [1, 2]:\n        #.append(x * i)",
    "for i, v in enumerate(#):\n    #[i] = v * 0.5",
    "for u, v in zip(list(#), %):\n    # = # + [u * v]",
)
ENDS = (
    "y = sum(#) + len(%)",
    "y = sum(#) * x if # == % else sum(%) * 3",
    "y = sum(u * v for u, v in zip(#, %)) + x",
    "y = x * len(# + %) + #[-1]",
    "y = torch.stack([v * x for v in #]).sum()",
    "y = x * [1.0, 2.0, 3.0][min(len(#), 2)]",
)


@st.composite
def list_texts(draw: DrawFn) -> str:
    """A text of up to a dozen lines, over two leaves that it makes itself; `y` is its result."""
    names: list[str] = []
    lines: list[str] = []

    def filled(template: str) -> str:
        for sign in "#%":
            template = template.replace(sign, draw(st.sampled_from(names[-3:]))) if names else template
        while "!" in template:
            item = draw(st.sampled_from(ITEMS if names else ITEMS[:7]))
            template = template.replace("!", filled(item), 1)
        return template

    for number in range(draw(st.integers(1, 3))):
        made = filled(draw(st.sampled_from(LISTS[:4] if number == 0 else LISTS)))
        names.append(f"h{number}")
        lines.append(f"h{number} = {made}")
    for _ in range(draw(st.integers(1, 5))):
        if draw(st.booleans()):
            made = filled(draw(st.sampled_from(JOINED)))
            names.append(f"h{len(names)}")
            lines.append(f"{names[-1]} = {made}")
        else:
            lines.append(filled(draw(st.sampled_from(WRITES))))
    lines.append(filled(draw(st.sampled_from(ENDS))))
    return HEAD + "\n".join(lines)
