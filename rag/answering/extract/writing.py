"""Quotes as Markdown: letter by letter as the reading text has them, each block with its number. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rag.citations import markers as citations
from rag.messages import Language, reason, text
from rag.text.markdown_spans import open_fence
from rag.text.reading import BlockKind
from rag.types import HEADING_SEPARATOR

from .excerpts import Excerpt
from .units import Unit
from .wording import only_named

_INLINE = (BlockKind.PROSE, BlockKind.ROW)
"""Kinds whose number stands on the same line."""
_SPECIAL = re.compile(r"[\\`*_\[\]<>&$]")
_FENCE = re.compile(r"`{3,}|~{3,}")


def written(excerpt: Excerpt, language: Language, *, labelled: bool) -> str:
    """The quote with its numbers, what is ours in `language`; `labelled`: below the label of its tab."""
    label = excerpt.units[0].label
    parts = [f"**{label}**"] if labelled and label else []
    for number, units in groupby(excerpt.units, key=lambda unit: unit.number):
        *before, last = _blocks(list(units), language)
        blank = " " if last.inline else "\n\n"
        parts.append(_escaped("\n\n".join(block.text for block in (*before, last))) + f"{blank}[{number}]")
    return "\n\n".join(parts)


def closest(unit: Unit, language: Language) -> str:
    """The words before a passage that is only about what was asked."""
    return text(reason("extract.closest", place=place_of(unit)), language)


def place_of(unit: Unit) -> str:
    """Where a unit stands, as Markdown that shows the name of its document and headings letter by letter."""
    return _SPECIAL.sub(r"\\\g<0>", HEADING_SEPARATOR.join(part for part in (unit.document, unit.path) if part))


@dataclass(frozen=True, slots=True)
class _Block:
    text: str
    inline: bool
    """True where its number may stand on its last line."""


def _blocks(units: Sequence[Unit], language: Language) -> Iterator[_Block]:
    """The blocks of a run of units; the items of one list are one block."""
    for group, members in groupby(units, key=lambda unit: unit.group if unit.kind is not BlockKind.ROW else 0):
        blocks = [list(block) for _, block in groupby(members, key=lambda unit: unit.block)]
        if group and any(block[0].marker for block in blocks):
            yield _Block(_listed(blocks, language), inline=False)
        else:
            yield from (_Block(_block(b, language), b[0].kind in _INLINE or only_named(b[0])) for b in blocks)


def _listed(blocks: Sequence[Sequence[Unit]], language: Language) -> str:
    """The items of a list with their markers; what stands inside an item is indented below it."""
    lines: list[str] = []
    inside = 0
    lowest = min((block[0].depth for block in blocks if block[0].kind is BlockKind.ITEM), default=0)
    for block in blocks:
        unit, words = block[0], _block(block, language)
        if unit.kind is BlockKind.ITEM and unit.marker:
            marker = _marker(unit.marker)
            margin = " " * 3 * (unit.depth - lowest)
            inside = len(margin) + len(marker) + 1
            lines.append(f"{margin}{marker} {_indented(words, inside)}")
        else:
            lines.append(f"\n{' ' * inside}{_indented(words, inside)}\n")
    return "\n".join(lines).strip("\n")


def _marker(marker: str) -> str:
    """A marker that Markdown knows: `a)` and `(1)` are words of the item in front of which they stand."""
    if re.fullmatch(r"[-*+]|\d{1,9}[.)]", marker):
        return marker
    return f"- {marker}" if (marker and marker[0].isalnum()) or marker.startswith("(") else "-"


def _indented(words: str, margin: int) -> str:
    return words.replace("\n", "\n" + " " * margin)


def _block(units: Sequence[Unit], language: Language) -> str:
    """The text of units of one block."""
    first, last = units[0], units[-1]
    if only_named(first):
        return text(reason("extract.code", place=place_of(first)), language)
    if first.reading is last.reading:
        said = first.reading[first.start : last.end]
    else:
        said = " ".join(unit.text for unit in units)
    return _fenced(said, first.language) if first.kind is BlockKind.CODE else said


def _fenced(code: str, language: str) -> str:
    if _FENCE.match(code):
        fence = open_fence(code)
        return f"{code}\n{fence}" if fence else code
    fence = "`" * (max((len(run) for run in re.findall(r"`{3,}", code)), default=2) + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def _escaped(said: str) -> str:
    """Brackets the document itself has must not look like citations of ours."""
    for marker in reversed(citations.markers(said)):
        said = f"{said[: marker.start]}\\{said[marker.start :]}"
    return said
