"""The row of stages on a kept answer, and the search under it: every state in shape and words, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from rag.events import Stage, StageEvent, StageState
from rag.ledger import Author
from rag.messages import LANGUAGES, Language, reason
from rag.ui.html.answer import query, stages
from rag.ui.state.turn import Turn
from tests.support.browsed import Page

from .test_html import HOSTILE, answered, assert_harmless

NAMES = ["rewrite", "dense", "full text", "fuse", "rerank", "generate", "cite"]


def marks(turn: Turn, language: Language = "en") -> list[str]:
    """What each mark says to whoever cannot see it."""
    shown = Page(stages.kept(turn, language)).tags
    return [str(a["aria-label"]) for _, a in shown if str(a.get("class")).startswith("stage-mark ")]


def after(turn: Turn, *events: StageEvent) -> Turn:
    for event in events:
        turn = turn.after(event)
    return turn


def test_seven_marks_stand_on_every_kept_answer_with_state_time_and_reason() -> None:
    said = marks(answered("break rerank"))
    assert [one.partition(":")[0] for one in said] == NAMES
    assert said[0] == "rewrite: skipped. first question of the conversation"
    assert said[1] == "dense: done, 6 ms"
    assert said[4] == "rerank: failed, 512 ms. it broke down (MemoryError); the log has the details"


def test_states_differ_in_shape_not_in_colour_alone() -> None:
    html = stages.kept(answered("break rerank"), "en")
    shapes = re.findall(r'class="stage-mark (\w+)".*?<svg[^>]*>(.*?)</svg>', html)
    assert {state for state, _ in shapes} == {"finished", "skipped", "failed"}
    assert len(set(shapes)) == len({shape for _, shape in shapes}) == 3


def test_a_stage_the_answer_never_came_to_says_so() -> None:
    turn = replace(answered(), stages=(StageEvent(Stage.REWRITE, StageState.FINISHED, None, 3),))
    assert marks(turn)[6] == "cite: not reached"
    assert marks(turn, "zh")[6] == "引用: 未执行到此步"


def test_embedding_is_shown_live_as_the_beginning_of_dense_search() -> None:
    turn = after(Turn(1, "q", answered().options), StageEvent(Stage.EMBED, StageState.STARTED))
    assert '<li class="stage now" aria-current="step">dense<b></b></li>' in stages.live(turn, "en")


def test_the_row_is_one_stop_for_the_tab_key() -> None:
    shown = Page(stages.kept(answered(), "en")).tags
    stops = [a["tabindex"] for _, a in shown if str(a.get("class")).startswith("stage-mark ")]
    assert stops == ["0", "-1", "-1", "-1", "-1", "-1", "-1"]


# ---- what was searched for --------------------------------------------------------------------------------


def searched(words: str, author: Author) -> Turn:
    turn = answered("And in 2023?")
    assert turn.ledger is not None
    made = replace(turn.searches[0], query=words, author=author)
    return replace(turn, searches=(made,), ledger=replace(turn.ledger, searches=(made,)))


@pytest.mark.parametrize(
    ("author", "said", "exact"),
    [
        (Author.MODEL, "worded by the language model", True),
        (Author.RULE, "worded by a rule", True),
        (Author.SPELLING, "spelled as your documents do", True),
        (Author.EDITED, "worded by you", False),
    ],
)
def test_another_query_is_told_with_its_author_and_can_be_changed(author: Author, said: str, exact: bool) -> None:
    html = query.line(searched("sales 2023", author), "en", place="answer")
    assert "sales 2023" in Page(html).shown
    assert said in Page(html).shown
    assert "Search this" in Page(html).shown
    asked = [a["data-query"] for _, a in Page(html).tags if "data-query" in a]
    assert asked == (["And in 2023?"] if exact else [])
    panel = query.line(searched("sales 2023", author), "en", place="panel")
    assert said in Page(panel).shown
    assert "data-act" not in panel, "it can be changed under the answer; once is enough"


def test_a_question_searched_as_typed_is_silent_under_the_answer_and_can_be_changed_in_the_panel() -> None:
    turn = searched("And in 2023?", Author.USER)
    assert query.line(turn, "en", place="answer") == ""
    panel = Page(query.line(turn, "en", place="panel"))
    assert "Searched for" not in panel.shown
    assert "Change the search" in panel.shown


def test_nothing_can_be_changed_while_the_answer_is_written() -> None:
    turn = replace(searched("sales 2023", Author.MODEL), ledger=None)
    html = query.line(turn, "en", place="panel")
    assert "sales 2023" in Page(html).shown
    assert "Search this" not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_queries_and_reasons_stay_text(language: Language) -> None:
    turn = replace(searched(f"{HOSTILE} 2", Author.MODEL), question=HOSTILE)
    assert_harmless(query.line(turn, language, place="answer"))
    broken = StageEvent(Stage.RERANK, StageState.FAILED, reason("stages.broke_down", kind=HOSTILE), 5)
    assert_harmless(stages.kept(after(turn, broken), language))
