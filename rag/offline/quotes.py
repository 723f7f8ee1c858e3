"""Markdown to what can be quoted and understood alone: a sentence, or an introduction with its list or code. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.text.sentences import Form, Sentence, sentences

SHORT = 25
"""Letters; an ideograph counts as three. A shorter sentence (`Yes.`) says something only with the next one."""
LONGEST = 1200
"""Characters. More list items or code are not attached to their introduction."""
_WHOLE = (Form.CODE, Form.TABLE)


@dataclass(frozen=True, slots=True)
class Quote:
    """Characters `[start, end)` of a passage. `is_block`: it must stand on lines of its own."""

    start: int
    end: int
    is_block: bool


def quotes(text: str) -> list[Quote]:
    """What of `text` can be quoted, in order; headings cannot."""
    pieces = [piece for piece in sentences(text) if piece.form is not Form.HEADING]
    found: list[Quote] = []
    at = 0
    while at < len(pieces):
        last = _last_of_quote(text, pieces, at)
        is_block = any(p.form in _WHOLE for p in pieces[at : last + 1]) or pieces[last].block != pieces[at].block
        found.append(Quote(pieces[at].start, pieces[last].end, is_block))
        at = last + 1
    return found


def _last_of_quote(text: str, pieces: Sequence[Sentence], at: int) -> int:
    """Position of the last piece that belongs to the quote beginning at `at`."""
    last, first = at, pieces[at]
    if first.form in _WHOLE:
        return at
    while (
        _letters(text[first.start : pieces[last].end]) < SHORT
        and last + 1 < len(pieces)
        and pieces[last + 1].block == first.block
    ):
        last += 1
    if not text[: pieces[last].end].endswith((":", "：")):
        return last
    return _last_attached(pieces, first, last)


def _last_attached(pieces: Sequence[Sentence], first: Sentence, last: int) -> int:
    """The end of the list, or the code block or table, that an introduction ending in a colon introduces."""
    following = last + 1
    if following < len(pieces) and pieces[following].form in _WHOLE:
        return following if pieces[following].end - first.start <= LONGEST else last
    while (
        following < len(pieces)
        and pieces[following].form is Form.ITEM
        and pieces[following].end - first.start <= LONGEST
    ):
        last = following
        following += 1
    return last


def _letters(text: str) -> int:
    return sum(1 if character.isascii() else 3 for character in text)
