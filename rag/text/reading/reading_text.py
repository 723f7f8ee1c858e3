"""The values of a reading text."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

SMALL, BLOCK, WIDTH = 500, 200, 100
"""Bytes that a reading takes however short it is, and those of each block and width in it."""


class BlockKind(StrEnum):
    """Kind of a block of a reading text."""

    PROSE = "prose"
    ITEM = "item"
    """A list item, or the part of one before the list inside it."""
    HEADING = "heading"
    CODE = "code"
    """A whole code block, without its fence."""
    ROW = "row"
    """A row of a table as one sentence, its column names in it."""
    FORMULA = "formula"
    """A formula on lines of its own, with its marks."""


@dataclass(frozen=True, slots=True)
class ReadingBlock:
    """Characters `[start, end)` of a reading text. Blocks are in order and do not overlap."""

    start: int
    end: int
    kind: BlockKind
    group: int = 0
    """Number of the list or table it belongs to, from 1; 0 for none."""
    marker: str = ""
    """Marker of a list item as a reader sees it, such as `3.`, `a)` or `-`."""
    depth: int = 0
    """Lists around an item, less one."""
    label: str = ""
    """Label of the tab, admonition or `<details>` it stands in; the name of a code block's language is no label."""
    language: str = ""
    """Language of a code block, "" where it is not said."""


@dataclass(frozen=True, slots=True)
class ReadingText:
    """A text as a reader reads it.

    It is Markdown of the plainest kind: paragraphs, list items, fenced code, emphasis, inline code and formulas; no
    HTML, addresses, images, tables or dialect markup.
    """

    text: str
    places: bytes
    """`origins`, packed: a tuple takes nine times the memory, and readings are remembered."""
    blocks: tuple[ReadingBlock, ...]
    widths: Mapping[int, int] = field(default_factory=dict, hash=False)
    """How many characters of the source a character stands for, by where it comes from: 5 for the `&` of `&amp;`;
    others stand for themselves."""

    @property
    def origins(self) -> tuple[int, ...]:
        """For each character of `text` the offset, in the source, of the character it comes from; -1 where it comes
        from none, as the column name in a row. Apart from those the offsets never go down."""
        return tuple(_unpacked(self.places))

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return SMALL + 2 * len(self.text) + len(self.places) + BLOCK * len(self.blocks) + WIDTH * len(self.widths)

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Characters of the source that `text[start:end]` comes from, from the first to the last; (0, 0) for none."""
        found = [origin for origin in _unpacked(self.places)[start:end] if origin >= 0]
        return (found[0], found[-1] + self.widths.get(found[-1], 1)) if found else (0, 0)


def packed(origins: Sequence[int]) -> bytes:
    """The origins of a text as it has them in `places`."""
    return array("i", origins).tobytes()


def _unpacked(places: bytes) -> memoryview[int]:
    return memoryview(places).cast("i")
