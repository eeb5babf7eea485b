"""What the page shows of a pasted class: its rows, its error with a repair, its notebook and summary."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from playground.layers.document import StackDocument
from playground.layers.net.net import net_of
from playground.layers.pasted.analysis import pasted_listing
from playground.lessons.presets import STACKS
from playground.ui.layers.exports import STACK_EXPORTS
from playground.ui.layers.rows import listing_data
from playground.views.export import exports_of
from tests.layers.catalogue.test_catalogue_formulas import evaluated
from tests.layers.pasted_classes import DOCUMENTS


def pasted_rows(document: StackDocument) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    return listing_data(net_of(document).listing, document.batch)


def test_rows_are_plain_data_that_cannot_be_edited() -> None:
    for document in DOCUMENTS.values():
        rows, totals = pasted_rows(document)
        assert json.loads(json.dumps([rows, totals])) == [rows, totals]
        assert len(rows) == len(pasted_listing(document).rows) and not any(row["editable"] for row in rows)
        assert all(document.text[row["start"] : row["end"]] for row in rows)
        assert totals["output"].startswith(f"({document.batch}, ")


def test_a_row_with_others_in_it_folds_and_counts_its_parameters() -> None:
    for document in (*DOCUMENTS.values(), STACKS.preset("L0.6").document):
        rows, _ = pasted_rows(document)
        for row in rows:
            inside = [other for other in rows if other["path"][: len(row["path"])] == row["path"] and other is not row]
            assert row["branches"] == (1 if inside else 0)
            assert row["arguments"][0]["name"] == row["name"] and len(row["arguments"][0]["content"]) <= len(
                row["text"]
            )
            said = row["parameters_formula"]
            if said and said != "counted above":
                assert evaluated(said) == row["parameters"]
            assert bool(row["parameters"]) or said in ("", "counted above")


def test_the_layer_that_does_not_fit_has_no_shape() -> None:
    document = DOCUMENTS["lenet"]
    rows, totals = pasted_rows(replace(document, text=document.text.replace("400", "4")))
    assert [row["gives"] is None for row in rows] == [False] * (len(rows) - 1) + [True] and totals["output"] is None


def test_a_class_has_only_exports_that_fit_it() -> None:
    pasted, stack = DOCUMENTS["tied"], StackDocument(data="random", batch=2)
    assert exports_of(STACK_EXPORTS, stack) == STACK_EXPORTS
    left_out = {export.label for export in STACK_EXPORTS} - {
        export.label for export in exports_of(STACK_EXPORTS, pasted)
    }
    assert left_out == {"nn.Sequential", "From scratch"}
    for document in (pasted, stack):
        for export in exports_of(STACK_EXPORTS, document):
            assert export.make(document), export.label
    assert not any("nn.Sequential" in export.about_for(pasted) for export in exports_of(STACK_EXPORTS, pasted))


def test_the_notebook_and_the_summary_of_a_class() -> None:
    made = {export.file_name: export.make(DOCUMENTS["tied"]) for export in STACK_EXPORTS[3:5]}
    code = "".join("".join(cell["source"]) for cell in json.loads(made["stack.ipynb"])["cells"])
    assert "class Tied(nn.Module):" in code and "loss.backward()" in code
    assert made["summary.txt"].splitlines()[-1].startswith("total")
