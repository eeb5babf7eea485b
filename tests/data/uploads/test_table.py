"""Own tables: which column is the label, what becomes a picture, every wrong cell by line and column."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.data import datasets
from playground.data.dataset import Data
from playground.data.uploads.table import from_table
from playground.errors import PlaygroundError


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "playground"


def pairs(data: Data) -> set[tuple[tuple[float, ...], str]]:
    """Every example with the name of its class."""
    return {
        (tuple(x.flatten().tolist()), data.classes[label])
        for part in (data.train, data.test)
        for x, label in zip(part.x, part.labels.tolist(), strict=True)
    }


FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
ROWS = {((1.0, 2.0), "a"), ((3.0, 4.0), "a"), ((5.0, 6.5), "b"), ((-7.0, 8e3), "b")}


@pytest.mark.parametrize(
    "text",
    [
        "1,2,a\n3,4,a\n5,6.5,b\n-7,8e3,b\n",
        "a,1,2\na,3,4\nb,5,6.5\nb,-7,8000\n",
        "width,height,kind\n1,2,a\n3,4,a\n5,6.5,b\n-7,8e3,b\n",
        "width,Label,height\n1,a,2\n3,a,4\n5,b,6.5\n-7,b,8e3\n",
        "width;height;kind\n1;2;a\n3;4;a\n5;6.5;b\n-7;8e3;b",
        "\ufeffwidth\theight\tkind\r\n1\t2\ta\r\n\r\n3\t4\t a \r\n5\t6.5\tb\r\n-7\t8e3\tb\r\n",
        '1, 2, "a"\n3, 4, "a"\n5, 6.5, "b"\n-7, 8e3, "b"\n',
    ],
)
def test_the_label_is_found_with_and_without_a_header(text: str) -> None:
    data = from_table(text.encode())
    assert data.input_shape == (2,) and data.classes == ("a", "b")
    assert pairs(data) == ROWS
    assert data.train.x.dtype == torch.float32 and len(data.test) == 2
    assert pairs(datasets.load(data.name)) == ROWS


def test_a_named_label_column_and_numbers_as_labels() -> None:
    text = "kind,size,grade\n10,1,3\n9,2,3\n10,3,4\n9,4,4\n"
    assert from_table(text.encode()).classes == ("3", "4")  # the last column
    assert from_table(text.encode(), label="kind").classes == ("9", "10")  # as numbers, not as words
    with pytest.raises(PlaygroundError, match="no column `sort`") as caught:
        from_table(text.encode(), label="sort")
    assert "kind, size, grade" in caught.value.hint


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("scale", [1, 255])
def test_mnist_as_csv_becomes_pictures(header: bool, scale: int) -> None:
    rng = random.Random(0)
    pixels = [[rng.randrange(256) for _ in range(784)] for _ in range(4)]
    lines = [["label", *map(str, range(784))]] if header else []
    lines += [[str(number % 2), *(str(pixel / scale if scale > 1 else pixel) for pixel in row)]
              for number, row in enumerate(pixels)]  # fmt: skip
    data = from_table("\n".join(",".join(line) for line in lines).encode())
    assert data.input_shape == (1, 28, 28) and data.classes == ("0", "1")
    expected = {(tuple((torch.tensor(row) / 255).tolist()), str(number % 2)) for number, row in enumerate(pixels)}
    assert pairs(data) == expected


GOOD = "width,height,kind\n1,2,a\n3,4,a\n5,6,b\n7,8,b\n"


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        (GOOD.replace("6", "six"), "line 4, column 2 (`height`): 'six' is not a number", "numbers"),
        (GOOD.replace("3", "inf"), "line 3, column 1 (`width`): the number is not finite", "number"),
        (GOOD.replace("3", "1e300"), "line 3, column 1 (`width`): the number is not finite", "number"),
        (GOOD.replace("3", ""), "the class `a` has 1 example", "two examples"),  # the row is left out
        (GOOD.replace("8,b", "8,"), "line 5, column 3 (`kind`): the label is missing", "label"),
        (GOOD.replace("8,b", "8,b,1"), "line 5 has 4 cells, but the first row has 3", "quoted"),
        (
            'x,y,kind\n1,2.5,a\n3,4.5,a\n\n5,"6,5",b\n7,8.5,b\n',
            "line 5, column 2 (`y`): '6,5' is not a number",
            "point",
        ),
        ("x,2,a\n3,4,a\n5,6,b\n7,8,b\n", "line 1, column 1: 'x' is not a number", "numbers"),
        ("a,1\nb,two\na,3\nb,4\n", "line 2, column 2: 'two' is not a number", "numbers"),
        (GOOD[: GOOD.index("5")], "only the class `a`", "two classes"),
        (GOOD + "9,9,c\n", "the class `c` has 1 example", "two examples"),
        ("", "fewer than two rows", "One row per example"),
        (",\n,", "fewer than two rows", "One row per example"),
        (",\n!", "fewer than two rows", "One row per example"),
        ("-;\r-", "fewer than two columns have cells", "A label and at least one"),
        ("width,kind\n", "fewer than two rows", "One row per example"),
        ("a\nb\nc\n", "the first row has 1 cell", "separated by"),
        (GOOD + '"9,9,c\n', "line 6: a quotation mark is not closed", "Close it"),
        (
            "label" + ",p" * 784 + "\n" + "0" + ",256" * 784 + "\n",
            "line 2, column 2 (`p`): 256 is no pixel",
            "0 to 255",
        ),
    ],
)
def test_a_wrong_table_says_where_and_how_to_mend_it(text: str, words: str, hint: str, own_cache: Path) -> None:
    with pytest.raises(PlaygroundError) as caught:
        from_table(text.encode())
    assert words in caught.value.message and hint in caught.value.hint and caught.value.hint
    assert not own_cache.exists()


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(PlaygroundError, match="the file is no text") as refused:
        from_table(b"PK\x03\x04\xff\xfe")
    assert ".xlsx" in refused.value.hint


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("playground.data.uploads.table_file.MOST_COLUMNS", 2)
    with pytest.raises(PlaygroundError, match="the first row has 3 cells"):
        from_table(GOOD.encode())
    monkeypatch.setattr("playground.data.uploads.table_file.MOST_BYTES", 10)
    with pytest.raises(PlaygroundError, match="the file has 0 MB"):
        from_table(GOOD.encode())
    many = "".join(f"{2 * number},name {number // 2}\n" for number in range(2002))
    monkeypatch.setattr("playground.data.uploads.table_file.MOST_BYTES", 1 << 20)
    with pytest.raises(PlaygroundError, match="1,001 classes"):
        from_table(many.encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(alphabet='0123,;\t\n\r"ab.-e', max_size=200).map(str.encode))
def test_whatever_the_bytes_it_is_a_data_set_or_an_error_in_words(content: bytes) -> None:
    try:
        data = from_table(content)
    except PlaygroundError as error:
        assert error.message and error.hint
    else:
        assert len(data.classes) >= 2 and bool(torch.isfinite(data.train.x).all())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(FLOATS, st.sampled_from(["x", 'y"', "z,;"])), min_size=1, max_size=9))
def test_what_is_written_comes_back(rows: list[tuple[float, str]]) -> None:
    buffer = io.StringIO()
    rows = [*rows, *rows, (0.0, "x"), (1.0, "x"), (0.0, "w"), (1.0, "w")]
    csv.writer(buffer).writerows([("size", "label"), *rows])
    assert pairs(from_table(buffer.getvalue().encode())) == {((number,), name) for number, name in rows}
