"""Set how a net is trained, watch it learn, compare runs."""

from playground.ui.start.loading import wait

wait()  # what follows needs PyTorch

from playground.ui.train.page import train_page  # noqa: E402

train_page()
