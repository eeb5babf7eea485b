"""Stack layers, see every shape, step through the graph."""

from playground.ui.start.loading import wait

wait()  # what follows needs PyTorch

from playground.ui.layers.page import layers_page  # noqa: E402

layers_page()
