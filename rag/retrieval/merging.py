"""The contexts of several searches as those of one answer: numbered in one line, each passage once. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from rag.ledger import Search, made
from rag.messages import Reason, reason
from rag.types import Candidate, Retrieval, RetrievalOptions

from .duplicates import conflicts, first_repeated
from .selection import repetition, reselect

KEPT_ELSEWHERE = "stages.kept_elsewhere"
"""Code of the reason why a passage is no context of a search: another search of the answer sent it."""

PLACE = ("mode", "instruction", "documents", "collections", "narrowed")
"""Options that say where and how is searched: what was found stays found when other options change."""


def numbered(searches: Sequence[Search]) -> tuple[Search, ...]:
    """The same searches with their contexts numbered from 1 over all of them, in their order.

    A passage that an earlier search sends is no context a second time, nor is what says the same as one.
    """
    if len(searches) < 2:
        return tuple(searches)
    kept: list[Candidate] = []
    owners: dict[str, int] = {}
    done: list[Search] = []
    for search in searches:
        if search.retrieval is None:
            done.append(search)
            continue
        own = {c.stored.id: _among(c, kept, owners, search) for c in search.contexts}
        candidates = tuple(own[c.stored.id] if c.kept else c for c in search.candidates)
        told = conflicts(kept)  # what it disagrees on with searches before it is told with it
        mine = tuple(each for each in told if search.number in (owners[each.first], owners[each.second]))
        done.append(replace(search, retrieval=replace(search.retrieval, candidates=candidates, conflicts=mine)))
    return tuple(done)


def allotted(searches: Sequence[Search], limit: int) -> tuple[Search, ...]:
    """The same searches with `limit` contexts in all: the best of each, whatever the limit, then the second
    best of each, and so on.

    Each search has kept as many by itself. Pinned passages come before all others.
    """
    several = made(searches)
    if len(several) < 2:
        return tuple(searches)
    chosen = {c.stored.id for search in several for c in search.contexts if c.stored.id in search.options.pinned}
    for search, c in _by_turns(several):
        unheard = not any(other.stored.id in chosen for other in search.contexts)
        if unheard or len(chosen) < limit:
            chosen.add(c.stored.id)
    beyond = reason("stages.beyond_contexts", limit=limit)
    return without(
        searches, {c.stored.id: beyond for search in several for c in search.contexts if c.stored.id not in chosen}
    )


def _by_turns(searches: Sequence[Search]) -> Iterator[tuple[Search, Candidate]]:
    """The first context of each search, then the second of each: scores for different queries do not compare."""
    for place in range(max(len(search.contexts) for search in searches)):
        for search in searches:
            if place < len(search.contexts):
                yield search, search.contexts[place]


def _among(c: Candidate, kept: list[Candidate], owners: dict[str, int], search: Search) -> Candidate:
    """A context of one search as it stands after those `kept` before, to which it is added if it is none of them."""
    if owner := owners.get(c.stored.id):
        return replace(c, number=None, dropped=reason(KEPT_ELSEWHERE, search=owner))
    twin = None if c.stored.id in search.options.pinned else first_repeated(c, kept)
    if twin:
        return replace(c, number=None, dropped=repetition(twin), similar_to=twin.stored.id)
    c = replace(c, number=len(kept) + 1)
    kept.append(c)
    owners[c.stored.id] = search.number
    return c


def reselected(searches: Sequence[Search], options: RetrievalOptions) -> tuple[Search, ...]:
    """Outcome the searches would have had with `options`, from the candidates they found.

    The first search with an outcome gets these options. What they change in it is changed in the others too; where and
    how each of them searched stays.
    """
    first = next(iter(made(searches)), searches[0])
    changes: dict[str, Any] = {
        f.name: getattr(options, f.name)
        for f in fields(options)
        if f.name not in PLACE and getattr(options, f.name) != getattr(first.options, f.name)
    }

    def again(search: Search) -> Search:
        wanted = options if search is first else replace(search.options, **changes)
        found = reselect(search.retrieval, wanted) if search.retrieval else None
        return replace(search, options=wanted, retrieval=found)

    return numbered(allotted([again(search) for search in searches], options.contexts))


def without(searches: Sequence[Search], dropped: Mapping[str, Reason]) -> tuple[Search, ...]:
    """The same searches less some contexts: those named in `dropped`, by chunk id, with why they are none any more."""
    left = {c.stored.id for search in searches for c in search.contexts} - dropped.keys()

    def less(found: Retrieval) -> Retrieval:
        kept = tuple(_less(c, dropped) for c in found.candidates)
        conflicts = tuple(c for c in found.conflicts if {c.first, c.second} <= left)
        return replace(found, candidates=kept, conflicts=conflicts)

    return tuple(replace(each, retrieval=less(each.retrieval)) if each.retrieval else each for each in searches)


def _less(c: Candidate, dropped: Mapping[str, Reason]) -> Candidate:
    why = dropped.get(c.stored.id)
    sent = c.kept or (c.dropped is not None and c.dropped.code == KEPT_ELSEWHERE)
    return replace(c, number=None, dropped=why) if why and sent else c
