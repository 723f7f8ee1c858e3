"""Pipe tables in lines: where one begins, and its cells. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from .lines import Mapped, Piece, SourceLine, after

_RULE = re.compile(r"[ \t]*+\|?[ \t]*+:?-+:?[ \t]*+(?:\|[ \t]*+:?-+:?[ \t]*+)*+\|?[ \t]*+")
_TOKEN = re.compile(r"\\.|`+|\|", re.DOTALL)


def is_rule(text: str) -> bool:
    """True for the line below the head of a table."""
    return "|" in text and _RULE.fullmatch(text) is not None


def head_of(lines: Sequence[SourceLine]) -> int | None:
    """Number of the line that is the head of a table, if there is one; -1 if all lines are rows without a head."""
    for number in range(1, len(lines)):
        if is_rule(lines[number].text) and "|" in lines[number - 1].text:
            return number - 1
    rows = [line.text.strip() for line in lines]
    if is_rule(rows[0]) and len(rows) > 1:
        return -1
    return -1 if all(len(row) > 2 and row[0] == row[-1] == "|" for row in rows) else None


def cells(line: SourceLine, wanted: int = 0) -> list[Mapped]:
    """The cells of a row. A bar in inline code parts cells, unless only then there are as many as `wanted`."""
    text = line.text.rstrip()
    bare = text.lstrip()
    row = after(line._replace(text=text), len(text) - len(bare))
    plain, whole = _bars(row.text, code=False), _bars(row.text, code=True)
    bars = whole if len(_spans(row.text, plain)) != wanted == len(_spans(row.text, whole)) else plain
    return [_cell(row, start, end) for start, end in _spans(row.text, bars)]


def _bars(text: str, *, code: bool) -> list[int]:
    """Where the bars are that part cells; with `code`, those in inline code are none."""
    bars: list[int] = []
    counts: dict[str, int] = {}
    if code:
        for run in re.findall("`+", text):
            counts[run] = counts.get(run, 0) + 1
    inside = ""
    for match in _TOKEN.finditer(text):
        mark = match[0]
        if mark[0] == "`" and code:
            counts[mark] -= 1
            if inside == mark:
                inside = ""
            elif not inside and counts[mark] > 0:
                inside = mark
        elif mark == "|" and not inside:
            bars.append(match.start())
    return bars


def _spans(text: str, bars: Sequence[int]) -> list[tuple[int, int]]:
    edges = [-1, *bars, len(text)]
    spans = [(start + 1, end) for start, end in pairwise(edges)]
    if bars and bars[0] == 0:
        spans = spans[1:]
    if len(spans) > 1 and bars and bars[-1] == len(text) - 1:
        spans = spans[:-1]
    return spans


def _cell(row: SourceLine, start: int, end: int) -> Mapped:
    """A cell without the backslashes before bars."""
    pieces, at = [], start
    text = row.text
    while (bar := text.find("\\|", at, end)) >= 0:
        pieces.append(_part(row, at, bar))
        at = bar + 1
    return Mapped([*pieces, _part(row, at, end)])


def _part(row: SourceLine, start: int, end: int) -> Piece:
    return Piece(row.text[start:end], row.start + start if row.start >= 0 else -1)
