"""Tables with drawn lines on a page of a PDF: where they are, and which letter stands in which cell.

pdfplumber finds the same tables and no others in the files of the tests, but it also takes a grid behind a page for one
and cuts its words into cells. It lays pages out a second time, as only pdfminer knows paragraphs: 67 ms of processor
time for a full page, on top of the 28 ms in which all of it is Markdown now. And it brings a renderer of 8 MB.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

NEAR = 3.0
"""Points between lines that are one, or meet."""
MOST_EDGES = 500
"""On a page, of each direction; more are a drawing."""
LEAST_FILLED = 0.5
"""Share of the cells that hold text; fewer are the grid of a diagram, or a form."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A line at `at` on one axis, from `low` to `high` on the other."""

    at: float
    low: float
    high: float

    def meets(self, other: Edge) -> bool:
        """True if this edge touches `other`, an edge of the other direction."""
        return self.low - NEAR <= other.at <= self.high + NEAR and other.low - NEAR <= self.at <= other.high + NEAR


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns between `xs` from the left, rows between `ys` from below."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]

    def holds(self, item: Any) -> bool:
        """True if the middle of an item of the page is inside."""
        x, y = _middle(item)
        return self.xs[0] <= x <= self.xs[-1] and self.ys[0] <= y <= self.ys[-1]

    def cell(self, item: Any) -> tuple[int, int]:
        """Row from the top, and column."""
        x, y = _middle(item)
        column = min(max(bisect_right(self.xs, x) - 1, 0), len(self.xs) - 2)
        return len(self.ys) - 2 - min(max(bisect_right(self.ys, y) - 1, 0), len(self.ys) - 2), column


def tables(page: Any, lines: Sequence[Any]) -> list[tuple[list[Any], str]]:
    """Each table of a page as Markdown, with those of the text `lines` that stand in it."""
    found: list[tuple[list[Any], str]] = []
    for grid in _grids(page):
        inside = sorted((line for line in lines if grid.holds(line)), key=lambda line: -line.y1)
        cells = _cells(grid, inside)
        rows, columns = len(grid.ys) - 1, len(grid.xs) - 1
        if len(cells) >= LEAST_FILLED * rows * columns:
            found.append((inside, _markdown([[cells.get((r, c), "") for c in range(columns)] for r in range(rows)])))
    return found


def _grids(page: Any) -> Iterator[Grid]:
    across, down = _edges(page)
    if max(len(across), len(down)) > MOST_EDGES:
        return
    free = set(range(len(down)))
    while free:
        # Everything that hangs together, beginning with one vertical line.
        reached = {free.pop()}
        group, beams = set(reached), set[int]()
        while reached:
            met = {h for h in set(range(len(across))) - beams if any(across[h].meets(down[v]) for v in reached)}
            reached = {v for v in free if any(across[h].meets(down[v]) for h in met)}
            beams |= met
            group |= reached
            free -= reached
        xs, ys = _places(down[v].at for v in group), _places(across[h].at for h in beams)
        if len(xs) > 2 and len(ys) > 2:
            yield Grid(xs, ys)


def _edges(page: Any) -> tuple[list[Edge], list[Edge]]:
    """Lines across and lines down; a frame is two of each."""
    from pdfminer.layout import LTLine, LTRect

    across: set[Edge] = set()
    down: set[Edge] = set()
    for item in page:
        if not isinstance(item, LTLine | LTRect):
            continue
        x0, x1, y0, y1 = (round(value, 1) for value in (item.x0, item.x1, item.y0, item.y1))
        if y1 - y0 < NEAR:
            across.add(Edge(y0, x0, x1))
        elif x1 - x0 < NEAR:
            down.add(Edge(x0, y0, y1))
        elif item.stroke and isinstance(item, LTRect):
            across |= {Edge(y0, x0, x1), Edge(y1, x0, x1)}
            down |= {Edge(x0, y0, y1), Edge(x1, y0, y1)}
    return list(across), list(down)


def _places(values: Iterable[float]) -> tuple[float, ...]:
    ordered = sorted(values)
    return tuple(ordered[:1]) + tuple(after for before, after in pairwise(ordered) if after - before > NEAR)


def _cells(grid: Grid, lines: Sequence[Any]) -> dict[tuple[int, int], str]:
    from pdfminer.layout import LTChar

    found: dict[tuple[int, int], list[str]] = {}
    for line in lines:
        cell = None
        for letter in line:
            if isinstance(letter, LTChar):
                cell = grid.cell(letter)
            if cell is not None:
                found.setdefault(cell, []).append(letter.get_text())
        if cell is not None:
            found[cell].append(" ")
    plain = {cell: " ".join("".join(letters).split()) for cell, letters in found.items()}
    return {cell: text for cell, text in plain.items() if text}


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows if any(row)]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def _middle(item: Any) -> tuple[float, float]:
    return (item.x0 + item.x1) / 2, (item.y0 + item.y1) / 2
