"""Contexts to passages of units: the smallest parts of a reading text that can be quoted. Pure.

Contexts of one document whose characters overlap or follow each other are one passage, in which every character stands
once; a unit remembers which context it is cited from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.text.markdown_spans import open_fence
from rag.text.reading import BlockKind, ReadingBlock, ReadingText
from rag.text.sentences import sentences
from rag.types import HEADING_SEPARATOR, Candidate, Chunk

TOUCHING = 3
"""Characters between two chunks that follow each other: the blank line they were cut at."""

_SPLIT = (BlockKind.PROSE, BlockKind.ITEM)
"""Kinds of which each sentence is a unit; of the others each block is."""
_FENCE = re.compile(r"^[ \t>]*(?:`{3,}|~{3,}|<pre\b)", re.MULTILINE | re.IGNORECASE)
_LIST_MARKER = re.compile(r"(?:[-*+•]|\(?\w{1,4}[.)、])(?=\s)")


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, or a whole row, code block or formula: characters `[start, end)` of the reading text `reading`."""

    number: int
    """Number of the context it is cited from."""
    place: int
    """Place of that context among all, from 0."""
    reading: str
    start: int
    end: int
    block: int
    """Number of its block, unique in its passage."""
    kind: BlockKind
    origin: tuple[int, int]
    """The characters of the document it comes from."""
    source: str
    """Those characters."""
    document: str
    path: str
    """Headings it stands under, those inside its context among them."""
    group: int = 0
    """Number of the list or table it belongs to, unique in its passage; 0 for none."""
    marker: str = ""
    depth: int = 0
    label: str = ""
    language: str = ""
    cut: bool = False
    """True for code of which the context holds only a part."""
    passage: str = ""
    """Embedded text of that context."""

    @property
    def text(self) -> str:
        return self.reading[self.start : self.end]


Passage = tuple[Unit, ...]
"""Units of one document, in order, from contexts that follow each other."""


def passages(contexts: Sequence[Candidate]) -> list[Passage]:
    """The passages of all contexts, in the order of their first one."""
    found: list[list[tuple[int, Candidate]]] = []
    for place, context in sorted(enumerate(contexts), key=lambda each: _standing(each[1])):
        before = found[-1][-1][1] if found else None
        if before is not None and _continues(before, context):
            found[-1].append((place, context))
        else:
            found.append([(place, context)])
    return [_joined(run) for run in sorted(found, key=lambda run: min(place for place, _ in run))]


def _standing(context: Candidate) -> tuple[str, str, str, int]:
    stored = context.stored
    return stored.collection, stored.document, stored.sha256, stored.chunk.start


def _continues(before: Candidate, context: Candidate) -> bool:
    same = _standing(before)[:3] == _standing(context)[:3]
    return same and context.stored.chunk.start <= before.stored.chunk.end + TOUCHING


def _joined(run: Sequence[tuple[int, Candidate]]) -> Passage:
    joined: list[Unit] = []
    for place, context in run:
        known = joined[-1].origin[1] if joined else -1
        units = list(_units(context.number or place + 1, place, context.stored.document, context.stored.chunk))
        new = [unit for unit in units if unit.origin[1] > known or not joined]
        if joined and new and new[0].origin[0] < known:  # a sentence that one of both contexts cuts short
            if new[0].origin[0] <= joined[-1].origin[0]:
                joined.pop()
            else:
                new = new[1:]
        joined += _renumbered(joined, units, new)
    return tuple(joined)


def _renumbered(joined: Sequence[Unit], units: Sequence[Unit], new: Sequence[Unit]) -> list[Unit]:
    """The new units with numbers of blocks and lists that go on from `joined`; a list cut in two stays one."""
    if not joined or not new:
        return list(new)
    blocks, groups = joined[-1].block + 1, max(unit.group for unit in joined)
    last, first = joined[-1], new[0]
    goes_on = bool(last.group and first.group and last.kind is first.kind and last.path == first.path)
    repeated = {unit.block for unit in units if unit not in new}
    shift = blocks - (1 if first.block in repeated and first.kind in _SPLIT else 0) - first.block
    return [
        replace(
            unit,
            block=unit.block + shift,
            group=last.group if goes_on and unit.group == first.group else unit.group + groups if unit.group else 0,
        )
        for unit in new
    ]


