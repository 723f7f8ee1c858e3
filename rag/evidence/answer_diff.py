"""Two answers to one question, sentence by sentence. Pure.

A sentence is the same when its words are, whatever numbers it cites: contexts are numbered anew in every answer.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.citations import markers as citations
from rag.text.scripts import UNSPACED
from rag.text.sentences import Form, sentences

ALIKE = 0.5
"""Least similarity of two sentences that are shown as one that was changed, not as one gone and one new."""
LONGEST_COMPARED = 600
"""Words of a sentence, or sentences of an answer, up to which the parts that differ are looked for."""

_WORD = re.compile(rf"\s+|[{UNSPACED}]|[^\W{UNSPACED}]+|[^\w\s]")
_CITED = re.compile(r"(?:\[\d{1,3}(?:\s?[,，]\s?\d{1,3})*\]\s*)+")
_GLUE = re.compile(r"\s+")


class Change(StrEnum):
    """Change of a sentence between two answers."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class DiffPiece:
    """A part of a sentence; `differs` is True when the other answer does not have it."""

    text: str
    differs: bool = False


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
    if max(len(lefts), len(rights)) > LONGEST_COMPARED:
        return [*map(_removed, lefts), *map(_added, rights)] if before != after else [_same(p, p) for p in lefts]
    matcher = difflib.SequenceMatcher(None, [p.key for p in lefts], [p.key for p in rights], autojunk=False)
    rows: list[DiffRow] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            rows += [_same(left, right) for left, right in zip(lefts[a:b], rights[c:d], strict=True)]
        else:
            rows += _replaced(lefts[a:b], rights[c:d])
    return rows


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


def _replaced(lefts: Sequence[_Part], rights: Sequence[_Part]) -> list[DiffRow]:
    """Sentences in place of others: like ones side by side, in the order of both answers."""
    if not lefts or not rights:
        return [*map(_removed, lefts), *map(_added, rights)]
    likeness, i, j = max(
        ((_likeness(left, right), -i, -j) for i, left in enumerate(lefts) for j, right in enumerate(rights)),
    )
    if likeness < ALIKE:
        return [*map(_removed, lefts), *map(_added, rights)]
    i, j = -i, -j
    cut = words(lefts[i].text, rights[j].text)
    middle = DiffRow(Change.CHANGED, *cut, code=lefts[i].code or rights[j].code)
    return [*_replaced(lefts[:i], rights[:j]), middle, *_replaced(lefts[i + 1 :], rights[j + 1 :])]


def _likeness(left: _Part, right: _Part) -> float:
    lefts, rights = (_WORD.findall(part.key)[:LONGEST_COMPARED] for part in (left, right))
    matcher = difflib.SequenceMatcher(None, lefts, rights, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= ALIKE else 0.0


def _pieces(parts: Iterator[tuple[str, bool]] | Sequence[tuple[str, bool]]) -> Iterator[DiffPiece]:
    return (DiffPiece(text, differs) for text, differs in parts if text)


def _same(left: _Part, right: _Part) -> DiffRow:
    return DiffRow(Change.SAME, (DiffPiece(left.text),), (DiffPiece(right.text),), left.code)


def _whole(change: Change) -> Callable[[_Part], DiffRow]:
    def row(part: _Part) -> DiffRow:
        pieces = (DiffPiece(part.text, True),)
        if change is Change.REMOVED:
            return DiffRow(change, pieces, (), part.code)
        return DiffRow(change, (), pieces, part.code)

    return row


_removed = _whole(Change.REMOVED)
_added = _whole(Change.ADDED)
