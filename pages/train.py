"""Set how a net is trained, watch it learn, compare runs."""

from playground.ui.opening import wait

wait()  # what follows needs PyTorch

from playground.ui.train import train_page  # noqa: E402

train_page()
