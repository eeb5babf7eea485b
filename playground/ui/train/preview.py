"""“Look at the data first”: some examples of each class, how many there are, and one batch with its axes named."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import numpy as np
import streamlit as st

from playground.data.dataset import Data
from playground.data.datasets import DATA_NAMES
from playground.data.preview import ClassCount, class_balance, example_grid, number_spread, one_batch
from playground.training.config import TrainConfig
from playground.training.examples import data_of
from playground.ui.shared.boundary import guarded, plain, sentence_of
from playground.ui.train.notes import missing, not_here, with_digits
from playground.views.png import photo_uri

PER_CLASS = 8  # examples shown of each


def preview(config: TrainConfig, take: Callable[[TrainConfig], None]) -> None:
    """Show the data that a run with these settings would see. Nothing is downloaded here, which would hold up the page:
    `take` is called with the same settings for the bundled digits, where somebody prefers those."""
    row = missing(config.data)
    if row is not None:
        st.info(plain(f"{not_here(row)} Press Train, and look again when it has arrived."))
        _digits_instead(config, take)
        return
    try:
        with st.spinner("Reading the data …"):
            data = data_of(config)
    except Exception as error:
        st.error(sentence_of(error).replace("\\`", ""))
        if config.data != "digits":
            _digits_instead(config, take)
        return
    st.html(preview_html(data, config))


def _digits_instead(config: TrainConfig, take: Callable[[TrainConfig], None]) -> None:
    st.button("Use the bundled digits", key="look-digits", on_click=guarded(take), args=(with_digits(config),))


def preview_html(data: Data, config: TrainConfig) -> str:
    """The table of classes and the axes of a batch as HTML; names of classes may be anybody's."""
    counts = class_balance(data) if data.classes else number_spread(data)
    most = max(count.train for count in counts)
    strips = _strips(data, config) if data.is_pictures and data.classes else [""] * len(counts)
    what = "class" if data.classes else "number to predict"
    rows = "".join(_row(count, most, strip) for count, strip in zip(counts, strips, strict=True))
    batch = one_batch(data, config.batch, rng_seed=config.rng_seed)
    axes, labels = (
        ", ".join(f"<b>{axis.size}</b> {axis.name}" for axis in named) for named in (batch.x_axes, batch.label_axes)
    )
    shown = batch.labels[:10].tolist()
    first = ", ".join(escape(data.classes[label]) if data.classes else f"{label:.4g}" for label in shown)
    return (
        '<div class="look"><p>Training examples: '
        f"{len(data.train):,}. Test examples: {len(data.test):,}.</p>"
        '<div class="look-scroll" tabindex="0" role="region" aria-label="Classes"><table><thead><tr>'
        f'<th scope="col">{what}</th><th scope="col">examples</th>'
        '<th scope="col">training</th><th scope="col">test</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
        f"<p>One batch is a tensor of shape <code>{tuple(batch.x.shape)}</code>: {axes}; numbers from "
        f"{float(batch.x.min()):.3g} to {float(batch.x.max()):.3g}. Its labels: "
        f"<code>{tuple(batch.labels.shape)}</code>, {labels}, the first of them {first}.</p></div>"
    )


def _row(count: ClassCount, most: int, strip: str) -> str:
    width = round(80 * count.train / max(1, most))
    image = f'<img src="{strip}" alt="examples of {escape(count.name)}" height="36">' if strip else ""
    bar = f'<span class="look-bar" style="width:{width}px" aria-hidden="true"></span>'
    cells = f"<td>{image}</td><td>{bar} {count.train:,}</td><td>{count.test:,}</td>"
    return f'<tr><th scope="row">{escape(count.name)}</th>{cells}</tr>'


def _strips(data: Data, config: TrainConfig) -> list[str]:
    """Draw one picture a class, its examples side by side."""
    grid = example_grid(data, PER_CLASS, rng_seed=config.rng_seed)
    return [photo_uri(np.concatenate(list(row), axis=1), is_ink=config.data in DATA_NAMES) for row in grid]
