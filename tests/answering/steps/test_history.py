"""Questions about time are told by dated documents in order, each with its day."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.steps.history import history_of
from rag.answering.steps.listing import chosen
from rag.evidence.export import export_markdown
from rag.messages import LANGUAGES, Language, reason
from rag.store import MilvusStore
from rag.types import Document
from rag.types.steps import StepKind, StepRow, StepTable
from rag.ui.html.answer import displays
from tests.ui.test_html import HOSTILE, answered, assert_harmless

from .test_charting import turn_with
from .test_lists_and_tables import Ask, asking, store

__all__ = ["store"]


def document(name: str, title: str, date: str, *tags: str) -> Document:
    return Document(name, "", title, "en", 1, 1, 1, 0.0, tags=tags, date=date)


KNOWN = [
    document("notes/a.md", "Station notes of May", "2024-05-20", "station"),
    document("notes/b.md", "Station notes of March", "2024-03-01", "station"),
    document("plan.md", "Plan", "2023-01-01", "station"),
    document("manual.md", "Manual", ""),
    document("站.md", "车站记录", "2024-06-01"),
    document("站二.md", "车站记录二", "2024-07-01"),
]


@pytest.mark.parametrize(
    ("question", "dates"),
    [
        ("What changed between March 2024 and June 2024?", ["2024-03-01", "2024-05-20", "2024-06-01"]),
        ("What is new since 2024-05-20?", ["2024-05-20", "2024-06-01", "2024-07-01"]),
        ("What has changed in the station notes since 2024?", ["2024-03-01", "2024-05-20"]),
        ("history of the station notes", ["2024-03-01", "2024-05-20"]),
        ("Show me the timeline of station", ["2024-03-01", "2024-05-20"]),
        ("车站记录的历史", ["2024-06-01", "2024-07-01"]),
        ("2024年6月以来有什么变化？", ["2024-06-01", "2024-07-01"]),
    ],
)
def test_a_question_about_time_is_told_by_days_in_order(question: str, dates: list[str]) -> None:
    query = history_of(question, KNOWN)
    assert query is not None and [d.date for d in chosen(query, KNOWN)] == dates


@pytest.mark.parametrize(
    "question",
    ["What changed in the valves since 2024?", "history of Rome", "What is new?", "What is a history?", "有什么",
     "x" * 999, "What happened to the manual?"],
)  # fmt: skip
def test_other_questions_are_for_the_search(question: str) -> None:
    assert history_of(question, KNOWN) is None


@given(st.text(max_size=400))
def test_any_question_can_be_asked(question: str) -> None:
    history_of(question, KNOWN)
    history_of(f"what changed since 2024 {question}", KNOWN)


@pytest.fixture
def ask(store: MilvusStore) -> Ask:
    return asking(store)


@pytest.mark.parametrize(
    ("question", "days"),
    [
        ("What changed between January 2024 and June 2024?", ["2024-03-01", "2024-05-20"]),
        ("the two newest documents", ["2024-05-20", "2024-03-01"]),
        ("Which documents are dated after 2023?", ["2024-03-01", "2024-05-20"]),
    ],
)
def test_a_list_by_date_is_a_time_line(ask: Ask, question: str, days: list[str]) -> None:
    ledger = ask(f"Show {question}" if question.startswith("the") else question)
    step = next(step for step in ledger.steps if step.kind is StepKind.LIST)
    assert step.table is not None and step.table.in_time
    shown = displays.below(replace(answered(), steps=ledger.steps), "en")
    assert re.findall(r'class="timeline-day">([^<]+)<', shown) == days
    assert "<table" not in shown and shown.count('data-act="doc-open"') == 2 and "Copy as CSV" in shown
    assert 'class="timeline"' in displays.kept(ledger, "en") and "<button" not in displays.kept(ledger, "en")
    assert days[0] in export_markdown([ledger], "en") and f"- {days[0]}: " in ledger.answer


def test_a_list_without_days_stays_a_table(ask: Ask) -> None:
    table = next(step.table for step in ask("How many documents are tagged station?").steps if step.table)
    assert not table.in_time


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_time_line_lets_no_markup_through(language: Language) -> None:
    rows = tuple(StepRow((HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE), HOSTILE) for _ in range(2))
    columns = ("name", "title", "tags", "date", "kind")
    table = StepTable(reason("steps.lists_all", count=2), columns, rows, 2, of_documents=True, in_time=True)
    assert_harmless(displays.below(turn_with(table), language))
