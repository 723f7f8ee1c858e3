"""Search for words in a passage: whether they stand in it, letter by letter or nearly, and where. Pure.

A passage can be quoted as it is typed and as a reader reads it, a row of a table as a sentence with its column names.
It compares how a passage reads, not how it is typed. These things do not count: white space (none at all beside an
ideograph), Markdown's marks (emphasis, code, list and heading marks, fences, pipes of tables, targets of links,
escapes), the shape of quotation marks and dashes, the width of letters, and punctuation at the end of the quote.
Everything else does, capitals included, and a match begins and ends at a word's end: "can" is not in "cannot".
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from rag.ledger import Match
from rag.text.reading import BlockKind, ReadingText
from rag.types import Chunk

from .plain_form import IDEOGRAPH, WORD, PlainForm, is_edge

CLOSE = 0.8
"""Least similarity of a close match; `tests/citations/test_matching.py` holds the measured table that sets it."""
NEIGHBOURS = 4
"""Word ends tried on each side of where fuzzy matching puts the edges of a close match."""
EXCESS = 0.3
"""Cost of a character beyond the quote, where one of the quote left out costs 1."""
LEEWAY = 0.2
"""Similarity that a stretch as long as the quote may lack against one that ends where it should."""
LONGEST = 600
"""Characters of a quote that are compared; nobody copies more than that as proof of one sentence."""
LEAST_PART = 8
"""Letters, an ideograph counting three: less, between two omissions, proves nothing."""

_EDGE = " .,;:!?…。，；：、！？\"'"
_OMISSION = re.compile(r"(?<!\s)\s*+[\[(（]?(?:\.{3,}|…+)[\])）]?")
_WORDS = re.compile(r"\w+")
_CELL_END = re.compile(r"[:;：；] ?")
"""Marks between the name of a row, as it is read, and its cells."""
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nor|neither|without|cannot|unless|except)\b|n't\b|[不没沒無无未非勿莫别別]", re.I
)
_NAME = re.compile(r"\b\w+(?:[_./:]\w+)+\b|\b[A-Z]{2,}\w*\b|\b[a-z]+[A-Z]\w*\b")


@dataclass(frozen=True, slots=True)
class Alignment:
    """The match of words in a passage: `[start, end)` are characters of it, both 0 when they do not stand in it, or in
    what opens it alone."""

    match: Match
    similarity: float
    start: int = 0
    end: int = 0


MISSING = Alignment(Match.MISSING, 0.0)


class SearchableText:
    """A text to look words up in. `close` is the least similarity of a close match."""

    def __init__(self, text: str, *, lead: str = "", read: ReadingText | None = None, close: float = CLOSE) -> None:
        """`lead` is what opens the text, and `read` how a reader reads it: words may stand in either."""
        self._text = _Form(text)
        self._read = read
        self._read_form = _Form(read.text) if read and read.text != text else None
        self._lead = _Form(lead) if lead.strip() else None
        self._close = close

    @classmethod
    def of(cls, chunk: Chunk) -> SearchableText:
        """The text of a chunk, as it is typed and as it is read."""
        return cls(chunk.text, lead=chunk.lead, read=chunk.reading)

    def look_up(self, words: str) -> Alignment:
        """Find `words` exactly, else nearly, else `MISSING`. Close never hides another number, name or "not"."""
        return self.exactly(words) or self._nearly(words) or MISSING

    def exactly(self, words: str) -> Alignment | None:
        """Find `words` letter by letter; None where they do not stand so."""
        sought = PlainForm.of(words).text
        if found := self._text.exactly(sought):
            return Alignment(Match.EXACT, 1.0, *found)
        if self._read_form and (found := self._read_form.exactly(sought)):
            return Alignment(Match.EXACT, 1.0, *self._typed(*found))
        if found := self._in_row(sought):
            return Alignment(Match.EXACT, 1.0, *self._typed(*found))
        return Alignment(Match.EXACT, 1.0) if self._lead and self._lead.exactly(sought) else None

    def _in_row(self, sought: str) -> tuple[int, int] | None:
        """Where a row of a table stands of which words are the name and some of the cells, others left out."""
        parts = [part for part in _CELL_END.split(sought) if part]
        for start, form in self._rows if len(parts) > 1 else ():
            found = [form.exactly(part) for part in parts]
            if found[0] and not found[0][0] and all(found):
                return start, start + max(span[1] for span in found if span)
        return None

    @cached_property
    def _rows(self) -> list[tuple[int, _Form]]:
        """The rows of tables and where they begin, in the reading."""
        read = self._read
        rows = (block for block in read.blocks if block.kind is BlockKind.ROW) if read else ()
        return [(row.start, _Form(read.text[row.start : row.end])) for row in rows if read]

    def _nearly(self, words: str) -> Alignment | None:
        sought = PlainForm.of(words).text.strip(_EDGE)[:LONGEST]
        if not WORD.search(sought):
            return None
        typed = self._text.nearly(sought, self._close)
        read = self._read_form.nearly(sought, self._close) if self._read_form else None
        if read and self._other_row(sought, *read[1:]):
            read = None
        if read and (typed is None or read[0] > typed[0]):
            return Alignment(Match.CLOSE, read[0], *self._typed(*read[1:]))
        return Alignment(Match.CLOSE, *typed) if typed else None

    def _other_row(self, sought: str, start: int, end: int) -> bool:
        """True if what is near is a row of a table that lacks a word: each of them says what or of what it is."""
        if self._read is None:
            return False
        rows = [b for b in self._read.blocks if b.kind is BlockKind.ROW and b.start < end and start < b.end]
        there = Counter(
            word for row in rows for word in _WORDS.findall(self._read.text[row.start : row.end].casefold())
        )
        return bool(rows) and bool(Counter(_WORDS.findall(sought.casefold())) - there)

    def _typed(self, start: int, end: int) -> tuple[int, int]:
        """The place in the text of characters of its reading; of words put in there, as column names, their block's."""
        assert self._read is not None
        span = self._read.source_span(start, end)
        if span[1]:
            return span
        blocks = [block for block in self._read.blocks if block.start < end and start < block.end]
        return self._read.source_span(blocks[0].start, blocks[-1].end) if blocks else (0, 0)


