"""Dated documents one below the other, in order, with their days."""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup

from rag.types.steps import StepRow, StepTable

from ..markup import button, html, joined, name


def shown(table: StepTable, turn: int) -> Markup:
    """The documents of a list below their days; with a turn, each opens."""
    place = {column: at for at, column in enumerate(table.columns)}
    days = groupby(table.rows, key=lambda row: row.cells[place["date"]])
    item = html('<li><b class="timeline-day">{}</b><ul>{}</ul></li>')
    return html('<ol class="timeline">{}</ol>')(
        joined(item(name(day), joined(_document(row, place, turn) for row in rows)) for day, rows in days)
    )


def _document(row: StepRow, place: dict[str, int], turn: int) -> Markup:
    title = name(row.cells[place["title"]] or row.document)
    if turn:
        title = button("open", "doc-open", title, title=name(row.document), turn=turn, name=row.document,
                       base=row.collection, chunk=row.chunk or None)  # fmt: skip
    tags = row.cells[place["tags"]]
    about = html("{}{}")(name(row.document), html(" · {}")(name(tags)) if tags else "")
    return html("<li>{} <small>{}</small></li>")(title, about)
