"""Rows of tables, and the head that names the cells of a row wherever the table is cut. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .openings import LONGEST_LEAD, Opening

MOST_REACHING = 4
"""Rows whose cells reach into one row below them."""

_LINE_START = re.compile(r"(?:\r\n?|\n)(?=[^\r\n])")
_ROW = re.compile(r"<tr\b", re.IGNORECASE)
_TABLE_END = re.compile(r"</table\s*+>", re.IGNORECASE)
_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_CELL = re.compile(r"<t([dh])\b([^<>]*+)>", re.IGNORECASE)
_ROWSPAN = re.compile(r"(?<![\w-])rowspan\s*+=\s*+[\"']?(\d{1,4})[\"']?", re.IGNORECASE)


def pipe_rows(text: str, start: int, end: int) -> Iterator[Opening]:
    """For each row below the head of a table of Markdown, the head and the line below it."""
    lines = [found.end() for found in _LINE_START.finditer(text, start, end) if found.end() < end]
    if len(lines) < 2:
        return
    lead = text[start : lines[1]].rstrip()
    if len(lead) <= LONGEST_LEAD:
        yield from (Opening(row, row + 1, lead) for row in lines[1:])


def row_starts(text: str, start: int, end: int) -> list[int]:
    """Where the rows of HTML tables begin."""
    return [found.start() for found in _ROW.finditer(text, start, end)]


def html_rows(text: str, blocks: Sequence[tuple[int, int]]) -> Iterator[Opening]:
    """For each row below the head of a table of HTML, the head, and the rows above whose cells reach into it. Tables
    begin in `blocks`, spans in order, and may go on behind blank lines, which end a block."""
    ends = [found.start() for found in _TABLE_END.finditer(text)] if blocks else []
    reached = 0
    for start, end in blocks:
        for opened in _TABLE.finditer(text, start, end):
            if opened.start() < reached:
                continue
            closing = bisect_left(ends, opened.end())
            reached = ends[closing] if closing < len(ends) else end
            yield from _rows(text, opened.start(), reached)


@dataclass(frozen=True, slots=True)
class _Reaching:
    """A row with cells that reach into the rows below it. The longest of them does into `left` more."""

    row: str
    left: int


def _rows(text: str, start: int, end: int) -> Iterator[Opening]:
    rows = row_starts(text, start, end)
    written = [text[a:b].rstrip() for a, b in zip(rows, [*rows[1:], end], strict=False)]
    below = next((number for number, row in enumerate(written) if not _is_head(row)), len(rows))
    if below == len(rows):
        return
    head = text[start : rows[below]].rstrip()
    head = head if len(head) <= LONGEST_LEAD else "<table>"
    above: list[_Reaching] = []
    for place, row in zip(rows[below:], written[below:], strict=True):
        yield Opening(place, place + 1, _lead(head, above))
        above = [_Reaching(each.row, each.left - 1) for each in above if each.left > 1]
        reach = max((int(found[1]) for found in _ROWSPAN.finditer(row)), default=1) - 1
        if reach > 0 and len(row) <= LONGEST_LEAD:
            above = [*above, _Reaching(row, reach)][-MOST_REACHING:]


def _is_head(row: str) -> bool:
    return {found[1].lower() for found in _CELL.finditer(row)} == {"h"}


def _lead(head: str, above: Sequence[_Reaching]) -> str:
    """The head, and the rows that reach further down as if they stood right below it."""
    whole = "".join([head, *(_moved(each, len(above) - number - 1) for number, each in enumerate(above))])
    return whole if len(whole) <= LONGEST_LEAD else head


def _moved(each: _Reaching, between: int) -> str:
    """The row with cells that reach as far as they do, if only so many rows stand between it and the one it opens."""
    longest = max(int(found[1]) for found in _ROWSPAN.finditer(each.row))

    def shortened(found: re.Match[str]) -> str:
        left = int(found[1]) - longest + each.left
        return f'rowspan="{left + between + 1 if left > 0 else 1}"'

    return _ROWSPAN.sub(shortened, each.row)
