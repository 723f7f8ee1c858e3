"""What the steps of an answer list, count or compare, as Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.ledger import Ledger
from rag.messages import Language, label, reason, text
from rag.types import HEADING_SEPARATOR
from rag.types.steps import ComparedPlace, StepChart, StepComparison, StepTable

from . import text_chart

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&$])")


def escaped(value: str) -> str:
    """A text on one line in which nothing is Markdown or HTML."""
    line = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    line = SPECIAL.sub(r"\\\1", line)
    return re.sub(r"^(\d*)([.)](?=\s|$)|[-+=])", r"\1\\\2", line)  # list markers, rules and underlines of headings


def displays(ledger: Ledger, language: Language) -> list[str]:
    """Blocks, step by step."""
    parts: list[str] = []
    for step in ledger.steps:
        if step.comparison is not None and step.comparison.rows:
            parts += _comparison(step.comparison, language)
        if step.table is not None and step.table.rows:
            parts += _table(step.table, language)
        if step.chart is not None:
            parts += _chart(step.chart, language)
    return parts


def _table(table: StepTable, language: Language) -> list[str]:
    columns = [label(f"steps.column_{c}", language) for c in table.columns] if table.of_documents else table.columns
    head = text(reason("steps.shown_rows", shown=len(table.rows), total=table.total), language)
    rows = ([escaped(cell) for cell in row.cells] for row in table.rows)
    return [f"{escaped(text(table.says, language))} ({head})", _rows([escaped(c) for c in columns], rows)]


def _chart(chart: StepChart, language: Language) -> list[str]:
    columns = " / ".join((chart.names, *(series.name for series in chart.series)))
    said = reason("steps.chart_of", kind=reason(f"steps.chart_{chart.kind}"), columns=columns)
    return [escaped(text(said, language)), fenced("\n".join(text_chart.lines(chart)))]


def fenced(value: str) -> str:
    """A text as code block whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", value)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", value.strip("\r\n"), fence])


def _comparison(comparison: StepComparison, language: Language) -> list[str]:
    head = text(reason("steps.shown_places", shown=len(comparison.rows), total=comparison.total), language)
    rows = ([_place(place, sign) for place, sign in zip(row, ("~~", "**"), strict=True)] for row in comparison.rows)
    count = f" ({head})" if comparison.of_versions else ""
    said = f"{escaped(text(comparison.says, language))}{count}"
    return [said, _rows([escaped(name) for name in comparison.names], rows)]


def _place(place: ComparedPlace | None, sign: str) -> str:
    """The words of a place, those that differ between signs, and where they stand."""
    if place is None:
        return "–"
    words = "".join(_signed(piece.text, sign) if piece.differs else _spaced(piece.text) for piece in place.pieces)
    where = escaped(HEADING_SEPARATOR.join((place.document, *place.heading_path)))
    return f"{words.strip()} ({where})"


def _signed(words: str, sign: str) -> str:
    """Words between signs, which count only where no blank is beside them."""
    inner = escaped(words)
    return _spaced(words).replace(inner, f"{sign}{inner}{sign}", 1) if inner.strip() else _spaced(words)


def _spaced(words: str) -> str:
    """Words as one line with the blanks around them, which part them from their neighbours."""
    before, after = words[:1].isspace(), words[-1:].isspace()
    return f"{' ' * before}{escaped(words)}{' ' * after}" if words.strip() else " " * bool(words)


def _rows(columns: Sequence[str], rows: Iterator[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [columns, ["---"] * len(columns), *rows])
