"""Two answers to one question, sentence by sentence. Pure.

A sentence is the same when its words are, whatever numbers it cites: contexts are numbered anew in every answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.citations import markers as citations
from rag.text.differences import DiffPiece, Pair, aligned, words
from rag.text.sentences import Form, sentences

_CITED = re.compile(r"(?:\[\d{1,3}(?:\s?[,，]\s?\d{1,3})*\]\s*)+")
_GLUE = re.compile(r"\s+")


class Change(StrEnum):
    """Change of a sentence between two answers."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class DiffRow:
    """A sentence before and after, cut into pieces; empty on the side that has none. `code` for a code block or table,
    which must keep its lines."""

    change: Change
    before: tuple[DiffPiece, ...]
    after: tuple[DiffPiece, ...]
    code: bool = False


def compare(before: str, after: str) -> list[DiffRow]:
    """Rows in order: every sentence of both answers is in exactly one."""
    lefts, rights = _parts(before), _parts(after)
    return [_row(pair, lefts, rights) for pair in aligned([p.key for p in lefts], [p.key for p in rights])]


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    key: str
    code: bool


def _parts(answer: str) -> list[_Part]:
    parts: list[_Part] = []
    for start, end, code in _spans(answer):
        text = answer[start:end]
        key = text if code else _GLUE.sub(" ", citations.without(text)).strip()
        parts.append(_Part(text, key, code))
    return parts


def _spans(answer: str) -> list[tuple[int, int, bool]]:
    """Sentences as spans; a citation after the full stop belongs to the sentence before it."""
    spans: list[tuple[int, int, bool]] = []
    for sentence in sentences(answer):
        start, code = sentence.start, sentence.form in (Form.CODE, Form.TABLE)
        cited = None if code else _CITED.match(answer, start, sentence.end)
        if cited and spans and not spans[-1][2]:
            spans[-1] = (spans[-1][0], start + len(cited.group().rstrip()), False)
            start = cited.end()
        if start < sentence.end:
            spans.append((start, sentence.end, code))
    return spans


def _row(pair: Pair, lefts: Sequence[_Part], rights: Sequence[_Part]) -> DiffRow:
    left = lefts[pair[0]] if pair[0] is not None else None
    right = rights[pair[1]] if pair[1] is not None else None
    if left is None:
        assert right is not None
        return DiffRow(Change.ADDED, (), (DiffPiece(right.text, True),), right.code)
    if right is None:
        return DiffRow(Change.REMOVED, (DiffPiece(left.text, True),), (), left.code)
    if left.key == right.key:
        return DiffRow(Change.SAME, (DiffPiece(left.text),), (DiffPiece(right.text),), left.code)
    return DiffRow(Change.CHANGED, *words(left.text, right.text), code=left.code or right.code)
