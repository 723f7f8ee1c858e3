"""A table to sentences, one for each row, with the names of its columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..scripts import UNSPACED
from .lines import Piece, on_one_line, trimmed

LONGEST_NAME = 60
"""Characters of a column's name that are said in each row."""
LONGEST_KEY = 60
"""Characters of a first cell that a row can be about."""
LONGEST_COPY = 200
"""Characters of a cell that is said in every row that it reaches into."""
MOST_FILLED = 64
"""Cells that `rowspan` and `colspan` may add to a table, besides twice as many as it has."""

_UNIT = re.compile(r"(.*\S)\s*[(（\[]([^()（）\[\]\s]{1,8})[)）\]]")
_AMOUNT = re.compile(r"[-+±~≈<>≤≥]?\s*\d[\d.,\s–-]*")
_NUMBERED = re.compile(r"[-+#]?\d[\d.,:/x×–-]*")
_MARKS = re.compile(r"[*_`~\\]+")
_WIDE = re.compile(rf"[{UNSPACED}]")
_FLOWING = re.compile(r"\S+\s+\S+\s+\S+\s+\S")
_PLAIN_NAMES = frozenset(
    (
        "description", "descriptions", "details", "detail", "value", "meaning", "explanation", "definition", "answer",
        "content", "summary", "purpose", "notes",
        "说明", "描述", "值", "含义", "解释", "定义", "内容", "详情", "作用", "描述说明",
    )
)  # fmt: skip
"""Names of a second column that say nothing a reader would miss."""


@dataclass(slots=True)
class Cell:
    """A cell as it is written."""

    pieces: list[Piece] = field(default_factory=list)
    heads: bool = False
    bold: bool = False
    """True if it begins with bold words: a head where nothing else says so."""
    wide: int = 1
    tall: int = 1

    @property
    def text(self) -> str:
        return "".join([piece.text for piece in self.pieces])


@dataclass(slots=True)
class Table:
    """Rows as they are written. `head` counts those at the top that name columns, -1 where the cells tell."""

    rows: list[list[Cell]] = field(default_factory=list)
    head: int = -1

    def sentences(self) -> list[list[Piece]]:
        """A sentence for each row below the head that says something."""
        names, rows = self.laid_out()
        return [sentence for row in rows if (sentence := _sentence(row, names))]

    def laid_out(self) -> tuple[list[str], list[list[Cell]]]:
        """The names of the columns, and the rows below the head with what reaches into them from other cells."""
        grid = _grid([row for row in self.rows if row])
        head = self.head if self.head >= 0 else _heads(grid)
        if head == len(grid) and self.head < 0:
            head = 0  # a table of heads alone: they are what it says
        return _names(grid[:head]), grid[head:]


def _heads(grid: Sequence[Sequence[Cell]]) -> int:
    """Rows at the top in which every cell is a head's."""
    if len(grid) > 1 and len(grid[0]) > 1 and all(cell.bold for cell in grid[0]) and not all(c.bold for c in grid[1]):
        return 1
    return next((number for number, row in enumerate(grid) if not all(cell.heads for cell in row)), len(grid))


def _grid(rows: Sequence[Sequence[Cell]]) -> list[list[Cell]]:
    """The rows with what reaches into them from above and from the left; copies come from nowhere."""
    left = MOST_FILLED + 2 * sum(map(len, rows))
    hanging: dict[int, tuple[int, Cell]] = {}
    grid: list[list[Cell]] = []
    for row in rows:
        filled: list[Cell] = []
        waiting: dict[int, tuple[int, Cell]] = {}
        for cell in row:
            left -= _hang(filled, hanging, waiting, left)
            spread = min(cell.wide, 1 + max(0, left))
            left -= spread - 1
            for number in range(spread):
                if cell.tall > 1:
                    waiting[len(filled)] = (cell.tall - 1, cell)
                filled.append(cell if not number else Cell([], cell.heads) if not cell.heads else _copy(cell))
        left -= _hang(filled, hanging, waiting, left)
        hanging = waiting
        grid.append(filled)
    return grid