class _Form:
    """One form of a passage that words are looked up in: spans are of its characters."""

    def __init__(self, source: str) -> None:
        self._source = source

    def exactly(self, sought: str) -> tuple[int, int] | None:
        """Start and end of `sought`, letter by letter."""
        for form in (sought, sought.strip(_EDGE)):
            at = self._position(form) if WORD.search(form) else -1
            if at >= 0:
                return self._reading.span(at, at + len(form))
        return None

    def nearly(self, sought: str, least: float) -> tuple[float, int, int] | None:
        """Similarity, start and end of what is nearest to `sought`, if it says the same."""
        text = self._reading.text
        if not text:
            return None
        aligned = fuzz.partial_ratio_alignment(sought, text, score_cutoff=100 * (least - LEEWAY))
        if aligned is None:
            return None
        start, end = (aligned.dest_start, aligned.dest_end) if len(sought) <= len(text) else (0, len(text))
        spans = [(a, b) for a in self._near(start) for b in self._near(end) if a < b]
        start, end = max(spans, key=lambda span: _coverage(sought, text[slice(*span)]))
        similarity = fuzz.ratio(sought, text[start:end]) / 100
        if similarity < least or not _says_the_same(sought, text[start:end]):
            return None
        return (similarity, *self._reading.span(start, end))

    @cached_property
    def _reading(self) -> PlainForm:
        return PlainForm.of(self._source)

    @cached_property
    def _edges(self) -> list[int]:
        """Positions where a word of the reading begins or ends."""
        text = self._reading.text
        return [at for at in range(len(text) + 1) if is_edge(text, at)]

    def _position(self, sought: str) -> int:
        text = self._reading.text
        at = text.find(sought)
        while at >= 0 and not (is_edge(text, at) and is_edge(text, at + len(sought))):
            following = bisect_right(self._edges, at)
            at = text.find(sought, self._edges[following]) if following < len(self._edges) else -1
        return at

    def _near(self, at: int) -> list[int]:
        """Word edges around a position."""
        middle = bisect_left(self._edges, at)
        return self._edges[max(0, middle - NEIGHBOURS) : middle + NEIGHBOURS + 1]


def parts(words: str) -> list[str]:
    """The words between omissions (`first … last`); one part where there are none, or too little between them."""
    between = [part for each in _OMISSION.split(words.strip()) if (part := each.strip())]
    return between if between and all(weight(part) >= LEAST_PART for part in between) else [words]


def weight(text: str) -> int:
    """Letters and digits of a text, an ideograph counting three."""
    return sum(3 if IDEOGRAPH.match(c) else 1 for c in text if c.isalnum())


def _coverage(quote: str, passage: str) -> float:
    """Degree to which a stretch covers the quote, at most 1.

    What it leaves out weighs more than what it has beyond, so that a "not" between two words of the quote is not cut
    off with the first of them.
    """
    shared = LCSseq.similarity(quote, passage)
    return shared / (len(quote) + EXCESS * (len(passage) - shared))


def _says_the_same(quote: str, passage: str) -> bool:
    """True if a quote differs from the passage in wording only: no number or name of its own, as many negations."""
    for pattern in (_NUMBER, _NAME):
        if Counter(pattern.findall(quote)) - Counter(pattern.findall(passage)):
            return False
    return len(_NEGATION.findall(quote)) == len(_NEGATION.findall(passage))
