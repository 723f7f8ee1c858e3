"""Markdown as a reader reads it: words without HTML, addresses and dialect markup, mapped back letter by letter. Pure.

reading_text            the values: a text, its blocks, and where each character of it stands in the source
lines                   text with the places its characters come from
dialects, preparing     lines on their way to the parser: what a dialect adds to Markdown becomes signs
containers, silent,     which lines those are: what opens a body, what is no text where it stands,
template_lines, halves  tags of template engines, and what a piece begins in the middle of
blocks, code            the parser's blocks, code among them
words                   the words of a block
inline, scanner         its marks; brackets, signs, angles, templates read them
tags, elements          tags of HTML and of components, and what they do to the text; raw, table_tags
pipes, rows             tables: their cells, and rows as sentences
writer, drafts          the text as it is written
grids                   the tables of a text with their cells, for those who count and compare
"""

from __future__ import annotations

from threading import Lock

from cachetools import LRUCache, cached

from .blocks import Reader
from .grids import GridRow, TableGrid, grid_of
from .reading_text import BlockKind, ReadingBlock, ReadingText

__all__ = ["BlockKind", "GridRow", "ReadingBlock", "ReadingText", "TableGrid", "grids", "reading"]

KEPT_BYTES = 24_000_000
"""Readings that are remembered: the passages of some dozens of questions. Bytes and not texts are counted: a text that
is nothing but marks has a block for every few characters."""


@cached(LRUCache(KEPT_BYTES, lambda read: read.size), lock=Lock())
def reading(text: str, lead: str = "") -> ReadingText:
    """The reading text of `text`, a piece of a Markdown document.

    `lead` is what opened, earlier in the document, what the piece stands in: the head of a table, the opening line of
    a fence, of an admonition or of a tab. It says how the piece is to be read and is no part of it.
    """
    opened = _opened(lead)
    return Reader(opened + text, len(opened)).read()


def grids(text: str, lead: str = "") -> list[TableGrid]:
    """The tables of `text` in order, those without a row in it left out; `lead` as for `reading`."""
    opened = _opened(lead)
    reader = Reader(opened + text, len(opened))
    reader.read()
    return [grid for table in reader.writer.tables if (grid := grid_of(table, len(opened))).rows]


def _opened(lead: str) -> str:
    return lead if not lead or lead.endswith(("\n", "\r")) else f"{lead}\n"
