"""Whole answers, kind by kind and approach by approach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.evaluation.approaches import KindOutcome, WholeAnswer, asked, asked_as_json, by_kind
from rag.evaluation.dataset import Question, read_questions
from rag.evaluation.evaluate import ingested
from rag.evaluation.scoreboard import approaches_table
from rag.messages import SHIPPED
from rag.runtime import Parts
from rag.types.steps import Approach

from .test_evaluate import CORPUS, OPTIONS, parts

QUESTIONS = (
    Question("c", "What is the difference between bananas and certificates?", ("fruit", "tls"), kind="comparison"),
    Question("w", "Are bananas yellow?", ("fruit",), ("yellow",), kind="words"),
    Question("n", "Who won at Wimbledon?", (), kind="unanswerable", answerable=False),
    Question("x", "Are bananas yellow on Mars?", (), kind="unanswerable", answerable=False),
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Parts]:
    built = parts(tmp_path)
    ingested(built, CORPUS, with_titles=True, progress=lambda *_: None)
    yield built
    built.store.close()


def rows(found: list[WholeAnswer]) -> dict[tuple[str | None, str], KindOutcome]:
    return {(row.kind, row.approach): row for row in by_kind(found)}


def test_every_kind_is_measured_in_every_approach(running: Parts) -> None:
    found = list(asked(running, QUESTIONS, [Approach.DIRECT, Approach.AUTO], options=OPTIONS))
    counted = rows(found)
    assert len(counted) == 2 * 4  # three kinds, and all together
    direct, auto = counted["comparison", "direct"], counted["comparison", "auto"]
    assert (direct.labelled, direct.whole, direct.steps) == (1, 0, 1)
    assert (auto.whole, auto.steps) == (1, 4)
    assert auto.ndcg >= direct.ndcg > 0
    words = counted["words", "auto"]
    assert (words.answers, words.right, words.whole, words.labelled) == (1, 1, 1, 1)
    nothing = counted["unanswerable", "direct"]
    assert (nothing.questions, nothing.unanswerable, nothing.answered, nothing.labelled) == (2, 2, 1, 0)
    assert counted[None, "auto"].questions == 4


def test_the_table_and_the_json_say_what_came_of_it(running: Parts) -> None:
    found = list(asked(running, QUESTIONS[:1], [Approach.AUTO], options=OPTIONS))
    for language in SHIPPED.languages:
        table = approaches_table(by_kind(found), language)
        assert "1/1" in table and "auto" in table and "comparison" in table and len(table.split("\n")) == 2
    told = asked_as_json(found[0])
    assert told["whole"] is True and told["right"] is None and len(told["steps"]) == 5


def test_questions_say_their_kind_and_that_nothing_answers_them(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(
        '{"qid": "1", "query": "a", "relevant": []}\n'
        '{"qid": "2", "query": "b", "relevant": [], "kind": "list", "answerable": false}\n'
    )
    first, second = read_questions(path)
    assert (first.kind, first.answerable, second.kind, second.answerable) == ("", True, "list", False)
