"""A chart in characters, for where nothing can be drawn. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from rag.types.steps import ChartKind, StepChart

WIDEST = 32
"""Characters of the longest bar."""
LONGEST = 40
"""Characters of a label."""
_EIGHTHS = " ▏▎▍▌▋▊▉"


def lines(chart: StepChart) -> Iterator[str]:
    """A line for each label and series, with its value; of a scatter chart one for each point."""
    labels = [_line(label)[:LONGEST] for label in chart.labels]
    width = max(map(len, labels), default=0)
    values = [value for series in chart.series for value in series.values if value is not None]
    most = max(map(abs, values), default=0.0)
    for place, label in enumerate(labels):
        row = [series.values[place] for series in chart.series]
        if chart.kind is ChartKind.SCATTER:
            yield f"{label:<{width}}  {', '.join(map(_number, row))}"
            continue
        for nth, value in enumerate(row):
            yield f"{'' if nth else label:<{width}}  {_bar(value, most)} {_number(value)}".rstrip()


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.15g}"


def _bar(value: float | None, most: float) -> str:
    """A bar as long as the value is large; of a negative one in lighter signs."""
    if value is None or not most:
        return ""
    eighths = round(8 * WIDEST * abs(value) / most)
    if value < 0:
        return "░" * max(1, eighths // 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _line(words: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())
