"""Where things are computed: who decides, what is said of it, and what happens where the device has no room."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
import torch

from playground.computing import device
from playground.computing.device import CPU, described, device_of, here, in_words, needed, placed, using
from playground.computing.elsewhere import on_the_device
from playground.computing.messages import Message
from playground.errors import PlaygroundError
from tests.lazy import LAZY

CUDA_SAYS = (
    "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 139.81 GiB of which 4.00 MiB is"
    " free. Process 7 has 139.80 GiB memory in use."
)


def there(monkeypatch: pytest.MonkeyPatch, *names: str, wanted: str = "auto") -> None:
    monkeypatch.setattr(device, "devices", lambda: (*names, "cpu"))
    monkeypatch.setattr(device, "WANTED", wanted)


@pytest.mark.parametrize(
    ("names", "host", "wanted", "expected"),
    [
        ((), "auto", "auto", "cpu"),
        (("cuda:0", "cuda:1"), "auto", "auto", "cuda:0"),
        (("cuda:0", "cuda:1"), "cuda:1", "auto", "cuda:1"),
        (("cuda:0", "cuda:1"), "cuda:1", "cuda", "cuda:0"),
        (("cuda:0",), "cpu", "auto", "cpu"),
        (("cuda:0",), "cpu", "cuda", "cuda:0"),
        (("mps:0",), "auto", "mps", "mps:0"),
        ((), "lazy", "auto", "lazy:0"),
    ],
)
def test_the_run_decides_before_the_host_and_the_host_before_speed(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], host: str, wanted: str, expected: str
) -> None:
    there(monkeypatch, *names, wanted=host)
    assert str(device_of(wanted)) == expected


@pytest.mark.parametrize("wanted", ["cuda", "cuda:2", "mps", "", "tpu", "cpu:1", 3])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(
    monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    there(monkeypatch)
    with pytest.raises(PlaygroundError, match="there is no device") as refused:
        device_of(wanted)
    assert refused.value.hint == "here are cpu"


def test_what_is_used_is_this_threads_alone() -> None:
    seen = []
    with using(LAZY):
        assert here() == LAZY
        thread = threading.Thread(target=lambda: seen.append(here()))
        thread.start()
        thread.join()
    assert (here(), seen) == (CPU, [CPU])


DRAWS: dict[str, Callable[[torch.Generator], torch.Tensor]] = {
    "rand": lambda g: torch.rand(2, 3, generator=g),
    "randn": lambda g: torch.randn(2, 3, generator=g),
    "randint": lambda g: torch.randint(0, 9, (5,), generator=g),
    "randperm": lambda g: torch.randperm(9, generator=g),
    "normal": lambda g: torch.normal(0.0, 1.0, (3,), generator=g),
    "bernoulli": lambda g: torch.bernoulli(torch.full((9,), 0.5), generator=g),
    "in place": lambda g: torch.zeros(9).bernoulli_(0.5, generator=g),
    "kaiming": lambda g: torch.nn.init.kaiming_uniform_(torch.zeros(3, 3), generator=g),
    "none": lambda g: torch.arange(3.0) + torch.eye(3)[0],
}


@pytest.mark.parametrize("name", DRAWS)
def test_random_numbers_are_those_of_the_cpu(name: str) -> None:
    def drawn() -> torch.Tensor:
        return DRAWS[name](torch.Generator().manual_seed(3))

    expected = drawn()
    with using(LAZY), placed():
        found = drawn()
    assert found.device == LAZY
    assert torch.equal(found.cpu(), expected)
    assert drawn().device == CPU, "and afterwards nothing is there"


def test_a_leaf_that_is_drawn_is_a_leaf() -> None:
    with using(LAZY), placed():
        leaf = torch.randn(3, generator=torch.Generator(), requires_grad=True)
    assert leaf.is_leaf and leaf.requires_grad and leaf.device == LAZY


def job(given: Message) -> Message:
    if here() != CPU and given.get("error"):
        raise torch.OutOfMemoryError(given["error"])
    return {"device": str(here()), "said": in_words(str(here()))}


def answer(monkeypatch: pytest.MonkeyPatch, given: Message, host: str = "lazy") -> Message:
    there(monkeypatch, wanted=host)
    return on_the_device({"job": job}).by_name["job"](given)


def test_a_job_is_done_on_the_hosts_device_and_nothing_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer(monkeypatch, {}) == {"device": "lazy:0", "said": "computed on lazy:0"}
    assert here() == CPU
    assert answer(monkeypatch, {}, host="cpu") == {"device": "cpu", "said": ""}


def test_without_room_a_job_is_done_on_the_cpu_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer(monkeypatch, {"error": CUDA_SAYS}) == {
        "device": "cpu",
        "said": "computed on the CPU: the device lacked memory (20.00 MiB more at once, where 4.00 MiB were free)",
    }
    assert answer(monkeypatch, {"error": "out of memory"})["said"] == "computed on the CPU: the device lacked memory"


def test_another_error_is_not_taken_for_a_lack_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="shapes"):
        answer(monkeypatch, {"error": "shapes do not fit"})


def test_a_device_that_does_not_answer_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answer(monkeypatch, {}, host="cuda") == {"device": "cpu", "said": ""}


def test_what_is_needed_is_read_from_the_allocators_words() -> None:
    assert needed(CUDA_SAYS) == "20.00 MiB more at once, where 4.00 MiB were free"
    assert needed("something else") == ""


def test_a_device_has_a_name() -> None:
    assert [described(name) for name in ("cpu", "mps:0", "cuda:1")] == ["the CPU", "Apple's GPU", "GPU 1"]
