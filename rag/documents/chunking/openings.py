"""What opened, earlier in a document, the place where a piece begins: the head of a table, a fence, a tab."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_LEAD = 2_000
"""Characters of all that opens one piece: more is no head of a table, and every piece would repeat it."""

LONGEST_OPENER = 300
"""Characters of a line that opens a fence, a tab or an admonition."""

DEEPEST = 8
"""Openings around one place that are told, the inner ones."""

MOST_OPEN = 64
"""Openings around one place that are followed; no page nests so many, and hostile ones nest thousands."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Lines that open what the characters `[start, end)` of a document stand in."""

    start: int
    end: int
    lead: str


class Openings:
    """The openings of one document, to look places up in. Work and memory grow with their number."""

    def __init__(self, openings: Iterable[Opening]) -> None:
        self._starts: list[int] = [0]
        self._around: list[tuple[Opening, ...]] = [()]
        self._leads: dict[tuple[Opening, ...], str] = {}
        open_now: list[Opening] = []
        for each in sorted(openings, key=lambda o: (o.start, -o.end)):
            open_now = self._closed(open_now, each.start)
            if len(open_now) < MOST_OPEN:
                open_now.append(each)
                self._note(each.start, open_now)
        self._closed(open_now, None)

    def lead(self, at: int) -> str:
        """The lines that open what stands at `at`, the outer ones first; "" where nothing is open."""
        around = self._around[bisect_right(self._starts, at) - 1]
        if around not in self._leads:
            self._leads[around] = _together(around)
        return self._leads[around]

    def _closed(self, open_now: list[Opening], before: int | None) -> list[Opening]:
        """Note where openings end that end at or before `before`, or all; returns those that are still open."""
        for end in sorted({o.end for o in open_now if before is None or o.end <= before}):
            open_now = [o for o in open_now if o.end > end]
            self._note(end, open_now)
        return open_now

    def _note(self, at: int, open_now: list[Opening]) -> None:
        around = tuple(open_now[-DEEPEST:])
        if self._starts[-1] == at:
            self._around[-1] = around
        else:
            self._starts.append(at)
            self._around.append(around)


def _together(around: tuple[Opening, ...]) -> str:
    leads: list[str] = []
    room = LONGEST_LEAD
    for each in reversed(around):
        room -= len(each.lead) + 1
        if room < 0:
            break
        leads.insert(0, each.lead)
    return "\n".join(leads)
