"""Markdown text to the pieces one can quote: sentences, list items, whole code blocks and tables. Pure.

Every piece is a span of the text, so what is quoted stands in the file letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .sentence_ends import sentence_ends
from .tables import with_tables


class Form(StrEnum):
    """Form of a piece of text."""

    PROSE = "prose"
    ITEM = "item"
    """A sentence of a list item."""
    HEADING = "heading"
    CODE = "code"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Sentence:
    """Characters `[start, end)` of a text, without list marker, quote mark or blanks around them.

    `block` counts the paragraphs, items, tables and code blocks of the text from 0, `depth` the lists it stands in.
    """

    start: int
    end: int
    form: Form
    block: int
    depth: int = 0


_LINE_END = re.compile(r"\r\n?|\n")
_MARKERS = re.compile(r"(?:[ \t]*+(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])|#{1,6}(?=[ \t])|\[[ xX]\](?=[ \t])))*[ \t]*")
"""Marks before the words of a line: quote marks, list markers, heading marks, task boxes."""
_TAG = re.compile(r"</?[A-Za-z][^<>]*+>")
_COMMENT = "<!--", "-->"
_LETTER = re.compile(r"\w")


def sentences(text: str) -> list[Sentence]:
    """All pieces in order; they do not overlap. Lines that are nothing but markup belong to none."""
    return [sentence for number, block in enumerate(_blocks(text)) for sentence in _split(text, block, number)]


@dataclass(frozen=True, slots=True)
class _Stretch:
    start: int
    end: int
    form: Form
    depth: int


def _blocks(text: str) -> Iterator[_Stretch]:
    edges = [0, *(m.end() for m in _LINE_END.finditer(text)), len(text)]
    open_now: list[str] = []
    for token in _parser().parse(text):
        if token.nesting == 1:
            open_now.append(token.type)
        if token.nesting == -1:
            open_now.pop()
        if token.map is None or token.map[0] >= token.map[1]:
            continue
        first, last = token.map[0], min(token.map[1], len(edges) - 1)
        form = _form(token, open_now)
        if form is None:
            continue
        by_line = "blockquote_open" in open_now or token.type == "html_block"
        stretches = [(line, line + 1) for line in range(first, last)] if by_line else [(first, last)]
        depth = open_now.count("list_item_open")
        for begin, end in stretches:
            block = _Stretch(edges[begin], edges[end], form, depth)
            yield from _bare(text, block, is_html=token.type == "html_block")


def _form(token: Token, open_now: list[str]) -> Form | None:
    """The form of the block a token stands for, or None when another token stands for it."""
    if token.type in ("fence", "code_block"):
        return Form.CODE
    if token.type == "table_open":
        return Form.TABLE
    if token.type == "heading_open":
        return Form.HEADING
    if token.type == "html_block":
        return Form.PROSE
    if token.type == "paragraph_open":
        return Form.ITEM if "list_item_open" in open_now else Form.PROSE
    return None


def _bare(text: str, block: _Stretch, *, is_html: bool) -> Iterator[_Stretch]:
    """The block without the marks before it and the blanks after it; nothing when no word is left."""
    start, end = block.start, block.end
    if block.form not in (Form.CODE, Form.TABLE):
        marks = _MARKERS.match(text, start, end)
        start = marks.end() if marks else start
    end = start + len(text[start:end].rstrip())
    words = _TAG.sub("", _without_comments(text[start:end])) if is_html else text[start:end]
    if _LETTER.search(words):
        yield replace(block, start=start, end=end)


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (start := text.find(_COMMENT[0], at)) >= 0 and (end := text.find(_COMMENT[1], start)) >= 0:
        kept.append(text[at:start])
        at = end + len(_COMMENT[1])
    return "".join([*kept, text[at:]])


def _split(text: str, block: _Stretch, number: int) -> Iterator[Sentence]:
    whole = Sentence(block.start, block.end, block.form, number, block.depth)
    if block.form not in (Form.PROSE, Form.ITEM):
        yield whole
        return
    for start, end in pairwise([block.start, *sentence_ends(text, block.start, block.end), block.end]):
        yield from _trimmed(text, replace(whole, start=start, end=end))


def _trimmed(text: str, rough: Sentence) -> Iterator[Sentence]:
    piece = text[rough.start : rough.end]
    if _LETTER.search(piece):
        start, end = rough.start + len(piece) - len(piece.lstrip()), rough.end - len(piece) + len(piece.rstrip())
        yield replace(rough, start=start, end=end)


@cache
def _parser() -> MarkdownIt:
    # inline text is looked at here; the parser would take more than linear time for hostile one
    return with_tables(MarkdownIt("commonmark")).disable(["inline", "text_join"])
