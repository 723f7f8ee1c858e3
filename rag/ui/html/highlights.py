"""Marks on the text of a passage: its best sentence, the question's words, the answer's quotes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from markupsafe import Markup

from .markup import Span, esc, html, joined


def pieces(content: str, offsets: Sequence[int], cuts: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Content cut at the places `cuts` of its source, each piece with the offset it begins at.

    `offsets` are those of the characters; they and the cuts rise.
    """
    between = cuts[bisect_right(cuts, offsets[0]) : bisect_right(cuts, offsets[-1])]
    edges = [0, *(bisect_left(offsets, cut) for cut in between), len(content)]
    return ((content[a:b], offsets[a]) for a, b in pairwise(edges) if a < b)


class Highlights:
    """Spans of a text to be marked, wherever its characters come to stand. `quotes` are by the number marks carry."""

    def __init__(
        self, *, best: Span | None = None, terms: Sequence[Span] = (), quotes: Mapping[int, Span] | None = None
    ) -> None:
        quoted = quotes or {}
        self._best = best or (0, 0)
        self._cuts = sorted({x for span in (*terms, *quoted.values(), self._best) for x in span})
        self._said = _covered(self._cuts, dict(enumerate(terms)))
        self._cited = _covered(self._cuts, quoted)

    def text(self, content: str, offsets: Sequence[int]) -> Markup:
        """Content whose characters stand at these `offsets` of the text, in rising order, with its marks."""
        if not offsets:
            return esc(content)
        return joined(self._piece(piece, offset) for piece, offset in pieces(content, offsets, self._cuts))

    def _piece(self, piece: str, offset: int) -> str:
        at = bisect_right(self._cuts, offset) - 1
        if at < 0:
            return piece
        if self._said[at]:
            piece = html('<mark class="term">{}</mark>')(piece)
        if numbers := " ".join(map(str, self._cited[at])):
            piece = html('<mark class="quote" data-quotes="{}">{}</mark>')(numbers, piece)
        if self._best[0] <= offset < self._best[1]:
            piece = html('<mark class="best">{}</mark>')(piece)
        return piece


def marked(
    source: str, *, best: Span | None = None, terms: Sequence[Span] = (), quotes: Mapping[int, Span] | None = None
) -> Markup:
    """The source as it is typed, with its marks."""
    return Highlights(best=best, terms=terms, quotes=quotes).text(source, range(len(source)))


def _covered(cuts: Sequence[int], spans: Mapping[int, Span]) -> list[tuple[int, ...]]:
    """For each cut, the numbers of the spans, in their order, that go on from there. All begin and end at a cut."""
    if not spans:
        return [()] * len(cuts)
    order = {number: position for position, number in enumerate(spans)}
    begin: dict[int, list[int]] = {}
    for number, (start, _) in spans.items():
        begin.setdefault(start, []).append(number)
    going_on: list[int] = []
    covered: list[tuple[int, ...]] = []
    for cut in cuts:
        going_on = [number for number in [*going_on, *begin.get(cut, ())] if spans[number][1] > cut]
        covered.append(tuple(sorted(going_on, key=order.__getitem__)))
    return covered
