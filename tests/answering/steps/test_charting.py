"""Charts: asked for in words, made of the cells of a table alone, drawn without anything a page could run or fetch."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.steps.charting import chart_of, wish_of
from rag.cli.report import plain, step_lines
from rag.evidence.export import export_markdown
from rag.evidence.records import read, write
from rag.ledger import Ledger
from rag.messages import LANGUAGES, Language, reason
from rag.store import MilvusStore
from rag.types.steps import (
    AnswerStep,
    Approach,
    ChartKind,
    ChartSeries,
    StepAuthor,
    StepChart,
    StepKind,
    StepRow,
    StepTable,
)
from rag.ui.html.answer import chart, displays
from rag.ui.state.turn import Turn
from tests.support.browsed import Page
from tests.support.fakes import ScriptedChat
from tests.ui.test_html import HOSTILE, answered, assert_harmless

from .test_lists_and_tables import Ask, asking, store

__all__ = ["store"]

PUMPS: tuple[tuple[str, ...], list[tuple[str, ...]]] = (
    ("Pump", "Place", "Load (kg)", "Head (m)", "Year"),
    [("P-1", "North", "240", "12.5", "2019"), ("P-2", "North", "1,024", "31", "2020"),
     ("P-3", "South", "–", "8", "2021")],
)  # fmt: skip


def table(columns: tuple[str, ...], rows: list[tuple[str, ...]], *, of_documents: bool = False) -> StepTable:
    placed = tuple(StepRow(cells, "pumps.md") for cells in rows)
    return StepTable(reason("steps.counts", count=len(rows), where=""), columns, placed, len(rows), of_documents)


@pytest.mark.parametrize(
    ("question", "rest", "kind"),
    [
        ("Chart of average load by place", "average load by place", None),
        ("Can you draw a bar chart of the total load by place?", "the total load by place", ChartKind.BAR),
        ("Plot the load of the pumps", "the load of the pumps", None),
        ("scatter plot of load against head", "load and head", ChartKind.SCATTER),
        ("load per pump as a line chart", "load per pump", ChartKind.LINE),
        ("画出各地点平均负载的柱状图", "各地点平均负载", ChartKind.BAR),
        ("把负载画成折线图", "负载", ChartKind.LINE),
        ("用柱状图展示负载", "负载", ChartKind.BAR),
    ],
)
def test_a_chart_is_asked_for_in_so_many_words(question: str, rest: str, kind: ChartKind | None) -> None:
    found = wish_of(question)
    assert found is not None and found.kind == kind
    assert found.rest.removeprefix("the ").endswith(rest.removeprefix("the "))


@pytest.mark.parametrize(
    "question",
    ["What is a graph of vectors?", "HNSW 是基于图的索引吗？", "这张图是什么图？", "graph index types", "x" * 999, ""],
)
def test_other_questions_ask_for_none(question: str) -> None:
    assert wish_of(question) is None


def drawn(question: str | None = None, given: StepTable | None = None) -> StepChart | None:
    return chart_of(given or table(*PUMPS), wish_of(question) if question else None)


def test_columns_are_those_that_are_asked_for() -> None:
    found = drawn("bar chart of the head by pump")
    assert found == StepChart(
        ChartKind.BAR, "Pump", ("P-1", "P-2", "P-3"), (ChartSeries("Head (m)", (12.5, 31.0, 8.0)),), 3
    )
    both = drawn("scatter plot of head against load")
    assert both is not None and {s.name for s in both.series} == {"Load (kg)", "Head (m)"}
    assert drawn("chart of load and head").series[0].values == (240.0, 1024.0, None)  # type: ignore[union-attr]


def test_a_table_alone_is_drawn_by_its_first_numbers_years_not_among_them() -> None:
    found = drawn()
    assert found is not None and [s.name for s in found.series] == ["Load (kg)"] and found.kind is ChartKind.BAR
    in_time = drawn(given=table(("Year", "Load"), [("2019", "3"), ("2020", "4"), ("2021", "5")]))
    assert in_time is not None and in_time.names in ("#", "Year")


@pytest.mark.parametrize(
    "given",
    [
        table(("Name",), [("a",), ("b",)]),
        table(("Name", "Load"), [("a", "3")]),
        table(("Name", "Load"), [("a", "3 kg"), ("b", "3 m")]),
        table(("name", "title"), [("1", "2"), ("3", "4")], of_documents=True),
        table((), []),
    ],
    ids=["no numbers", "one row", "two units", "documents", "empty"],
)
def test_what_has_no_numbers_is_not_drawn(given: StepTable) -> None:
    assert chart_of(given) is None
    assert "display-chart" not in displays.below(turn_with(given), "en")


NUMBERS = st.integers().map(str) | st.floats(allow_nan=False, allow_infinity=False).map(str)
CELLS = st.text(max_size=9) | NUMBERS


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=2, max_size=9), st.sampled_from([*ChartKind, None]))
def test_whatever_the_cells_are_numbers_are_theirs_and_the_drawing_is_harmless(
    rows: list[tuple[str, ...]], kind: ChartKind | None
) -> None:
    found = chart_of(table(("a <b>", "x\x00y", "z"), rows))
    if found is None:
        return
    assert len(found.labels) == len(rows) and all(len(s.values) == len(rows) for s in found.series)
    assert all(value is None or isfinite(value) for s in found.series for value in s.values)
    if kind is ChartKind.SCATTER:
        found = replace(found, series=(found.series[0], found.series[0]))
    shown = chart.figure(replace(found, kind=kind or found.kind), "en")
    assert_harmless(shown)
    assert ("<svg" in shown) == ('role="img"' in shown) == ("<desc>" in shown)


def test_numbers_too_large_for_what_lies_between_them_are_left_to_the_table() -> None:
    series = ChartSeries("Load", (2.0**53,)), ChartSeries("Year", (2.0**53,))
    shown = chart.figure(StepChart(ChartKind.SCATTER, "Name", ("a",), series, 1), "en")
    assert "<svg" not in shown


@pytest.mark.parametrize("kind", ChartKind)
def test_a_drawing_holds_no_script_no_style_no_address_and_no_markup_of_a_cell(kind: ChartKind) -> None:
    series = ChartSeries(HOSTILE, (1.0, -2.5, 3e9)), ChartSeries("b", (1.5, None, 2.0))
    shown = chart.figure(StepChart(kind, HOSTILE, (HOSTILE, "]]>&amp;", "\ud800\x07"), series, 50), "en")
    assert_harmless(shown)
    page = Page(shown)
    assert not {tag for tag, _ in page.tags} & {"script", "style", "image", "use", "foreignobject", "a"}
    assert not [k for _, about in page.tags for k in about if k in ("style", "id") or ":" in k]
    assert "3 of 50 rows drawn" in shown
    shapes = {tag for tag, _ in page.tags}
    assert {ChartKind.BAR: "rect", ChartKind.LINE: "path", ChartKind.SCATTER: "circle"}[kind] in shapes
    ys = [about.get("y") for tag, about in page.tags if tag == "text"]
    assert ys and all(ys), "every label has its place"


def turn_with(given: StepTable, shown: StepChart | None = None) -> Turn:
    first = AnswerStep(1, StepKind.TABULATE, StepAuthor.RULE, reason("steps.first"), milliseconds=1.0, table=given)
    second = replace(first, number=2, kind=StepKind.CHART, table=None, chart=shown)
    return replace(answered(), steps=(first, second) if shown else (first,))


@pytest.fixture
def ask(store: MilvusStore) -> Ask:
    return asking(store)


def charted(ledger: Ledger) -> StepChart:
    (found,) = [step.chart for step in ledger.steps if step.kind is StepKind.CHART]
    assert found is not None
    return found


def test_a_question_for_a_chart_counts_then_draws_and_is_kept(ask: Ask) -> None:
    ledger = ask("Bar chart of the load per pump")
    assert [s.kind for s in ledger.steps] == [StepKind.SEARCH, StepKind.TABULATE, StepKind.CHART, StepKind.ANSWER]
    found = charted(ledger)
    assert (found.names, found.labels) == ("Pump", ("P-1", "P-2", "P-3", "P-4"))
    assert found.series == (ChartSeries("Load (kg)", (240.0, 1024.0, None, 6.0)),)
    assert ledger.answer.startswith("Load (kg) in 4 rows [") and read(write(ledger)) == ledger


def test_no_chart_is_drawn_unasked(ask: Ask) -> None:
    assert all(step.chart is None for step in ask("What is the highest load of the pumps?").steps)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chart_is_shown_saved_exported_and_printed(ask: Ask, language: Language) -> None:
    ledger = ask("Bar chart of the load per pump")
    page, saved = displays.below(replace(answered(), steps=ledger.steps), language), displays.kept(ledger, language)
    assert page.count("<svg") == 1 + page.count('class="icon"') and page.index("<figure") < page.index("<table")
    assert 'class="chart-drawn"' in saved and "<button" not in saved
    bars = re.compile(r"P-2\s+█+ 1024$", re.MULTILINE)
    assert bars.search(export_markdown([ledger], language))
    assert bars.search("\n".join(line for step in ledger.steps for line in step_lines(step, language)))
    assert plain(ledger)["steps"][2]["chart"]["kind"] == "bar"


def test_a_table_nobody_asked_to_draw_can_be_opened_as_a_chart() -> None:
    shown = displays.below(turn_with(table(*PUMPS)), "en")
    assert "Show as chart" in shown and shown.index("Show as chart") < shown.index("<table")
    asked = displays.below(turn_with(table(*PUMPS), drawn()), "en")
    assert "Show as chart" not in asked and asked.count("chart-drawn") == 1


def test_a_model_may_draw_the_table_it_counted_and_nothing_else(ask: Ask) -> None:
    chart_said = [json.dumps({"reason": "r", "action": "chart", "chart": "line"})]
    counted = {
        "reason": "r",
        "action": "tabulate",
        "table": "T1",
        "operation": "sum",
        "column": "T1C2",
        "group": "T1C1",
    }
    end = [json.dumps({"reason": "r", "action": "answer"})]
    chat = ScriptedChat(chart_said, [json.dumps(counted)], chart_said, end, ["So [1]."])
    ledger = ask("Bar chart of the load per pump", chat=chat, approach=Approach.STEPS)
    assert charted(ledger).kind is ChartKind.LINE
    step = next(step for step in ledger.steps if step.chart)
    assert step.author is StepAuthor.MODEL and step.number == 3
