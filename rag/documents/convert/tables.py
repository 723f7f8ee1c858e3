"""Tables of HTML made plain: every cell in its own row and column, so that they are the same in Markdown.

A cell that spans several repeats its value in each: a row read alone still says all it says on the page.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Sequence

from bs4 import BeautifulSoup, Tag

from .properties import plain

MOST_COLUMNS = 1_000
"""Columns of a table, as of a cell in HTML."""
MOST_COPIED = 2_000_000
"""Characters in the repeated cells of a page: spans can ask for more than there is memory."""
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LAYOUT = ("presentation", "none")

Line = list[Tag | None]


def plain_tables(soup: BeautifulSoup) -> None:
    """Every table of the page as rows of equal length below one head; one that only places things becomes its parts."""
    tables = soup.find_all("table")
    placing = {id(table) for table in tables if _places(table)}
    copies = _Copies()
    for table in reversed(tables):  # inner ones first
        if id(table) in placing:
            _unwrap(table)
        elif _inside(table, placing):
            table.replace_with(f" {_in_words(_rows(table))} ")
        else:
            _rebuild(soup, table, copies)


class _Copies:
    """Repeated cells, as many as are allowed."""

    def __init__(self) -> None:
        self._left = MOST_COPIED

    def of(self, cell: Tag) -> Tag | None:
        """The cell once more; None when that is too much."""
        self._left -= len(cell.decode_contents()) + 1 if self._left >= 0 else 0
        return copy.copy(cell) if self._left >= 0 else None


def _rows(table: Tag) -> list[Tag]:
    return [row for row in table.find_all("tr") if row.find_parent("table") is table]


def _cells(row: Tag) -> list[Tag]:
    return row.find_all(["td", "th"], recursive=False)


def _places(table: Tag) -> bool:
    """True for a table that is no data: it says so, is a box around one cell, or has headings or tables in unnamed
    columns."""
    cells = [cell for row in _rows(table) for cell in _cells(row)]
    if str(table.get("role") or "").lower() in _LAYOUT or len(cells) < 2:
        return True
    named = any(cell.name == "th" for cell in cells)
    return not named and any(cell.find([*HEADINGS, "table"]) for cell in cells)


def _inside(table: Tag, placing: Collection[int]) -> bool:
    """True for a table in a cell of one that is data."""
    above = table.find_parent("table")
    return above is not None and id(above) not in placing


def _unwrap(table: Tag) -> None:
    for part in [table.find("caption"), *(cell for row in _rows(table) for cell in _cells(row))]:
        if part is not None:
            part.name, part.attrs = "div", {}
            table.insert_before(part.extract())
    table.decompose()


def _in_words(rows: Sequence[Tag]) -> str:
    """A table on one line: "Unit: load, Value: 240 kg; …"."""
    lines = [[plain(cell.get_text(" ")) for cell in _cells(row)] for row in rows]
    names: list[str] = []
    if len(lines) > 1 and all(cell.name == "th" for cell in _cells(rows[0])):
        names, lines = lines[0], lines[1:]
    if names:
        said = (", ".join(f"{n}: {v}" for n, v in zip(names, line, strict=False) if v) for line in lines)
    else:
        said = ((": " if len(line) == 2 else ", ").join(filter(None, line)) for line in lines)
    return "; ".join(filter(None, said))


def _rebuild(soup: BeautifulSoup, table: Tag, copies: _Copies) -> None:
    rows = _rows(table)
    for cell in (cell for row in rows for cell in _cells(row)):
        _on_one_line(cell)
    lines = list(_lines(rows, copies))
    width = max(map(len, lines))
    title = table.find("caption")
    if title is None and len(rows) > 1 and len(_cells(rows[0])) == 1 and len(lines[0]) == width > 1:
        title, rows, lines = _cells(rows[0])[0], rows[1:], lines[1:]  # one cell over all of them says what they are
    if title is not None:
        title.name, title.attrs = "p", {}
        table.insert_before(title.extract())
    heads = _heads(rows)
    made = soup.new_tag("table")
    for name, kind, part in (("thead", "th", [_named(soup, lines[:heads], width)]), ("tbody", "td", lines[heads:])):
        group = soup.new_tag(name)
        for line in part:
            group.append(_row(soup, line, kind, width))
        made.append(group)
    table.replace_with(made)


def _heads(rows: Sequence[Tag]) -> int:
    """How many rows name the columns: at least the first, as Markdown has no table without a head."""
    count = 0
    for row in rows:
        if not (row.parent is not None and row.parent.name == "thead") and any(c.name == "td" for c in _cells(row)):
            break
        count += 1
    return max(1, min(count, len(rows) - 1))


def _named(soup: BeautifulSoup, lines: Sequence[Line], width: int) -> Line:
    """One row of names: those below each other stand behind each other."""
    if len(lines) == 1:
        return lines[0]
    named: Line = []
    for column in range(width):
        cells = [line[column] for line in lines if column < len(line)]
        names = dict.fromkeys(plain(cell.get_text(" ")) for cell in cells if cell is not None)
        cell = soup.new_tag("th")
        cell.string = " ".join(filter(None, names))
        named.append(cell)
    return named


def _row(soup: BeautifulSoup, line: Line, kind: str, width: int) -> Tag:
    row = soup.new_tag("tr")
    for cell in [*line, *[None] * (width - len(line))]:
        made = soup.new_tag(kind)
        if cell is not None:
            made.extend(list(cell.contents))
        row.append(made)
    return row


def _on_one_line(cell: Tag) -> None:
    """Lists and code in a cell become parts of its line; a bar in it is no border."""
    for item in cell.find_all("li"):
        item.insert(0, " ")
        if item.find_next_sibling("li") is not None:
            item.append(";")
        item.unwrap()
    for code in cell.select("pre"):
        for inner in code.find_all("code"):
            inner.unwrap()
        code.name = "code"
    for each in cell.find_all(["ul", "ol"]):
        each.unwrap()
    for text in cell.find_all(string=True):
        if "|" in text:
            text.replace_with(text.replace("|", "\\|"))


def _lines(rows: Sequence[Tag], copies: _Copies) -> Iterator[Line]:
    """The cells of each row by column, each where it stands on the page."""
    below: dict[int, tuple[Tag, int]] = {}  # column -> the cell that reaches down to it, and for how many rows more
    for row in rows:
        line: Line = []
        waiting = _cells(row)[::-1]
        last = max(below, default=-1)
        while len(line) < MOST_COLUMNS:
            column = len(line)
            if column in below:
                cell, left = below.pop(column)
                line.append(copies.of(cell))
                if left > 1:
                    below[column] = (cell, left - 1)
            elif waiting:
                _place(waiting.pop(), line, below, copies)
            elif column < last:
                line.append(None)
            else:
                break
        yield line


def _place(cell: Tag, line: Line, below: dict[int, tuple[Tag, int]], copies: _Copies) -> None:
    across, down = _span(cell, "colspan"), _span(cell, "rowspan")
    for at in range(max(1, across)):
        column = len(line)
        if column >= MOST_COLUMNS or (at and column in below):
            return  # of two cells over one place, the one from above has it
        line.append(copies.of(cell) if at else cell)
        if down != 1:
            below[column] = (cell, down - 1 if down else MOST_COPIED)


def _span(cell: Tag, name: str) -> int:
    """Rows or columns of a cell; 0 rows are all that follow."""
    said = str(cell.get(name) or "").strip()
    return min(int(said[:9]), MOST_COPIED) if said.isascii() and said.isdigit() else 1
