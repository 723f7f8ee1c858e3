"""Stretches of an answer without source: a sentence, or the items of a list that follow each other. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.ledger import Claim, Ledger

from .summary import without_source

_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_OUTSIDE = re.compile(r"^(?![ \t]|[-*+][ \t]|\d{1,9}[.)][ \t])\S", re.MULTILINE)
"""The beginning of a line that belongs to no list."""


@dataclass(frozen=True, slots=True)
class Unsourced:
    """Sentences without source that one remark tells of: where the last one ends, and how many they are."""

    end: int
    count: int


def unsourced(ledger: Ledger) -> tuple[Unsourced, ...]:
    """The stretches without source in the order of the answer."""
    bare = set(without_source(ledger))
    found: list[Unsourced] = []
    before: Claim | None = None
    for claim in ledger.claims:
        if claim not in bare:
            before = None
            continue
        if before and _go_together(ledger.answer, before, claim):
            found[-1] = Unsourced(claim.end, found[-1].count + 1)
        else:
            found.append(Unsourced(claim.end, 1))
        before = claim
    return tuple(found)


def _go_together(answer: str, one: Claim, following: Claim) -> bool:
    """True if both stand in one list, however nested."""
    below = answer[one.end : following.start].partition("\n")[2]
    return _is_item(answer, one) and _is_item(answer, following) and not _OUTSIDE.search(below)


def _is_item(answer: str, claim: Claim) -> bool:
    return _ITEM.match(answer, answer.rfind("\n", 0, claim.start) + 1) is not None


def ends(stretches: Sequence[Unsourced]) -> list[int]:
    """Where each stretch ends."""
    return [stretch.end for stretch in stretches]
