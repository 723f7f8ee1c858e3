"""Markdown as a reader reads it: words without HTML, addresses and dialect markup, mapped back letter by letter. Pure.

reading_text   the values: a text, its blocks, and where each character of it stands in the source
lines          text with the places its characters come from
dialects       openers and closers of MDX, MkDocs, Docusaurus, GitBook, Jekyll, Hugo: signs for them
templates      what stands in braces for a template engine
blocks         Markdown to blocks
inline         the marks within a block
tags           tags of HTML and of components
elements       what tags do to the text
pipes, rows    tables: their cells, and rows as sentences
writer         the text as it is written
"""

from __future__ import annotations

from functools import lru_cache

from .blocks import Reader
from .reading_text import BlockKind, ReadingBlock, ReadingText

__all__ = ["BlockKind", "ReadingBlock", "ReadingText", "reading"]

READ = 2048
"""Texts whose reading is remembered: the passages of some dozens of questions."""


@lru_cache(maxsize=READ)
def reading(text: str, lead: str = "") -> ReadingText:
    """The reading text of `text`, a piece of a Markdown document.

    `lead` is what opened, earlier in the document, what the piece stands in: the head of a table, the opening line of
    a fence, of an admonition or of a tab. It says how the piece is to be read and is no part of it.
    """
    opened = lead if not lead or lead.endswith(("\n", "\r")) else f"{lead}\n"
    return Reader(opened + text, len(opened)).read()
