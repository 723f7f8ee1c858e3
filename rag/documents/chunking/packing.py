"""Sections to chunks within the limits. Token counts are asked for in rounds, thousands of texts at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from math import ceil

from rag.text.reading import reading
from rag.types import HEADING_SEPARATOR, Chunk

from .cutting import finer, sentences, unwrapped
from .limits import ChunkLimits, TokenCounter
from .loads import Loads
from .outline import Outline, Part, PartKind
from .units import ChunkDraft, ChunkUnit, beside_text, is_line

LITTLE = 4
"""Divisor of the limit: a last chunk of less takes some of the one before it, and a large block joins no more."""

ANNOUNCEMENT = 300
"""Longest text, in characters, that moves along with what it announces."""

_BLOCKS = (PartKind.LINES, PartKind.HTML, PartKind.TABLE, PartKind.FORMULA, PartKind.MARK)
"""Kinds of parts that are not taken apart while they fit."""


def pack(text: str, found: Outline, *, count_tokens: TokenCounter, limits: ChunkLimits) -> list[Chunk]:
    """Chunks of the sections, in order."""
    packer = _Packer(text, found, count_tokens, limits)
    drafts = packer.with_overlap(packer.with_marks(packer.fitting(packer.drafts(packer.units()))))
    return [packer.chunk(index, draft) for index, draft in enumerate(drafts)]


class _Packer:
    """Holds what every step of packing one text needs."""

    def __init__(self, text: str, found: Outline, count_tokens: TokenCounter, limits: ChunkLimits) -> None:
        self.text = text
        self.limits = limits
        self.sections = found.sections
        self.counted = Loads(text, found, count_tokens, limits)

    def units(self) -> list[ChunkUnit]:
        """Whole sections where they fit; else their parts, cut until each fits or is a single character."""
        whole = (Part(s.parts[0].start, s.parts[-1].end, PartKind.GROUP, s.parts) for s in self.sections)
        units = self._settled([ChunkUnit(number, part) for number, part in enumerate(whole)])
        opened = [each for _, own in groupby(units, key=_section) for each in self._opened(list(own))]
        return self._settled(opened)

    def _settled(self, units: Sequence[ChunkUnit]) -> list[ChunkUnit]:
        units = list(units)
        while unknown := [unit for unit in units if unit.load is None]:
            loads = iter(self.counted.loads([(unit.section, unit.part.start, unit.part.end) for unit in unknown]))
            units = [
                each for unit in units for each in ([unit] if unit.load is not None else self._cut(unit, next(loads)))
            ]
        return units

    def _opened(self, units: list[ChunkUnit]) -> list[ChunkUnit]:
        """Units of a section; a paragraph right below its heading is cut when the heading would else stand alone."""
        first = next(
            (
                at
                for at, unit in enumerate(units)
                if unit.part.kind not in (PartKind.HEADING, PartKind.MARK, PartKind.OPENER)
            ),
            0,
        )
        together = sum(unit.load or 0 for unit in units[: first + 1])
        if not first or units[first].part.kind is not PartKind.PROSE or together <= self.limits.max_tokens:
            return units
        cut = [ChunkUnit(units[first].section, part) for part in sentences(self.text, units[first].part)]
        return [*units[:first], *cut, *units[first + 1 :]]

    def _cut(self, unit: ChunkUnit, load: int) -> list[ChunkUnit]:
        size = len(self.text[unit.part.start : unit.part.end].encode("utf-8", "replace"))
        if unit.part.kind is PartKind.MARK and size <= self.limits.max_bytes:
            return [replace(unit, load=0)]  # nothing of it is embedded
        if load <= self.limits.max_tokens:
            return [replace(unit, load=load)]
        # One piece more than the tokens ask for: each also holds the path, and cuts move back to boundaries.
        whole = unwrapped(unit.part)
        parts = finer(self.text, whole, pieces=ceil(load / self.limits.max_tokens) + 1)
        cut_from = unit.cut_from or (whole if whole.kind in _BLOCKS else None)
        return [ChunkUnit(unit.section, part, cut_from=cut_from) for part in parts] or [replace(unit, load=load)]

    def drafts(self, units: Sequence[ChunkUnit]) -> list[ChunkDraft]:
        """Neighbouring units of a section together, up to the limit by the sum of their loads."""
        sections = [(number, list(own)) for number, own in groupby(units, key=_section)]
        path_loads = self.counted.counts([HEADING_SEPARATOR.join(self.counted.paths[number]) for number, _ in sections])
        one, two = self.counted.counts(["a", "a\na"])
        line_break = max(two - 2 * one, 0)
        lines = [unit.part for unit in units if is_line(unit)]
        typed = dict(zip(lines, self.counted.counts([self.text[p.start : p.end] for p in lines]), strict=True))
        drafts = []
        for (_, own), path_load in zip(sections, path_loads, strict=True):
            marks = max(
                ((unit.load or 0) - path_load - typed[unit.part] for unit in own if unit.part in typed), default=0
            )
            costed = [replace(unit, cost=self._cost(unit, path_load, line_break, typed)) for unit in own]
            drafts += [
                ChunkDraft(tuple(run), run[0].part.start) for run in self._runs(costed, path_load + max(marks, 0))
            ]
        return drafts

    def _cost(self, unit: ChunkUnit, path_load: int, line_break: int, typed: Mapping[Part, int]) -> int:
        """What a unit adds: a line of code without the fence that each piece is read with, nothing for a fence."""
        text = self.text[unit.part.start : unit.part.end]
        if unit.cut_from and not reading(text, self.counted.lead(unit.part.start)).text.strip():
            return 0
        before = self.text[unit.part.start - 1 : unit.part.start]
        alone = typed.get(unit.part, max((unit.load or 0) - path_load, 0))
        return alone + (line_break if before in ("\n", "\r") else 0)

    def _runs(self, units: Sequence[ChunkUnit], path_load: int) -> list[list[ChunkUnit]]:
        room = self.limits.max_tokens - path_load
        runs: list[list[ChunkUnit]] = [[]]
        used = 0
        for unit in units:
            # A chunk that is not the first one of its section leaves room for what it repeats.
            left = room - used - (self.limits.overlap_tokens if len(runs) > 1 else 0)
            # What has to be cut anyway is cut less often when it begins a chunk.
            begins = unit.cut_from and runs[-1] and runs[-1][-1].cut_from is not unit.cut_from
            if runs[-1] and (unit.cost > left or (begins and used > room // LITTLE)):
                runs.append(self._announcing(runs[-1], unit))
                used = sum(each.cost for each in runs[-1])
            runs[-1].append(unit)
            used += unit.cost
        if len(runs) > 1:
            _even_out(runs, room // LITTLE)
        return runs

    def _announcing(self, run: list[ChunkUnit], following: ChunkUnit) -> list[ChunkUnit]:
        """Takes from a run the end that belongs to what follows it: what opens that, or announces it, such as "Run
        this:", or the sentence of a formula."""
        moved: list[ChunkUnit] = []
        while len(run) > 1 and run[-1].part.kind is PartKind.OPENER:
            moved.insert(0, run.pop())
        last = run[-1].part
        if moved or not (self.text[last.end - 1] in ":：" or following.part.kind is PartKind.FORMULA):
            return moved
        if last.end - last.start > ANNOUNCEMENT:
            return self._last_sentence(run)
        return [run.pop()] if len(run) > 1 and last.kind not in _BLOCKS else []

    def _last_sentence(self, run: list[ChunkUnit]) -> list[ChunkUnit]:
        """Takes from a run the last sentence of its last paragraph, if it is short."""
        unit = run[-1]
        *before, last = sentences(self.text, unit.part) if unit.part.kind is PartKind.PROSE else [unit.part]
        if not before or last.end - last.start > ANNOUNCEMENT:
            return []
        cost = ceil(unit.cost * (last.end - last.start) / (unit.part.end - unit.part.start))
        run[-1] = replace(unit, part=Part(unit.part.start, before[-1].end, PartKind.PROSE), cost=unit.cost - cost)
        return [replace(unit, part=last, cost=cost)]

    def fitting(self, drafts: Sequence[ChunkDraft]) -> list[ChunkDraft]:
        """Drafts within the limit by a true count: joined text may have more tokens than its parts."""
        drafts = list(drafts)
        while unknown := [draft for draft in drafts if draft.load is None]:
            loads = iter(self.counted.loads([(draft.section, draft.start, draft.end) for draft in unknown]))
            drafts = [
                each
                for draft in drafts
                for each in ([draft] if draft.load is not None else self._halved(draft, next(loads)))
            ]
        return drafts

    def _halved(self, draft: ChunkDraft, load: int) -> list[ChunkDraft]:
        middle = len(draft.units) // 2
        if load <= self.limits.max_tokens or not middle:
            return [replace(draft, load=load)]
        halves = (draft.units[:middle], draft.units[middle:])
        return [ChunkDraft(half, half[0].part.start) for half in halves]

    def with_marks(self, drafts: Sequence[ChunkDraft]) -> list[ChunkDraft]:
        """Drafts without those of marks alone, which go with the one before or after them; what is too large for that,
        such as a style sheet, is left out."""
        groups = beside_text([draft for draft in drafts if not (draft.is_mark and draft.units[0].cut_from)])
        several = [group for group in groups if len(group) > 1]
        together = [
            ChunkDraft(tuple(unit for draft in group for unit in draft.units), group[0].start) for group in several
        ]
        loads = self.counted.loads([(draft.section, draft.start, draft.end) for draft in together])
        found = {
            group[0].start: [replace(whole, load=load)]
            for group, whole, load in zip(several, together, loads, strict=True)
            if load <= max(self.limits.max_tokens, *(draft.load or 0 for draft in group))
        }
        return [draft for group in groups for draft in found.get(group[0].start, group)]

    def with_overlap(self, drafts: Sequence[ChunkDraft]) -> list[ChunkDraft]:
        """Drafts that go on within a section begin with the last sentences or blocks of the one before."""
        result = list(drafts)
        if not self.limits.overlap_tokens:
            return result
        starts = self._overlap_starts(drafts)
        while starts:
            tried = [(drafts[at].section, earlier[0], drafts[at].end) for at, earlier in starts.items()]
            for (at, earlier), load in zip(list(starts.items()), self.counted.loads(tried), strict=True):
                if load <= self.limits.max_tokens:
                    result[at] = replace(drafts[at], start=earlier[0], load=load)
                    del starts[at]
                elif len(earlier) == 1:
                    del starts[at]
                else:
                    starts[at] = earlier[1:]
        return result

    def _overlap_starts(self, drafts: Sequence[ChunkDraft]) -> dict[int, list[int]]:
        """For each draft that can repeat something: where that may start, earliest first."""
        tails = {
            at + 1: self._tail(before)
            for at, (before, draft) in enumerate(pairwise(drafts))
            if before.section == draft.section
        }
        counts = iter(self.counted.counts([self.text[p.start : p.end] for tail in tails.values() for p in tail]))
        starts = {}
        for at, tail in tails.items():
            left = self.limits.overlap_tokens
            fit: list[int] = []
            for part, count in [(part, next(counts)) for part in tail]:
                left -= count
                if left < 0:
                    break
                fit.insert(0, part.start)
            if fit:
                starts[at] = fit
        return starts

    def _tail(self, draft: ChunkDraft) -> list[Part]:
        """Sentences and blocks at the end of a draft, last first; never its first one, never a heading."""
        tail: list[Part] = []
        for unit in reversed(draft.units):
            if unit.part.kind is PartKind.HEADING or len(tail) > self.limits.overlap_tokens:
                break
            parts = sentences(self.text, unit.part) if unit.part.kind is PartKind.PROSE else [unit.part]
            tail += reversed(parts)
        return [part for part in tail if part.start > draft.units[0].part.start]

    def chunk(self, index: int, draft: ChunkDraft) -> Chunk:
        """The finished chunk of a draft whose load is known."""
        text, lead = self.text[draft.start : draft.end], self.counted.lead(draft.start)
        return Chunk(index, draft.start, draft.end, self.counted.paths[draft.section], text, draft.load or 0, lead)


def _section(unit: ChunkUnit) -> int:
    return unit.section


def _even_out(runs: list[list[ChunkUnit]], little: int) -> None:
    """Moves units from the run before last to a last one that is small, while it stays the smaller of the two."""
    before, last = runs[-2:]
    sizes = [sum(unit.cost for unit in run) for run in (before, last)]
    if sizes[1] >= little:
        return
    while len(before) > 1 and sizes[1] + 2 * before[-1].cost <= sizes[0]:
        sizes = [sizes[0] - before[-1].cost, sizes[1] + before[-1].cost]
        last.insert(0, before.pop())
