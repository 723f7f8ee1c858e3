"""Excerpts: runs of units that say something by themselves, with what a sentence leads to or refers to. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rag.text.reading import BlockKind

from .units import Passage, Unit
from .wording import (
    LONGEST,
    announces,
    asks,
    ended,
    fragment,
    goes_on,
    is_step,
    leads,
    letters,
    only_named,
    points,
    refers,
    unfinished,
)

SHORT = 25
"""Letters; an ideograph counts as three. A shorter sentence (`Yes.`) says something only with the next one."""
SHORT_LIST = 500
"""Letters of a list without numbers up to which it is quoted whole for one of its items; a procedure always is."""
LONGEST_EXAMPLE = 600
"""Characters of code that goes with the paragraph above it, though nothing announces it."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Units `[first, last]` of a passage."""

    passage: int
    first: int
    last: int
    units: tuple[Unit, ...]

    @property
    def text(self) -> str:
        return "\n".join(unit.text for unit in self.units)


def excerpts(passage: Passage, number: int) -> list[Excerpt]:
    """The quotes of a passage that say something by themselves, in order; each run of units once."""
    found: dict[tuple[int, int], Excerpt] = {}
    for at in range(len(passage)):
        run = _run(passage, at)
        if run is not None:
            found.setdefault(run, excerpt(passage, number, *run))
    return list(found.values())


def excerpt(passage: Passage, number: int, first: int, last: int) -> Excerpt:
    """The quote of units `[first, last]`."""
    return Excerpt(number, first, last, passage[first : last + 1])


def _run(passage: Passage, at: int) -> tuple[int, int] | None:
    """First and last unit of the quote for unit `at`; None where it says nothing by itself."""
    unit = passage[at]
    if unit.kind is BlockKind.ROW:
        return at, at
    if unit.group:
        return _of_list(passage, at)
    if unit.kind is BlockKind.CODE:
        first = _introduction(passage, at)
        return (first, at) if _length(passage, first, at) <= LONGEST else (at, at)
    if unit.kind is BlockKind.FORMULA:
        return _of_formula(passage, at)
    return _of_prose(passage, at)


def _of_prose(passage: Passage, at: int) -> tuple[int, int] | None:
    first, last = _back(passage, at), at
    while _incomplete(passage, at, last) and _goes_on(passage, last):
        last += 1
    if unfinished(passage[last]):
        return None
    if _leads_on(passage, last):
        if passage[last + 1 : last + 2] and passage[last + 1].kind is BlockKind.FORMULA:
            return _of_formula(passage, last + 1)
        attached = _attached(passage, last)
        return (first, attached) if attached > last and _length(passage, first, attached) <= LONGEST else None
    if fragment(passage[first : last + 1]):
        return None
    following = last + 1
    if following < len(passage) and _same_section(passage, last, following):
        after, announced = passage[following], announces(passage[last])
        if after.kind is BlockKind.CODE:
            most = LONGEST if announced else LONGEST_EXAMPLE
            return (
                (_introduction(passage, following), following)
                if _length(passage, last, following) <= most
                else (
                    first,
                    last,
                )
            )
        if announced and after.group and _attached(passage, last) > last:
            last = _attached(passage, last)
    return first, last


def _leads_on(passage: Passage, last: int) -> bool:
    """True if a unit leads to what follows it: by a colon, or by a sentence that a list or formula ends."""
    if leads(passage[last]):
        return True
    after = passage[last + 1] if last + 1 < len(passage) and _same_section(passage, last, last + 1) else None
    if after is None or after.block == passage[last].block or ended(passage[last]):
        return False
    return after.kind is BlockKind.FORMULA or (after.kind is BlockKind.ITEM and after.group > 0)


def _introduction(passage: Passage, code: int) -> int:
    """The sentence that introduces a block of code, `code` itself where none does: not one that points elsewhere."""
    first = code
    while first > 0 and _same_section(passage, first - 1, code) and passage[first - 1].kind is BlockKind.PROSE:
        if first < code and passage[first - 1].block != passage[first].block:
            break
        first -= 1
        if not points(passage[first]):
            return _back(passage, first)
    return code


