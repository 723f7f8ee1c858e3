"""A part that is too large, cut at its own inner boundaries: the best ones first, characters last."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import ceil

from rag.text.sentence_ends import sentence_ends

from .outline import Part, PartKind, unblank
from .tables import row_starts

LONGEST_CLUSTER = 32
"""Combining characters followed back when a cut falls among them; real text has a handful, hostile text thousands."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|$)")
_BREAK = re.compile(r"；|(?<!\ )\ {2,}+(?:\r\n?|\n)|\\(?:\r\n?|\n)")
"""A semicolon that needs no blank, and the hard line breaks of Markdown."""
_BLANKS = re.compile(r"\s*+")
_CLAUSE_END = frozenset(",;:，、；：,")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")


def finer(text: str, part: Part, *, pieces: int) -> list[Part]:
    """Smaller parts that hold all of `part` but blanks; none when it is one character.

    `pieces` is about how many are needed; it matters only where there is no boundary to cut at.
    """
    part = unwrapped(part)
    for cut in (_by_structure, _by_pieces):
        found = list(cut(text, part, pieces))
        if len(found) != 1 or (found[0].start, found[0].end) != (part.start, part.end):
            return found
    return []


def unwrapped(part: Part) -> Part:
    """The part, or the only one in it."""
    while part.kind is PartKind.GROUP and len(part.children) == 1:
        part = part.children[0]
    return part


def sentences(text: str, part: Part) -> list[Part]:
    """The sentences of prose, and its lines where a hard break ends them."""
    breaks = [match.end() for match in _BREAK.finditer(text, part.start, part.end)]
    ends = sorted({*sentence_ends(text, part.start, part.end), *breaks})
    return list(_between(text, [part.start, *(_past_blanks(text, at) for at in ends), part.end]))


def _past_blanks(text: str, at: int) -> int:
    return at + len(blanks[0]) if (blanks := _BLANKS.match(text, at)) else at


def _by_structure(text: str, part: Part, pieces: int) -> Iterable[Part]:
    match part.kind:
        case PartKind.GROUP if part.children:
            return part.children
        case PartKind.PROSE | PartKind.HEADING:
            return sentences(text, part)
        case PartKind.TABLE:
            starts = _line_starts(text, part)
            return _between(text, [part.start, *starts[2:], part.end])  # header and delimiter row stay together
        case PartKind.HTML if len(rows := row_starts(text, part.start, part.end)) > 1:
            return _between(text, [part.start, *rows[1:], part.end], PartKind.LINES)
        case PartKind.SPAN:
            return [part]
        case _:
            return _between(text, [*_line_starts(text, part), part.end])


def _line_starts(text: str, part: Part) -> list[int]:
    return [match.start() for match in _LINE.finditer(text, part.start, part.end) if match.start() < part.end]


def _between(text: str, cuts: list[int], kind: PartKind = PartKind.SPAN) -> Iterator[Part]:
    for start, end in pairwise(cuts):
        span = unblank(text, start, end)
        if span:
            yield Part(*span, kind)


def _by_pieces(text: str, part: Part, pieces: int) -> Iterator[Part]:
    """About `pieces` equal ones, each cut moved back to the nearest clause end, or blank, or whole character."""
    size = max(1, ceil((part.end - part.start) / max(pieces, 2)))
    at = part.start
    while at < part.end:
        end = part.end if part.end - at <= size else _cut_at(text, at, at + size, part.end)
        piece = text[at:end]
        if piece.strip():
            yield Part(at + len(piece) - len(piece.lstrip()), at + len(piece.rstrip()), PartKind.SPAN)
        at = end


def _cut_at(text: str, start: int, end: int, limit: int) -> int:
    window = text[end - (end - start) // 2 : end]
    for ends in (_CLAUSE_END.__contains__, str.isspace):
        for back, character in enumerate(reversed(window)):
            if ends(character):
                return end - back
    for cut in range(end, max(start, end - LONGEST_CLUSTER), -1):
        if not _joined(text, cut):
            return cut
    following = range(end + 1, min(limit, end + LONGEST_CLUSTER))
    return next((cut for cut in following if not _joined(text, cut)), min(limit, end + LONGEST_CLUSTER))


def _joined(text: str, at: int) -> bool:
    """True if the character at `at` belongs to the one before it."""
    return text[at] in _JOINERS or text[at - 1] == "\u200d" or unicodedata.category(text[at])[0] == "M"
