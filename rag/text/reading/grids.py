"""The tables of a text as values: columns by name, rows of plain cells, and where each row stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .lines import Piece, on_one_line, trimmed
from .rows import Cell, Table

_CODE = re.compile(r"(`+)(.+?)\1(?!`)")
_MARKS = re.compile(r"\*\*|~~|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|\\(?=[!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class GridRow:
    """A row of a table: its cells as they are read, and its characters `[start, end)` in the text."""

    cells: tuple[str, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TableGrid:
    """A table. A row may have fewer cells than there are columns, or more."""

    columns: tuple[str, ...]
    """Names of the columns; empty where nothing names them."""
    rows: tuple[GridRow, ...]


def grid_of(table: Table, lead: int) -> TableGrid:
    """A table as it was read; rows that stand in the first `lead` characters are no part of it."""
    names, rows = table.laid_out()
    found = [row for cells in rows if (row := _row(cells, lead))]
    return TableGrid(tuple(names), tuple(found))


def _row(cells: Sequence[Cell], lead: int) -> GridRow | None:
    pieces = [trimmed(on_one_line(cell.pieces)) for cell in cells]
    placed = [piece for cell in pieces for piece in cell if piece.origin >= lead]
    texts = tuple(_plain("".join([piece.text for piece in cell])) for cell in pieces)
    if not placed or not any(texts):
        return None
    start = min(piece.origin for piece in placed)
    return GridRow(texts, start - lead, max(map(_end, placed)) - lead)


def _end(piece: Piece) -> int:
    return piece.origin + len(piece.text)


def _plain(cell: str) -> str:
    """A cell without the marks of emphasis and code."""
    told, at = [], 0
    for code in _CODE.finditer(cell):
        told += [_MARKS.sub("", cell[at : code.start()]), code[2]]
        at = code.end()
    return " ".join("".join([*told, _MARKS.sub("", cell[at:])]).split())
