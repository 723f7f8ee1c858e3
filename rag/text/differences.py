"""Two texts, piece by piece and word by word: what one has that the other has not. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .scripts import UNSPACED

ALIKE = 0.5
"""Least similarity of two pieces that are shown as one that was changed, not as one gone and one new."""
LONGEST_COMPARED = 600
"""Words of a piece, or pieces of a text, up to which the parts that differ are looked for."""
MOST_PAIRS = 900
"""Pairs of pieces among which like ones are looked for; of more, all are shown as gone and new."""

_WORD = re.compile(rf"\s+|\d+(?:[.,]\d+)+(?!\w)|[{UNSPACED}]|[^\W{UNSPACED}]+|[^\w\s]")

Pair = tuple[int | None, int | None]
"""Places of a piece before and after; None on the side that has none."""


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A part of a sentence; `differs` is True when the other text does not have it."""

    text: str
    differs: bool = False


def aligned(lefts: Sequence[str], rights: Sequence[str]) -> Iterator[Pair]:
    """The pieces of two texts side by side: in order, each in exactly one pair."""
    if max(len(lefts), len(rights)) > LONGEST_COMPARED:
        equal = lefts == rights
        yield from ((i, i if equal else None) for i in range(len(lefts)))
        yield from () if equal else ((None, j) for j in range(len(rights)))
        return
    matcher = difflib.SequenceMatcher(None, lefts, rights, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield from zip(range(a, b), range(c, d), strict=True)
        else:
            yield from _replaced(lefts, rights, range(a, b), range(c, d))


def words(before: str, after: str) -> tuple[tuple[DiffPiece, ...], tuple[DiffPiece, ...]]:
    """Two sentences cut where they differ."""
    lefts, rights = _WORD.findall(before), _WORD.findall(after)
    if max(len(lefts), len(rights)) > LONGEST_COMPARED:
        return (DiffPiece(before, True),), (DiffPiece(after, True),)
    matcher = difflib.SequenceMatcher(None, lefts, rights, autojunk=False)
    opcodes = matcher.get_opcodes()
    return (
        tuple(_pieces(("".join(lefts[a:b]), kind != "equal") for kind, a, b, _, _ in opcodes)),
        tuple(_pieces(("".join(rights[c:d]), kind != "equal") for kind, _, _, c, d in opcodes)),
    )


def _replaced(lefts: Sequence[str], rights: Sequence[str], before: range, after: range) -> Iterator[Pair]:
    """Pieces in place of others: like ones side by side, in the order of both texts."""
    likeness, i, j = 0.0, 0, 0
    if 0 < len(before) * len(after) <= MOST_PAIRS:
        likeness, i, j = max((_likeness(lefts[i], rights[j]), -i, -j) for i in before for j in after)
    if likeness < ALIKE:
        yield from ((place, None) for place in before)
        yield from ((None, place) for place in after)
        return
    i, j = -i, -j
    yield from _replaced(lefts, rights, range(before.start, i), range(after.start, j))
    yield i, j
    yield from _replaced(lefts, rights, range(i + 1, before.stop), range(j + 1, after.stop))


@lru_cache(maxsize=4096)
def _likeness(left: str, right: str) -> float:
    lefts, rights = (_WORD.findall(text)[:LONGEST_COMPARED] for text in (left, right))
    matcher = difflib.SequenceMatcher(None, lefts, rights, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE else 0.0


def _pieces(parts: Iterator[tuple[str, bool]]) -> Iterator[DiffPiece]:
    return (DiffPiece(text, differs) for text, differs in parts if text)
