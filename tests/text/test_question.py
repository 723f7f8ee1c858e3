"""What is no word of a question changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.question import bare, canonical


@pytest.mark.parametrize(
    ("question", "words"),
    [
        pytest.param("service?", "service", id="final mark"),
        pytest.param("  service ?!  ", "service", id="marks and blanks"),
        pytest.param("“service”？", "service", id="quotation marks"),
        pytest.param("(service)", "service", id="a word in brackets"),
        pytest.param("please, shipping cost", "shipping cost", id="politeness before"),
        pytest.param("Shipping cost, please!", "Shipping cost", id="politeness behind"),
        pytest.param("请问油箱多大？", "油箱多大", id="Chinese"),
        pytest.param("油箱多大，谢谢。", "油箱多大", id="Chinese thanks"),
        pytest.param("What does P(yes) mean?", "What does P(yes) mean", id="brackets of a name"),
        pytest.param("Is C# or C++ supported?", "Is C# or C++ supported", id="names that end in signs"),
        pytest.param("the driver's seat", "the driver's seat", id="apostrophe"),
        pytest.param("What changed in 2.4.1?", "What changed in 2.4.1", id="full stops inside a version"),
        pytest.param("pleased customers", "pleased customers", id="a longer word"),
        pytest.param("(service)?", "service", id="a mark behind brackets"),
        pytest.param("[service], please", "service", id="politeness behind brackets"),
        pytest.param("please", "please", id="nothing but politeness"),
        pytest.param(" ?! ", "?!", id="no word at all"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_marks_quotes_and_politeness_are_no_words(question: str, words: str) -> None:
    assert bare(question) == words


@given(st.text(max_size=60), st.sampled_from(["?", "!", ".", " ?", "？", "。", "…", ", please"]))
def test_a_final_mark_changes_nothing(question: str, mark: str) -> None:
    if any(c.isalnum() for c in bare(question)):
        assert canonical(question + mark) == canonical(question)


@given(st.text(max_size=60))
def test_what_is_bare_stays_so(question: str) -> None:
    assert bare(bare(question)) == bare(question)


def test_a_few_words_name_a_thing_and_more_are_a_sentence_that_asks() -> None:
    assert canonical("yearly service?") == "yearly service"
    assert canonical("how long is the yearly service") == "how long is the yearly service?"
