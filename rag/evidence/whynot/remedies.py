"""Changes of the settings that would admit a passage, the least one first. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rag.options import TABLE, ShownIn, applied, of
from rag.retrieval.fusion import fuse
from rag.retrieval.selection import reselect
from rag.types import Fusion, Hit, Retrieval, RetrievalOptions

MOST_CANDIDATES = int(TABLE["candidates"].high)
MOST_CONTEXTS = int(TABLE["contexts"].high)

Changes = Mapping[str, str | float | int]
"""Setting -> its new value. Besides the retrieval options that show in remedies: `pin` and `unban` name a chunk,
`also` adds a document to those that are searched, `document` leaves no other, `base` adds a knowledge base, `whole`
lifts what narrows one."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """Settings to change. `given`: the earlier answer's candidates are enough, so that nothing is searched again;
    `certain`: the passage is then sent, not only likely to be."""

    changes: Changes
    given: bool
    certain: bool


def changed(options: RetrievalOptions, changes: Mapping[str, Any]) -> RetrievalOptions:
    """Options with `changes` made, each within its bounds; what is no such change is left out."""
    for setting, value in changes.items():
        if setting in _CHANGES:
            options = _CHANGES[setting](options, value)
        elif setting in _SETTINGS and (possible := _SETTINGS[setting].clamped(value)) is not None:
            options = applied(options, reader={setting: possible})
    return options


def among_candidates(retrieval: Retrieval, chunk_id: str) -> Remedy | None:
    """The least change that sends a passage which was found and judged; None where it is sent, or nothing does."""
    options = retrieval.options
    for changes in _least(retrieval, chunk_id):
        outcome = reselect(retrieval, changed(options, changes))
        if any(c.kept for c in outcome.candidates if c.stored.id == chunk_id):
            return Remedy(changes, given=True, certain=True)
    return None


def _least(retrieval: Retrieval, chunk_id: str) -> Iterator[Changes]:
    """Changes of one setting, then of two, at last a pin."""
    options = retrieval.options
    found = next((c for c in retrieval.candidates if c.stored.id == chunk_id), None)
    if found is None or found.kept:
        return
    if chunk_id in options.banned:
        yield {"unban": chunk_id}
    lower = None if found.probability is None else below(found.probability)
    more = range(options.contexts + 1, MOST_CONTEXTS + 1)
    if lower is not None and lower < options.threshold:
        yield {"threshold": lower}
        yield from ({"threshold": lower, "contexts": contexts} for contexts in more)
    else:
        yield from ({"contexts": contexts} for contexts in more)
    yield {"pin": chunk_id}


def below(probability: float) -> float:
    """The highest threshold the page can set that lets `probability` pass."""
    step = TABLE["threshold"].step
    return max(0.0, math.floor(probability / step + 1e-9) * step)


def enough_candidates(
    dense: Sequence[Hit], full_text: Sequence[Hit], chunk_id: str, fusion: Fusion, *, now: int
) -> int | None:
    """Least number of candidates per search above `now` that gives the reranker the passage; None where none does.

    The lists are those of searches for `MOST_CANDIDATES`.
    """
    counts = range(now + 1, MOST_CANDIDATES + 1)
    return next((n for n in counts if is_candidate(dense, full_text, chunk_id, fusion, count=n)), None)


def is_candidate(dense: Sequence[Hit], full_text: Sequence[Hit], chunk_id: str, fusion: Fusion, *, count: int) -> bool:
    """True if the passage is given to the reranker with `count` candidates per search."""
    return any(c.stored.id == chunk_id for c in fuse(dense[:count], full_text[:count], fusion)[:count])


def _pin(options: RetrievalOptions, value: Any) -> RetrievalOptions:
    if not isinstance(value, str) or not value:
        return options
    banned = tuple(each for each in options.banned if each != value)
    return replace(options, pinned=tuple(dict.fromkeys((*options.pinned, value))), banned=banned)


def _unban(options: RetrievalOptions, value: Any) -> RetrievalOptions:
    return replace(options, banned=tuple(each for each in options.banned if each != value))


def _document(options: RetrievalOptions, value: Any) -> RetrievalOptions:
    return replace(options, documents=(value,)) if isinstance(value, str) and value else options


def _also(options: RetrievalOptions, value: Any) -> RetrievalOptions:
    if not isinstance(value, str) or not value or not options.documents:
        return options
    return replace(options, documents=tuple(dict.fromkeys((*options.documents, value))))


def _base(options: RetrievalOptions, value: Any) -> RetrievalOptions:
    if not isinstance(value, str) or not value or not options.collections:
        return options
    return replace(options, collections=tuple(dict.fromkeys((*options.collections, value))))


def _whole(options: RetrievalOptions, value: Any) -> RetrievalOptions:
    return replace(options, narrowed=tuple(part for part in options.narrowed if part.collection != value))


_SETTINGS = {option.name: option for option in of(shown=ShownIn.REMEDY)}
_CHANGES = {
    "pin": _pin,
    "unban": _unban,
    "document": _document,
    "also": _also,
    "base": _base,
    "whole": _whole,
}
