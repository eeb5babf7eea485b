"""Errors that nobody foresaw: a sentence with a reference, the traceback in the log, nothing of anybody's words."""

from __future__ import annotations

import logging

import pytest

from playground import unforeseen
from playground.errors import PlaygroundError
from playground.texts import DEEPEST, is_whole, plain_data, whole_characters
from playground.unforeseen import explained, tried

SECRET = "what somebody typed"


def fails() -> None:
    raise KeyError(SECRET)


def test_the_sentence_has_a_reference_and_none_of_the_words(caplog: pytest.LogCaptureFixture) -> None:
    unforeseen._logged.clear()
    with caplog.at_level(logging.ERROR):
        first, second = tried(fails), tried(fails)
    assert isinstance(first, PlaygroundError) and isinstance(second, PlaygroundError)
    assert SECRET not in f"{first.message} {first.hint}" and first.message == second.message
    (record,) = caplog.records
    assert record.exc_info is not None and record.exc_info[0] is KeyError
    assert record.getMessage().removeprefix("reference ") in first.message


def test_another_place_has_another_reference() -> None:
    def elsewhere() -> None:
        raise KeyError(SECRET)

    assert str(tried(fails)) != str(tried(elsewhere))


def test_it_is_logged_again_after_a_while(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    unforeseen._logged.clear()
    clock = iter([0.0, 1.0, unforeseen.AGAIN + 1.0])
    monkeypatch.setattr(unforeseen, "monotonic", lambda: next(clock))
    for _ in range(3):
        tried(fails)
    assert len(caplog.records) == 2


def test_a_foreseen_error_stays_what_it_is() -> None:
    def refuses() -> None:
        raise PlaygroundError("no")

    assert str(tried(refuses)) == "no" and tried(lambda: 5) == 5
    with pytest.raises(PlaygroundError, match="no"):
        explained(refuses)()


def test_in_a_notebook_the_other_error_is_the_cause() -> None:
    with pytest.raises(PlaygroundError, match="KeyError") as caught:
        explained(fails)()
    assert isinstance(caught.value.__cause__, KeyError)
    with pytest.raises(PlaygroundError, match="unexpected keyword argument 'colour'"):
        explained(fails)(colour=1)  # type: ignore[call-arg]


def test_half_characters_are_replaced_where_they_stand() -> None:
    assert whole_characters("a\ud83db\udc80") == "a\ufffdb\ufffd" and whole_characters("𝛼🙂") == "𝛼🙂"
    assert not is_whole("\ud83d") and is_whole("𝛼🙂")


def test_data_from_outside_is_copied_whole_and_only_so_deep() -> None:
    assert plain_data({"\ud800": ["\ud800", 1, None, True, 2.5]}) == {"\ufffd": ["\ufffd", 1, None, True, 2.5]}
    nested: list[object] = []
    for _ in range(DEEPEST - 1):
        nested = [nested]
    assert plain_data(nested) == nested
    with pytest.raises(ValueError):
        plain_data([nested])
