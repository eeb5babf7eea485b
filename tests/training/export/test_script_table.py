"""The part of a script that reads a table by pandas alone: from each layout come the tensors of the page."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from playground.data.uploads import store
from playground.data.uploads.table import from_table
from playground.layers.export.script import assembled
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.training.export.script import training_script
from playground.training.export.script_table import table_parts
from playground.training.loop import train
from tests.data.uploads.table_files import FILES, File
from tests.sampled import sampled
from tests.training.export.scripts import lines_of, printed

SHOW = """
from hashlib import sha256
for part in (train_x, train_y, test_x, test_y):
    print(part.dtype, tuple(part.shape), sha256(part.numpy().tobytes()).hexdigest())
"""
HARMLESS = "'); print(1) #"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def digits() -> File:
    """A table of pixels, the label first."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 784))
    frame = pd.DataFrame(pixels).assign(label=np.arange(20) % 3)
    return File("pixels.csv", frame.to_csv(index=False).encode(), pixels, [], "label")


def holes() -> File:
    """Empty cells among numbers and among words, which become a mean and a word of their own."""
    rows = [f"{n if n % 5 else ''},{['red', 'blue', ''][n % 3]},{n % 2 == 0},{'ab'[n % 2]}" for n in range(30)]
    text = "size,colour,is_even,kind\n" + "\n".join(rows)
    return File("holes.csv", text.encode(), np.zeros(0), [], "kind", options={"missing": "mean"})


def quantities() -> File:
    table = load_diabetes(as_frame=True, scaled=False).frame
    return File("diabetes.csv", table.to_csv(index=False).encode(), np.zeros(0), [], "target")


@pytest.mark.parametrize("file", sampled([digits(), *FILES, holes(), quantities()], 4, name=lambda file: file.id))
def test_the_same_tensors_come_from_the_file_itself(file: File, tmp_path: Path) -> None:
    data = from_table(file.content, file_name=file.name, **file.options)  # type: ignore[arg-type]
    (tmp_path / file.name).write_bytes(file.content)
    code = assembled(list(table_parts(store.describe(data.name)))) + SHOW
    kept = store.load(data.name)
    parts = (kept.train.x, kept.train.labels, kept.test.x, kept.test.labels)
    assert printed(code, tmp_path) == [
        f"{part.dtype} {tuple(part.shape)} {sha256(part.numpy().tobytes()).hexdigest()}" for part in parts
    ]


def test_a_run_on_a_table_is_done_again_from_the_file(tmp_path: Path) -> None:
    file = holes()
    data = from_table(file.content, file_name=f"../../{file.name}", missing="mean")
    chosen = TrainConfig("Linear(4) ReLU Linear(2)", data=data.name, epochs=2, batch=5, normalise=True, device="cpu")
    code = training_script(chosen, threads=1)
    assert "../" not in code
    (tmp_path / file.name).write_bytes(file.content)
    assert printed(code, tmp_path) == lines_of(list(train(chosen, data_of(chosen))))


def test_names_are_written_as_texts_and_nothing_else(tmp_path: Path) -> None:
    rows = "\n".join(f"{n},{['one', HARMLESS][n % 2]}" for n in range(8))
    data = from_table(f"a,b\n{rows}".encode(), file_name='it\'s "3" {}.csv')
    code = assembled(list(table_parts(store.describe(data.name)))) + "print(CLASSES, TABLE.name)"
    (tmp_path / 'it\'s "3" {}.csv').write_text(f"a,b\n{rows}")
    assert printed(code, tmp_path) == [f'{list(data.classes)} it\'s "3" {{}}.csv']


@pytest.mark.parametrize("settings", [{}, {"normalise": True}, {"folds": 3, "normalise": True}, {"shuffle": False}])
def test_batches_of_odd_sizes_have_the_bits_of_the_run(settings: dict[str, object], tmp_path: Path) -> None:
    """What a matrix product rounds depends on where in memory its rows begin."""
    numbers = np.random.default_rng(1).random((60, 4))
    rows = "\n".join(f"{n},{','.join(map(str, row))},{n * 1000.5}" for n, row in enumerate(numbers))
    content = f"a,b,c,d,e,price\n{rows}".encode()
    data = from_table(content, file_name="prices.csv", label="price")
    given = {"loss": "MSELoss", "learning_rate": 0.01, "epochs": 2, "batch": 7, "device": "cpu"}
    chosen = TrainConfig.from_fields({"text": "Linear(4) ReLU Linear(1)", "data": data.name} | given | settings)
    (tmp_path / "prices.csv").write_bytes(content)
    assert printed(training_script(chosen, threads=1), tmp_path) == lines_of(list(train(chosen, data_of(chosen))))
