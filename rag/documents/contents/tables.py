"""The tables of a document, each in one piece again where chunks cut it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rag.text.reading import GridRow, TableGrid, grids
from rag.types import Chunk

MOST_ROWS = 20_000
"""Rows of one document that are read."""
READ = 512
"""Passages whose tables are remembered."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: its cells, the index of the chunk that holds it, and its characters in the document."""

    cells: tuple[str, ...]
    chunk: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class DocumentTable:
    """A table of a document. Every row has as many cells as there are columns."""

    heading_path: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


def tables_of(chunks: Sequence[Chunk]) -> list[DocumentTable]:
    """The tables that have named columns, in order. `chunks` are those of one document, in order, or some of them."""
    found: list[DocumentTable] = []
    left = MOST_ROWS
    last = -1
    for chunk in chunks:
        for place, grid in enumerate(_grids(chunk.text, chunk.lead)):
            if not any(grid.columns) or left <= 0:
                continue
            table = _placed(grid, chunk, left)
            if place == 0 and chunk.lead and last == chunk.index - 1 and found and _goes_on(found[-1], table):
                before = found.pop()
                known = {row.start for row in before.rows}
                fresh = tuple(row for row in table.rows if row.start not in known)
                table = replace(before, rows=before.rows + fresh)
            found.append(table)
            left -= len(grid.rows)
            last = chunk.index
    return found


@lru_cache(maxsize=READ)
def _grids(text: str, lead: str) -> tuple[TableGrid, ...]:
    return tuple(grids(text, lead)) if "|" in text or "<t" in text.lower() else ()


def _goes_on(before: DocumentTable, table: DocumentTable) -> bool:
    return before.columns == table.columns and before.heading_path == table.heading_path


def _placed(grid: TableGrid, chunk: Chunk, most: int) -> DocumentTable:
    rows = tuple(_row(row, len(grid.columns), chunk) for row in grid.rows[:most])
    return DocumentTable(chunk.heading_path, grid.columns, rows)


def _row(row: GridRow, columns: int, chunk: Chunk) -> TableRow:
    cells = (*row.cells[:columns], *("" for _ in range(columns - len(row.cells))))
    return TableRow(cells, chunk.index, chunk.start + row.start, chunk.start + row.end)
