"""Tables as charts: what a question asks to be drawn, and which columns of a table are. Pure.

Every number that is drawn is one of a cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.text.question import bare
from rag.text.terms import terms
from rag.types.steps import ChartKind, ChartSeries, StepChart, StepTable

from .cells import Amount, amount_of

LONGEST_QUESTION = 300
LONGEST_LABEL = 60
MOST_SERIES = 3
NUMERIC = 0.5
"""Share of the filled cells of a column that are numbers, where it is one of numbers."""
YEARS = range(1000, 2200)

_KIND = r"(?P<kind>bar|column|line|scatter)?"
_ASKS = (
    re.compile(
        r"^(?:please\s+)?(?:(?:can|could|would)\s+you\s+)?(?:please\s+)?(?:(?:draw|show|make|create|give|plot)\s+(?:me\s+)?)?(?:an?\s+|the\s+)?"
        rf"{_KIND}\s*(?:chart|graph|plot|diagram)\s+(?:of|for|showing|with)\s+(?P<rest>.+)$",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^(?:please\s+)?(?P<rest>.+?)\s+(?:as|in)\s+an?\s+{_KIND}\s*(?:chart|graph|plot|diagram)$", re.IGNORECASE
    ),
    re.compile(r"^(?:please\s+)?(?:plot|(?:chart|graph)\s+(?:the|all|each))\s+(?P<rest>.+)(?P<kind>)$", re.IGNORECASE),
    re.compile(
        r"^(?:请|帮我|给我)*(?:把|将|用)?(?P<rest>.+?)(?:画|绘制|绘|做|制|生成|显示|展示)(?:成|为|出|制成)?(?:一?[个张幅])?"
        r"(?P<kind>柱状|柱形|条形|折线|散点)?图表?$"
    ),
    re.compile(
        r"^(?:请|帮我|给我)*(?:画|绘制|绘|做|制作|生成|显示|展示)?(?:出|一下)?(?:一?[个张幅])?(?P<rest>.+?)的?"
        r"(?P<kind>柱状|柱形|条形|折线|散点)图表?$"
    ),
    re.compile(
        r"^(?:请|帮我|给我)*用(?P<kind>柱状|柱形|条形|折线|散点)?图表?(?:来)?(?:画出?|绘制|显示|展示|表示)(?P<rest>.+)$"
    ),
    re.compile(r"^(?:请|帮我|给我)*(?:画|绘制)(?:出|一下)?(?:一?[个张幅])?(?P<rest>.+?)的?(?P<kind>)图表?$"),
)
_KINDS = {
    "bar": ChartKind.BAR, "column": ChartKind.BAR, "line": ChartKind.LINE, "scatter": ChartKind.SCATTER,
    "柱状": ChartKind.BAR, "柱形": ChartKind.BAR, "条形": ChartKind.BAR, "折线": ChartKind.LINE,
    "散点": ChartKind.SCATTER,
}  # fmt: skip
_BETWEEN = re.compile(r"\s+(?:against|versus|vs\.?|over|on)\s+(?:the\s+)?", re.IGNORECASE)
"""Words between the names of two columns."""
_OVER_TIME = re.compile(r"\s+(?:over|through)\s+(?:the\s+)?(?:time|years|months)\b", re.IGNORECASE)
_MOMENT = re.compile(
    r"(?:1\d|20|21)\d\d(?:[-/.年](?:0?[1-9]|1[0-2])(?:[-/.月]\d{1,2}日?|月)?)?年?|(?:Q|第?)[1-4](?:季度)?"
)


@dataclass(frozen=True, slots=True)
class ChartWish:
    """What a question asks to be drawn."""

    rest: str
    """The question without the words that ask for a chart."""
    kind: ChartKind | None = None


def wish_of(question: str) -> ChartWish | None:
    """The chart a question asks for in so many words; None for none."""
    if len(question) > LONGEST_QUESTION:
        return None
    words = bare(question)
    for pattern in _ASKS:
        if found := pattern.search(words):
            rest = _BETWEEN.sub(" and ", _OVER_TIME.sub("", found["rest"])).strip()
            return ChartWish(rest, _KINDS.get((found["kind"] or "").casefold())) if rest else None
    return None


def chart_of(table: StepTable, wish: ChartWish | None = None) -> StepChart | None:
    """A table as a chart; None where it has too few numbers. Without a wish its own columns tell which."""
    rows = [row.cells for row in table.rows[: StepChart.MOST_POINTS]]
    columns = [[amount_of(cells[place]) for cells in rows] for place in range(len(table.columns))]
    numbers = [place for place, column in enumerate(columns) if _numeric(column, [cells[place] for cells in rows])]
    if len(rows) < 2 or table.of_documents or not numbers:
        return None
    asked = frozenset(terms(wish.rest)) if wish else frozenset[str]()
    named = [place for place in numbers if asked & frozenset(terms(table.columns[place]))]
    label = _labels(table, rows, numbers, named, asked)
    drawn = [place for place in named or numbers if place != label and (named or not _years(columns[place]))]
    kind = (wish.kind if wish else None) or (ChartKind.LINE if _in_time(rows, label) else ChartKind.BAR)
    if kind is ChartKind.SCATTER:
        drawn = (drawn + [place for place in numbers if place not in drawn])[:2]
    drawn = drawn[:MOST_SERIES] if named else drawn[: 2 if kind is ChartKind.SCATTER else 1]
    if not drawn or (kind is ChartKind.SCATTER and len(drawn) < 2):
        return None
    series = tuple(ChartSeries(table.columns[place], tuple(map(_value, columns[place]))) for place in drawn)
    labels = tuple((cells[label] if label >= 0 else str(n))[:LONGEST_LABEL] for n, cells in enumerate(rows, 1))
    return StepChart(kind, table.columns[label] if label >= 0 else "#", labels, series, table.total)


def _numeric(amounts: Sequence[Amount | None], cells: Sequence[str]) -> bool:
    found = [amount for amount in amounts if amount]
    filled = sum(bool(cell.strip(" -–—")) for cell in cells)
    return len({amount.unit for amount in found}) == 1 and len(found) >= NUMERIC * max(1, filled)


def _labels(
    table: StepTable,
    rows: Sequence[tuple[str, ...]],
    numbers: Sequence[int],
    named: Sequence[int],
    asked: frozenset[str],
) -> int:
    """The column of labels: one that is asked for, or tells the time, else the first of words; -1 for none."""
    words = [place for place in range(len(table.columns)) if place not in numbers]
    wanted = [place for place in words if asked & frozenset(terms(table.columns[place]))]
    times = [place for place in named if len(named) > 1 and _in_time(rows, place)]
    return next(iter((*wanted, *times, *words)), -1)


def _in_time(rows: Sequence[tuple[str, ...]], label: int) -> bool:
    """True if the labels are moments, each later than the one before."""
    values = [cells[label].strip() for cells in rows] if label >= 0 else []
    return len(values) > 2 and all(map(_MOMENT.fullmatch, values)) and values == sorted(set(values))


def _years(amounts: Sequence[Amount | None]) -> bool:
    return all(a is None or (not a.unit and a.value in YEARS) for a in amounts)


def _value(amount: Amount | None) -> float | None:
    return float(amount.value) if amount else None
