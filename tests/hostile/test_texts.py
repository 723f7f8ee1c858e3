"""No hostile text freezes or breaks any of the work that is done on text from strangers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.forking import Forks, forks

from .case import pending
from .texts import TEXTS

SIZE = 1_500
"""Characters. What is worse than linear by a whole power shows at `make attack`'s sizes; what freezes, here."""


@pytest.fixture(scope="module")
def bounded() -> Iterator[Forks]:
    with forks("tests.hostile.bounds") as running:
        yield running


@pytest.mark.parametrize("text", TEXTS)
def test_all_work_on_a_hostile_text_ends_in_words(bounded: Forks, text: str) -> None:
    if why := pending(f"texts: {text}"):
        pytest.skip(why)
    told, killed = bounded(text=text, size=SIZE)
    began = [each["began"] for each in told if "began" in each]
    assert not killed, f"no end: {began[-1]}"
    assert [each["raised"] for each in told if "raised" in each] == []
    assert told[-1] == {"done": text}
