"""Markdown as a reader reads it: words without HTML, addresses and dialect markup, mapped back letter by letter. Pure.

reading_text   the values: a text, its blocks, and where each character of it stands in the source
"""

from __future__ import annotations

from functools import lru_cache

from ..sentences import Form, sentences
from .reading_text import BlockKind, ReadingBlock, ReadingText

__all__ = ["BlockKind", "ReadingBlock", "ReadingText", "reading"]

READ = 2048
"""Texts whose reading is remembered: the passages of some dozens of questions."""

_KINDS = {
    Form.PROSE: BlockKind.PROSE,
    Form.ITEM: BlockKind.ITEM,
    Form.HEADING: BlockKind.HEADING,
    Form.CODE: BlockKind.CODE,
    Form.TABLE: BlockKind.PROSE,
}


@lru_cache(maxsize=READ)
def reading(text: str, lead: str = "") -> ReadingText:
    """The reading text of `text`, a piece of a Markdown document.

    `lead` is what opened, earlier in the document, what the piece stands in: the head of a table, the opening line of
    a fence, of an admonition or of a tab. It says how the piece is to be read and is no part of it.
    """
    blocks: dict[int, ReadingBlock] = {}
    for each in sentences(text):
        begun = blocks.get(each.block)
        start = begun.start if begun else each.start
        blocks[each.block] = ReadingBlock(start, each.end, _KINDS[each.form])
    return ReadingText(text, tuple(range(len(text))), tuple(blocks.values()))
