"""What a model thinks aloud is not its answer, whatever marks it and wherever the stream is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.models.chat.thinking import WithoutThinking
from rag.protocols import Afresh


def heard(deltas: list[str]) -> str:
    """What a listener has in the end."""
    filter, answer = WithoutThinking(), ""
    for passed in [*map(filter.feed, deltas), filter.flush()]:
        answer = str(passed) if isinstance(passed, Afresh) else answer + passed
    return answer


SPOKEN = [
    pytest.param("<think>a</think>\n\nYes.", "Yes.", id="one block"),
    pytest.param("<Think>a</THINK>Yes.", "Yes.", id="capitals"),
    pytest.param("<thought>a</thought>\nYes.", "Yes.", id="by another name"),
    pytest.param("◁think▷a◁/think▷Yes.", "Yes.", id="other brackets"),
    pytest.param("[THINK]a[/THINK]Yes.", "Yes.", id="square brackets"),
    pytest.param("<think>a</think>\n<think>b</think>\nYes.", "Yes.", id="two blocks"),
    pytest.param("<think>a <think>b</think> c</think>Yes.", "Yes.", id="one in another"),
    pytest.param("Okay, context [2].\n</think>\n\nYes. [1]", "Yes. [1]", id="the closing tag alone"),
    pytest.param("</think>Yes.", "Yes.", id="the closing tag first"),
    pytest.param("a</think><think>b</think>Yes.", "Yes.", id="the closing tag alone, then a block"),
    pytest.param("A <think>b</think> c", "A <think>b</think> c", id="a pair later on is text"),
    pytest.param("It ends with `</think>` there.", "It ends with `</think>` there.", id="a tag spoken of"),
    pytest.param("  <this> is", "  <this> is", id="another tag"),
    pytest.param("[think](a.md) first", "[think](a.md) first", id="a link"),
    pytest.param("<think>a", "", id="never closed"),
    pytest.param("Yes <thi", "Yes <thi", id="half a tag at the end"),
    pytest.param(" " * 300 + "<think>a</think>", " " * 300 + "<think>a</think>", id="far from the start"),
]


@pytest.mark.parametrize(("reply", "answer"), SPOKEN)
def test_thinking_is_dropped_however_the_stream_is_cut(reply: str, answer: str) -> None:
    assert heard([reply]) == answer
    assert heard(list(reply)) == answer


@given(st.lists(st.sampled_from(["<think>", "</think>", "<", "/", "think", ">", " ", "\n", "a", "`"]), max_size=12))
def test_where_the_stream_is_cut_makes_no_difference(parts: list[str]) -> None:
    assert heard(list("".join(parts))) == heard(["".join(parts)])