def _back(passage: Passage, at: int) -> int:
    """The unit before `at` where `at` refers to it or it is too short to stand alone, else `at`."""
    before = at - 1
    if before < 0 or not _same_section(passage, before, at):
        return at
    told, near = passage[before], passage[at].block - passage[before].block
    if told.kind is not BlockKind.PROSE or told.group or leads(told) or asks(told):
        return at
    short = near == 0 and letters(told.text) < SHORT
    return before if short or (near <= 1 and refers(passage[at])) else at


def _incomplete(passage: Passage, first: int, last: int) -> bool:
    said = sum(letters(unit.text) for unit in passage[first : last + 1])
    return said < SHORT or unfinished(passage[last])


def _goes_on(passage: Passage, last: int) -> bool:
    """True if the unit after `last` goes on with its sentence or paragraph."""
    if last + 1 >= len(passage):
        return False
    unit, after = passage[last], passage[last + 1]
    if after.block == unit.block:
        return True
    return unfinished(unit) and after.kind is BlockKind.PROSE and _same_section(passage, last, last + 1)


def _attached(passage: Passage, last: int) -> int:
    """The last unit of the list, code, rows or formula that unit `last` leads to; `last` where nothing follows."""
    following = last + 1
    if following >= len(passage) or not _same_section(passage, last, following):
        return last
    after = passage[following]
    if after.kind in (BlockKind.CODE, BlockKind.FORMULA):
        return following
    if not after.group:
        return following if after.kind is BlockKind.PROSE and after.block != passage[last].block else last
    until = following
    while (
        until + 1 < len(passage)
        and passage[until + 1].group == after.group
        and _length(passage, last, until + 1) <= LONGEST
    ):
        until += 1
    return until


def _of_formula(passage: Passage, at: int) -> tuple[int, int]:
    """A formula with the sentence it ends, and the one that goes on behind it."""
    first, last = at, at
    if at > 0 and passage[at - 1].kind in (BlockKind.PROSE, BlockKind.ITEM) and _same_section(passage, at - 1, at):
        first = _back(passage, at - 1)
    if last + 1 < len(passage) and _same_section(passage, last, last + 1) and goes_on(passage[last + 1]):
        last += 1
    return first, last


def _of_list(passage: Passage, at: int) -> tuple[int, int] | None:
    """The whole list with what introduces it, where it is short or a procedure; else the item."""
    group = passage[at].group
    first, last = at, at
    while first > 0 and passage[first - 1].group == group:
        first -= 1
    while last + 1 < len(passage) and passage[last + 1].group == group:
        last += 1
    if leads(passage[last]) and _attached(passage, last) == last + 1:
        last += 1  # the code of the last step
    introduced = first - 1 if first > 0 and _introduces(passage, first - 1, first) else first
    said = sum(letters(unit.text) for unit in passage[introduced : last + 1])
    procedure = is_step(passage[first])
    if said <= SHORT_LIST or (procedure and _length(passage, introduced, last) <= LONGEST):
        return introduced, last
    return _item(passage, at, first, last)


def _introduces(passage: Passage, before: int, first: int) -> bool:
    told = passage[before]
    said = leads(told) or announces(told)
    return said and told.kind is BlockKind.PROSE and _same_section(passage, before, first)


def _item(passage: Passage, at: int, first: int, last: int) -> tuple[int, int] | None:
    """The item of unit `at`, of a list `[first, last]`, with what stands inside it; None for one that leads nowhere."""
    begin = at
    while begin > first and not (passage[begin].kind is BlockKind.ITEM and _begins_item(passage, begin)):
        begin -= 1
    depth, end = passage[begin].depth, at
    while end < last and not (_begins_item(passage, end + 1) and passage[end + 1].depth <= depth):
        if _length(passage, begin, end + 1) > LONGEST:
            break
        end += 1
    while begin < end and asks(passage[begin]):
        begin += 1  # the answer is what follows a question
    return None if leads(passage[end]) else (begin, end)


def _begins_item(passage: Passage, at: int) -> bool:
    unit = passage[at]
    if unit.kind is not BlockKind.ITEM or (at > 0 and passage[at - 1].block == unit.block):
        return False
    return bool(unit.marker)


def _same_section(passage: Passage, one: int, other: int) -> bool:
    return passage[one].path == passage[other].path and passage[one].label == passage[other].label


def _length(passage: Passage, first: int, last: int) -> int:
    return sum(0 if only_named(unit) else len(unit.text) for unit in passage[first : last + 1])
