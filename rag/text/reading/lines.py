"""Text with the places its characters come from: lines of a source, and what is joined of parts of them. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

_LINE_END = re.compile(r"\r\n?|\n")
_INDENT = re.compile(r"[ \t]*")
_AHEAD = 200
"""Lines that a parser leaves out at most, blank ones."""
_TAB = 4
"""Columns of a tab stop."""


class Piece(NamedTuple):
    """Characters that follow each other in the source from `origin` on, or that stand nowhere in it, which -1 says."""

    text: str
    origin: int = -1


class SourceLine(NamedTuple):
    """A line, or the end of one, without what ends it. `end` is where its `\\n` stands, -1 where it has none."""

    text: str
    start: int = -1
    end: int = -1


BLANK = SourceLine("")


class Mapped:
    """A text made of pieces."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self.text = "".join([piece.text for piece in pieces])
        self._edges = [0, *accumulate(len(piece.text) for piece in pieces)]

    def between(self, start: int, end: int) -> list[Piece]:
        """The characters `[start, end)` of the text as pieces."""
        found: list[Piece] = []
        number = bisect_right(self._edges, start) - 1
        while start < end and number < len(self._pieces):
            text, origin = self._pieces[number]
            begun = self._edges[number]
            stop = min(end, self._edges[number + 1])
            if stop > start:
                found.append(Piece(text[start - begun : stop - begun], origin + start - begun if origin >= 0 else -1))
            start = max(start, stop)
            number += 1
        return found

    def origin(self, at: int) -> int:
        """Where the character at `at` stands in the source; -1 for nowhere."""
        found = self.between(at, at + 1)
        return found[0].origin if found else -1


def part(piece: Piece, start: int, end: int) -> Piece:
    """The characters `[start, end)` of a piece."""
    return Piece(piece.text[start:end], piece.origin + start if piece.origin >= 0 else -1)


def on_one_line(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces with a blank for each line end."""
    flat: list[Piece] = []
    for piece in pieces:
        at = 0
        while (end := piece.text.find("\n", at)) >= 0:
            flat += [part(piece, at, end), Piece(" ")]
            at = end + 1
        flat.append(part(piece, at, len(piece.text)))
    return [piece for piece in flat if piece.text]


def trimmed(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces without blanks at either end."""
    start, end = 0, len(pieces)
    while start < end and not pieces[start].text.strip():
        start += 1
    while end > start and not pieces[end - 1].text.strip():
        end -= 1
    kept = list(pieces[start:end])
    if kept:
        kept[-1] = part(kept[-1], 0, len(kept[-1].text.rstrip()))
        kept[0] = part(kept[0], len(kept[0].text) - len(kept[0].text.lstrip()), len(kept[0].text))
    return kept


def lines_of(source: str) -> list[SourceLine]:
    """The lines of a source. They end as CommonMark has it: `\\n`, `\\r` or both."""
    lines, start = [], 0
    for match in _LINE_END.finditer(source):
        lines.append(SourceLine(source[start : match.start()], start, match.end() - 1 if match[0][-1] == "\n" else -1))
        start = match.end()
    return [*lines, SourceLine(source[start:], start)]


def joined(lines: Iterable[SourceLine], *, definitions: bool = False) -> Mapped:
    r"""Lines as one text, with `\n` between them; what defines the line above, after a colon, goes on with it."""
    pieces: list[Piece] = []
    end = -1
    for line in lines:
        if pieces and not (definitions and line.text.startswith(": ")):
            pieces.append(Piece("\n", end))
        pieces.append(Piece(line.text, line.start))
        end = line.end
    return Mapped(pieces)


def columns(text: str) -> int:
    """Columns that the blanks before a line's first word take."""
    found = _INDENT.match(text)
    width = 0
    for each in found[0] if found else "":
        width += _TAB - width % _TAB if each == "\t" else 1
    return width


def dedented(line: SourceLine, width: int) -> SourceLine:
    """The line without its first `width` columns, as far as they are blank."""
    at = taken = 0
    while taken < width and at < len(line.text) and line.text[at] in " \t":
        taken += _TAB - taken % _TAB if line.text[at] == "\t" else 1
        at += 1
    if taken > width:  # a tab that is wider than what is taken
        return SourceLine(" " * (taken - width) + line.text[at:], -1, line.end)
    return after(line, at)


def after(line: SourceLine, at: int) -> SourceLine:
    """The line from its character `at` on."""
    return (
        SourceLine(line.text[at:], line.start + at, line.end)
        if at and line.start >= 0
        else line._replace(text=line.text[at:])
    )


def found_again(content: str, lines: Sequence[SourceLine]) -> list[SourceLine]:
    """The lines of `content`, which a parser took out of `lines` without what opens, indents and closes them."""
    found: list[SourceLine] = []
    at = 0
    for text in content.split("\n"):
        words = text.strip()
        number = _place(words, lines, at) if words else -1
        if number < 0:
            found.append(SourceLine(text if words else ""))
        else:
            found.append(_end_of(lines[number], text))
            at = number + 1
    return found


def _place(words: str, lines: Sequence[SourceLine], start: int) -> int:
    """Number of the line that ends with these words, one of the next; -1 for none."""
    for number in range(start, min(start + _AHEAD, len(lines))):
        if lines[number].text.replace("\0", "\ufffd").rstrip().endswith(words):
            return number
    return -1


def _end_of(line: SourceLine, text: str) -> SourceLine:
    """The end of `line` that reads `text`, whose blanks may be a tab in the line."""
    bare = text.lstrip()
    start = len(line.text.rstrip()) - len(bare.rstrip())
    blanks = len(text) - len(bare)
    while blanks and start and line.text[start - 1] == text[blanks - 1]:
        start, blanks = start - 1, blanks - 1
    if blanks and start and line.text[start - 1] == "\t":
        start, blanks = start - 1, 0  # the tab that the parser has made blanks of
    tail = line.text[start : len(line.text.rstrip()) + len(text) - len(text.rstrip())]
    if line.start < 0 or blanks:
        return SourceLine(" " * blanks + tail, -1, line.end)
    return SourceLine(tail, line.start + start, line.end)
