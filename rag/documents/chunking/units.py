"""Units of a document that stay whole, and drafts of chunks made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .outline import Part, PartKind


@dataclass(frozen=True, slots=True)
class ChunkUnit:
    """A part of a section that stays whole."""

    section: int
    part: Part
    load: int | None = None
    """Tokens it has as a chunk of its own, heading path included."""
    cost: int = 0
    """Tokens it adds to a chunk it joins."""
    cut_from: Part | None = None
    """The code block or table it is a piece of."""

    @property
    def is_mark(self) -> bool:
        """True if there is nothing to read in it."""
        return _is_mark(self.cut_from or self.part)


@dataclass(frozen=True, slots=True)
class ChunkDraft:
    """Units of one section that become one chunk; `start` is before them where earlier text is repeated."""

    units: tuple[ChunkUnit, ...]
    start: int
    load: int | None = None

    @property
    def section(self) -> int:
        """That of what can be read in it."""
        return next((unit.section for unit in self.units if not unit.is_mark), self.units[0].section)

    @property
    def is_mark(self) -> bool:
        return all(unit.is_mark for unit in self.units)

    @property
    def end(self) -> int:
        return self.units[-1].part.end


def beside_text(drafts: Sequence[ChunkDraft]) -> list[list[ChunkDraft]]:
    """Drafts in groups of one with text and the marks beside it; none where nothing has text."""
    groups: list[list[ChunkDraft]] = [[]]
    has_text = False
    for draft in drafts:
        if has_text and not draft.is_mark:
            groups.append([])
        groups[-1].append(draft)
        has_text = has_text or not draft.is_mark
    return groups if has_text else []


def _is_mark(part: Part) -> bool:
    return part.kind is PartKind.MARK or (bool(part.children) and all(map(_is_mark, part.children)))


def is_line(unit: ChunkUnit) -> bool:
    return unit.cut_from is not None and unit.cut_from.kind is PartKind.LINES
