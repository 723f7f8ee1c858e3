"""CSV and TSV to Markdown: one table, a row of it for every row of the file."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO, StringIO
from itertools import islice

from rag.errors import DocumentRefused
from rag.messages import reason

from ..files.decoding import decode
from .embedded import without_files
from .tables import MOST_COLUMNS

DELIMITERS = "\t;|,"
"""Where two explain a file equally well, the earlier one does: a comma is also in numbers and in sentences."""
NOTHING = DELIMITERS + '"\r\n '
"""A file of these alone has no filled cell."""
SAMPLE_ROWS = 200
NO_DELIMITER = "\x1f"
_SAID = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
"""The first line of a file for Excel, which names what stands between its cells."""
_VALUE = re.compile(r"[-+(]?[^\w\s]?\s?\d[\d.,:/\s'-]*[)%]?|\d{4}-\d\d-\d\d[T ].*|true|false", re.IGNORECASE)
"""A number, a date or a yes: no name of a column."""
_MARKUP = re.compile(r"[\\`*|<\[\]]|(?<!\w)_|_(?!\w)|&(?=[#\w])")

Row = list[str]


def delimited_to_markdown(file: BytesIO) -> str:
    """The table, below the lines of one cell that stand above it. Raises DocumentRefused."""
    text = decode(file.read())
    said = _SAID.match(text)
    text = text[said.end() :] if said else text
    rows = _read(text, said[1] if said else _delimiter(text)) if text.strip(NOTHING) else []
    if not rows:
        return ""
    width = max(map(len, rows))
    if width > MOST_COLUMNS:
        raise DocumentRefused(reason("convert.too_wide", columns=width, most=MOST_COLUMNS))
    return without_files("\n".join(_written(rows, width)))


def _read(text: str, delimiter: str) -> list[Row]:
    """Rows that hold something. A quote that never ends is a sign like others, and no cell of half the file."""
    try:
        rows = list(_rows(text, delimiter, strict=True))
    except csv.Error:
        quoting = csv.QUOTE_NONE if text.count('"') % 2 else csv.QUOTE_MINIMAL
        rows = list(_rows(text, delimiter, quoting=quoting))
    return [row for row in rows if any(row)]


def _rows(text: str, delimiter: str, *, quoting: int = csv.QUOTE_MINIMAL, strict: bool = False) -> Iterator[Row]:
    lines = StringIO(text, newline="")
    for row in csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=strict):  # type: ignore[arg-type,unused-ignore]
        yield [" ".join(cell.split()) for cell in row]


def _delimiter(text: str) -> str:
    """The sign that cuts most rows, and most of them into the same number of cells."""
    best, most = NO_DELIMITER, (0.5, 0.0)
    for sign in DELIMITERS:
        try:
            widths = Counter(len(row) for row in islice(_rows(text, sign), SAMPLE_ROWS) if any(row))
        except csv.Error:
            continue
        rows = widths.total() or 1
        cut = (1 - widths[1] / rows, max((n for width, n in widths.items() if width > 1), default=0) / rows)
        if cut > most:
            best, most = sign, cut
    return best


def _written(rows: Sequence[Row], width: int) -> Iterator[str]:
    above = 0
    while width > 1 and above < len(rows) - 1 and sum(map(bool, rows[above])) == 1:
        above += 1
    for row in rows[:above]:
        yield from (_plain("".join(row)), "")
    rows = rows[above:]
    named = _names_columns(rows)
    kept = sorted({at for row in rows for at, cell in enumerate(row) if cell})
    names = _unlike([rows[0][at] if named and at < len(rows[0]) else "" for at in kept], kept)
    yield _line(names)
    yield _line(["---"] * len(kept))
    for row in rows[named:]:
        yield _line([_plain(row[at]) for at in kept if at < len(row)] or [""])


def _names_columns(rows: Sequence[Row]) -> bool:
    """True where the first row has words alone, and no fewer than half of the cells of the row below it."""
    if len(rows) < 2:
        return False
    first, second = ([cell for cell in row if cell] for row in rows[:2])
    return 2 * len(first) >= len(second) and not any(_VALUE.fullmatch(cell) for cell in first)


def _unlike(names: Sequence[str], places: Sequence[int]) -> Row:
    """Names that differ: a column without one is called as in a spreadsheet, the second of a name has its number."""
    seen: Counter[str] = Counter()
    found = []
    for name, place in zip(names, places, strict=True):
        name = name or _letters(place)
        seen[name] += 1
        found.append(_plain(name if seen[name] == 1 else f"{name} ({seen[name]})"))
    return found


def _letters(place: int) -> str:
    """A, B, … Z, AA, AB …"""
    return (_letters(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def _plain(cell: str) -> str:
    return _MARKUP.sub(r"\\\g<0>", cell)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