def _units(number: int, place: int, document: str, chunk: Chunk) -> Iterator[Unit]:
    reading, headings = chunk.reading, list(chunk.heading_path)
    path, end, passage = HEADING_SEPARATOR.join(headings), chunk.start, chunk.embedded_text
    cut = _cut_code(chunk, reading)
    for block, (part, group) in enumerate(zip(reading.blocks, _groups(reading.blocks), strict=True)):
        if _names_next(reading, block):
            continue
        if part.kind is BlockKind.HEADING:
            heading = reading.text[part.start : part.end].strip("# \n")
            path = HEADING_SEPARATOR.join([*(h for h in headings if h != heading), heading])
            continue
        for start, stop in _stretches(reading.text, part):
            first, last = reading.source_span(start, stop)
            origin = (chunk.start + first, chunk.start + last) if last else (end, end)
            end = origin[1]
            yield Unit(
                number,
                place,
                reading.text,
                start,
                stop,
                block,
                part.kind,
                origin,
                chunk.text[first:last],
                document,
                path,
                group,
                part.marker,
                part.depth,
                part.label,
                part.language,
                block in cut,
                passage,
            )


def _cut_code(chunk: Chunk, reading: ReadingText) -> set[int]:
    """The blocks of code that begin before the chunk or end behind it."""
    code = [number for number, block in enumerate(reading.blocks) if block.kind is BlockKind.CODE]
    first = {0} if _FENCE.search(chunk.lead) else set()
    last = {len(reading.blocks) - 1} if open_fence(f"{chunk.lead}\n{chunk.text}") else set()
    return (first | last).intersection(code)


def _groups(blocks: Sequence[ReadingBlock]) -> list[int]:
    """The list or table of each block. Lists inside a list belong to it, and so does what stands between two items."""
    groups = [block.group for block in blocks]
    unnamed = max(groups, default=0)
    for at, block in enumerate(blocks):
        if block.kind is BlockKind.ITEM and not block.group:
            before = at > 0 and blocks[at - 1].kind is BlockKind.ITEM and not blocks[at - 1].group
            unnamed += 0 if before else 1
            groups[at] = unnamed
    at = 0
    while at < len(blocks):
        last = len(groups) - 1 - groups[::-1].index(groups[at])
        if blocks[at].kind is BlockKind.ITEM:
            while last + 1 < len(blocks) and _inside(blocks[last + 1], blocks[at]):
                last += 1
            groups[at : last + 1] = [groups[at]] * (last + 1 - at)
        at = last + 1 if blocks[at].kind is BlockKind.ITEM else at + 1
    return groups


def _inside(block: ReadingBlock, outer: ReadingBlock) -> bool:
    return block.kind is BlockKind.ITEM and block.depth > outer.depth and bool(block.group)


def _names_next(reading: ReadingText, at: int) -> bool:
    """True if a block is nothing but the label of the tab or admonition that begins behind it."""
    blocks = reading.blocks
    if at + 1 >= len(blocks) or not blocks[at + 1].label:
        return False
    said = reading.text[blocks[at].start : blocks[at].end].strip("*_: \n")
    return bool(said) and blocks[at + 1].label.endswith(said)


def _stretches(text: str, block: ReadingBlock) -> Iterator[tuple[int, int]]:
    """The units of a block, without list marker and blanks around them."""
    whole = text[block.start : block.end]
    if block.kind not in _SPLIT:
        start = block.start + (len(whole) - len(whole.lstrip("\n")))
        end = block.start + len(whole.rstrip())
        if start < end:
            yield start, end
        return
    marker = _LIST_MARKER.match(whole) if block.kind is BlockKind.ITEM and block.marker else None
    skipped = marker.end() if marker and whole.startswith(block.marker) else 0
    said = whole[skipped:]
    first = len(said) - len(said.lstrip())  # a mark that begins the text is no sentence, but is quoted with the first
    for piece in sentences(said):
        yield block.start + skipped + min(piece.start, first), block.start + skipped + piece.end
        first = len(said)