def _hang(
    filled: list[Cell], hanging: dict[int, tuple[int, Cell]], waiting: dict[int, tuple[int, Cell]], left: int
) -> int:
    """Cells added to a row, at its end as it stands, that hang down from rows above."""
    added = 0
    while (at := len(filled)) in hanging:
        more, cell = hanging.pop(at)
        if added >= left:
            break
        filled.append(_copy(cell))
        added += 1
        if more > 1:
            waiting[at] = (more - 1, cell)
    return added


def _copy(cell: Cell) -> Cell:
    text = cell.text
    return Cell([Piece(text)] if len(text) <= LONGEST_COPY else [], cell.heads, cell.bold)


def _names(head: Sequence[Sequence[Cell]]) -> list[str]:
    names: list[str] = []
    for column in range(max(map(len, head), default=0)):
        parts: list[str] = []
        measure = ""
        for row in head:
            name = " ".join(_MARKS.sub("", row[column].text).split()) if column < len(row) else ""
            unit = _UNIT.fullmatch(name)
            name, measure = (unit[1], f" ({unit[2]})") if unit else (name, measure)
            if name and name not in parts:
                parts.append(name)
        names.append(f"{' '.join(parts)}{measure}"[:LONGEST_NAME].rstrip(" :："))
    return names


def _sentence(row: Sequence[Cell], names: Sequence[str]) -> list[Piece]:
    cells = [(number, _trimmed(cell.pieces)) for number, cell in enumerate(row)]
    cells = [(number, pieces) for number, pieces in cells if pieces]
    if not cells or not any(
        each.isalnum() or ord(each) > 127 for _, pieces in cells for piece in pieces for each in piece.text
    ):
        return []
    spoken = "".join([*names, *(piece.text for piece in cells[0][1])])
    colon, stop = ("：", "；") if 3 * len(_WIDE.findall(spoken)) > len(spoken) else (": ", "; ")
    said: list[Piece] = []
    for place, (number, pieces) in enumerate(cells):
        name = names[number] if number < len(names) else ""
        part = _first(name, pieces) if number == 0 else _named(name, pieces, colon, first=len(row) == 2 or number == 1)
        if place:
            said.append(Piece(colon if place == 1 and _is_key(*cells[0]) else stop))
        said += part if place == len(cells) - 1 else _without_stop(part)
    return said


def _is_key(number: int, pieces: Sequence[Piece]) -> bool:
    """True if a row is about its first cell, which then is no sentence."""
    text = "".join(piece.text for piece in pieces)
    return number == 0 and len(text) <= LONGEST_KEY and text[-1:] not in ".。!！?？:："


def _first(name: str, pieces: list[Piece]) -> list[Piece]:
    """The cell that a row is about; a number alone says what it counts."""
    text = "".join(piece.text for piece in pieces)
    bare = _MARKS.sub("", text)
    return [Piece(f"{name} "), *pieces] if name and _NUMBERED.fullmatch(bare) else pieces


def _named(name: str, pieces: list[Piece], colon: str, *, first: bool) -> list[Piece]:
    text = "".join(piece.text for piece in pieces)
    if not name or (first and name.lower() in _PLAIN_NAMES):
        return pieces
    if text.lower().startswith(name.lower()) and len(name) > 1 and not text[len(name) : len(name) + 1].isalnum():
        return pieces  # "Zone: zone 4"
    unit = _UNIT.fullmatch(name)
    if unit and _AMOUNT.fullmatch(text):
        return [Piece(f"{unit[1]} "), *pieces, Piece(f" {unit[2]}")]
    short = not _FLOWING.search(text) and not _WIDE.search(text) and len(text) <= 32
    return [Piece(f"{name} " if short or name.endswith(("?", "？")) else f"{name}{colon}"), *pieces]


def _without_stop(pieces: list[Piece]) -> list[Piece]:
    """The cell without a full stop that ends it, where another one follows in the sentence."""
    if not pieces or pieces[-1].text[-1:] not in ".。;；" or pieces[-1].text.endswith(".."):
        return pieces
    last = pieces[-1]
    return [*pieces[:-1], Piece(last.text[:-1], last.origin)] if len(last.text) > 1 else pieces[:-1]


def _trimmed(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces on one line, without blanks at either end."""
    return trimmed(on_one_line(pieces))
