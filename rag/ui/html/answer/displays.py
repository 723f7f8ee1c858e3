"""What steps list, count or compare, below an answer: tables to sort and to copy, and two sides beside each other."""

from __future__ import annotations

import csv
import io

from markupsafe import Markup

from rag.answering.steps.charting import chart_of
from rag.ledger import Ledger
from rag.messages import Language, label
from rag.types.steps import StepRow, StepTable

from ...state.turn import Turn
from ..markup import button, html, joined, name, path, t, tool, why
from . import beside, chart, timeline

OPEN_ROWS = 8
"""Rows of a table that stands open; a longer one is folded."""
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of a cell that a spreadsheet takes for a formula."""


def below(turn: Turn, language: Language) -> Markup:
    """The tables of a finished answer."""
    compared = [step.comparison for step in turn.steps if step.comparison is not None and step.comparison.rows]
    tables = [step.table for step in turn.steps if step.table is not None and step.table.rows]
    drawn = any(step.chart for step in turn.steps)
    shown = [_display(table, turn.number, place, language, drawn=drawn) for place, table in enumerate(tables)]
    charts = [chart.figure(step.chart, language) for step in turn.steps if step.chart is not None]
    return joined([*(beside.display(one, turn.number, language) for one in compared), *charts, *shown])


def kept(ledger: Ledger, language: Language) -> Markup:
    """The same for a page without scripts."""
    compared = [step.comparison for step in ledger.steps if step.comparison is not None and step.comparison.rows]
    tables = [step.table for step in ledger.steps if step.table is not None and step.table.rows]
    shown = html("<h3>{}</h3><p>{}</p>{}")
    told = [shown(_caption(one, language), why(one.says, language), _rows(one, 0, language)) for one in tables]
    charts = [chart.figure(step.chart, language) for step in ledger.steps if step.chart is not None]
    return joined([*(beside.kept(one, language) for one in compared), *charts, *told])


def as_csv(table: StepTable, language: Language) -> str:
    """The rows with the names of their columns; no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_safe(column) for column in named(table, language)])
    writer.writerows([_safe(cell) for cell in row.cells] for row in table.rows)
    return text.getvalue()


def named(table: StepTable, language: Language) -> list[str]:
    """The names of the columns."""
    if table.of_documents:
        return [label(f"steps.column_{column}", language) for column in table.columns]
    return list(table.columns)


def _safe(cell: str) -> str:
    number = cell[1:].replace(",", "").replace(".", "", 1).isdecimal() and cell[:1] in "+-"
    return f"'{cell}" if cell.startswith(DANGEROUS) and not number else cell


def _caption(table: StepTable, language: Language) -> Markup:
    if table.of_documents:
        return t("steps.list_of", language)
    if not table.document:
        return t("steps.table_of_front_matter", language)
    heading = html(' <span class="path">{}</span>')(path(table.heading_path)) if table.heading_path else ""
    return html("{}{}")(t("steps.table_of", language, document=table.document), heading)


def _label(table: StepTable, language: Language) -> str:
    return table.document or label("steps.list_of" if table.of_documents else "steps.table_of_front_matter", language)


def _display(table: StepTable, turn: int, place: int, language: Language, *, drawn: bool) -> Markup:
    """A table; where no chart was asked for, it can be opened as one."""
    copy = tool("copy", "copy", t("steps.copy_csv", language), size=16, text=as_csv(table, language))
    count = t("steps.shown_rows", language, shown=len(table.rows), total=table.total)
    opened = " open" if len(table.rows) <= OPEN_ROWS else ""
    return html(
        '<details class="display" id="display-{}-{}"{}><summary><span>{} <small>{}</small></span></summary>'
        '{}<div class="display-rows" tabindex="0" role="region" aria-label="{caption}">{}</div>'
        '<div class="display-tools">{}</div></details>'
    )(
        turn, place, opened, _caption(table, language), count, "" if drawn else _chart(table, turn, place, language),
        _rows(table, turn, language), copy,
        caption=_label(table, language),
    )  # fmt: skip


def _chart(table: StepTable, turn: int, place: int, language: Language) -> Markup:
    """The table as a chart, folded away; empty where it has too few numbers."""
    found = chart_of(table)
    drawn = chart.figure(found, language) if found else Markup()
    shown = html('<details class="display-chart" id="chart-{}-{}"><summary>{}</summary>{}</details>')
    return shown(turn, place, t("steps.show_chart", language), drawn) if drawn else drawn


def _rows(table: StepTable, turn: int, language: Language) -> Markup:
    return timeline.shown(table, turn) if table.in_time else _table(table, turn, language)


def _table(table: StepTable, turn: int, language: Language) -> Markup:
    """The rows; with a turn, its columns sort and its rows open where they stand."""
    heads = [name(column) for column in named(table, language)]
    if turn:
        heads = [_sorting(head, language) for head in heads]
    source = html('<th scope="col">{}</th>')(t("steps.row_source", language))
    head = joined(map(html('<th scope="col" aria-sort="none">{}</th>'), heads)) + source
    rows = joined(_row(row, table, turn, language) for row in table.rows)
    return html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>")(head, rows)


def _sorting(head: Markup, language: Language) -> Markup:
    return button("display-sort", "display-sort", head, title=t("steps.sort_by", language, column=head.striptags()))


def _row(row: StepRow, table: StepTable, turn: int, language: Language) -> Markup:
    cells = joined(html("<td>{}</td>")(name(cell)) for cell in row.cells)
    place = html("{}–{}")(row.start, row.end) if row.end else name(row.document)
    if turn:
        place = button("open", "doc-open", place, title=name(row.document), turn=turn, name=row.document,
                       base=row.collection, chunk=row.chunk or None)  # fmt: skip
    return html("<tr>{}<td>{}</td></tr>")(cells, place)
