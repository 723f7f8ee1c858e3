"""Tables of HTML: their tags, told to the writer. Pure."""

from __future__ import annotations

from .drafts import Frame
from .rows import Cell, Table
from .tags import Tag
from .writer import Writer

_WIDEST = 50
"""Columns or rows that one cell may take."""


def table_tag(writer: Writer, tag: Tag) -> None:
    """A tag of a table, or of one inside a cell, which is words of that cell."""
    frame = writer.table
    if tag.name == "table" and not tag.closes:
        if writer.cell is not None:
            writer.push(Frame("table inside"))
            return
        writer.finish()
        if frame and frame.table and frame.table.rows:  # between its cells: what was read so far comes first
            writer.pop("table")
        writer.push(Frame("table", table=Table()))
        return
    inside = next((each for each in reversed(writer.frames) if each.name == "table inside"), None)
    if inside and writer.cell is not None:
        if tag.name == "table":
            writer.frames.remove(inside)
        elif not tag.closes:
            writer.separate(";" if tag.name == "tr" else ",")
        return
    if frame is None:
        if tag.closes or tag.name not in ("tr", "td", "th", "thead", "tbody"):
            return
        writer.finish()
        frame = Frame("table", table=Table())
        writer.push(frame)
    _part(writer, tag, frame)


def _part(writer: Writer, tag: Tag, frame: Frame) -> None:
    table = frame.table
    if not table:
        return
    writer.cell = None
    if tag.name == "table":
        writer.pop("table")
    elif tag.name in ("thead", "tbody", "tfoot"):
        frame.heads = tag.name == "thead" and not tag.closes
    elif tag.name == "tr" and not tag.closes:
        writer.finish()
        table.rows.append([])
    elif tag.name in ("td", "th") and not tag.closes:
        writer.finish()
        if not table.rows:
            table.rows.append([])
        values = tag.values()
        wide, tall = _span(values.get("colspan", "")), _span(values.get("rowspan", ""))
        writer.cell = Cell(heads=frame.heads or tag.name == "th", wide=wide, tall=tall)
        table.rows[-1].append(writer.cell)


def _span(value: str) -> int:
    return (
        min(int(value), _WIDEST) if value.isdecimal() and len(value) < 9 and value.isascii() and int(value) > 0 else 1
    )
