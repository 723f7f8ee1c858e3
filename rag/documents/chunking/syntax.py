"""Markdown text to a tree of blocks, by line numbers. The one user of the Markdown parser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag.text.tables import with_tables

DEEPEST_NESTING = 100
"""Nested blocks the parser follows, two per list level. Below it the parser takes all the rest of the document for
the list's, and real outlines meet its own limit of 20."""

PARSED_HEADING = 1000
"""Characters of a heading that are parsed for markup, which takes more than linear time on hostile text."""

LONGEST_HEADING = 200
"""Characters of a heading that a path or title keeps; the chunk's text has all of it."""

_ATTRIBUTES = re.compile(
    r"(?<=\S)[ \t]*+\{:?[ \t]*+(?:[#.][\w:.-]++|[\w-]++=(?:\"[^\"]*+\"|[^\s{}\"]++)|[ \t]++)++\}[ \t]*+\Z"
)
_PERMALINK = re.compile(
    r"[ \t]*+\[[#¶§🔗⚓\u200b\ufeff ]{0,4}\]\([^()\s]*+(?:[ \t]++\"[^\"]*+\")?\)[ \t]*+\Z|\A\[\]\(#[^()\s]*+\)"
)
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200c\u2060\ufeff"))


@dataclass(slots=True)
class Block:
    """Lines `[first, last)`. `type` is the parser's name without `_open`; `title` the plain text of a heading."""

    type: str
    first: int
    last: int
    content: str
    level: int = 0
    """Of a heading of the document itself, from 1; 0 for all else, headings in quotes and lists too."""
    title: str = ""
    language: str = ""
    """What a fence says behind its mark."""
    children: list[Block] = field(default_factory=list)


def parse(text: str, numbers: Sequence[int]) -> list[Block]:
    """The blocks of `text`; `numbers` are those of its lines in the document, and last that of the line after them."""
    env: dict[str, Any] = {}
    return _tree(_parser().parse(text, env), env, numbers)


def _parser() -> MarkdownIt:
    # Inline markup matters in headings only; parsing all of it would take most of the time.
    return with_tables(MarkdownIt("commonmark", {"maxNesting": DEEPEST_NESTING})).disable("inline")


def _tree(tokens: Iterable[Token], env: dict[str, Any], numbers: Sequence[int]) -> list[Block]:
    inline = MarkdownIt("commonmark")
    roots: list[Block] = []
    path: list[Block] = []
    for token in tokens:
        if token.type == "inline":
            path[-1].content = token.content
            if path[-1].level:
                path[-1].title = _title(inline.parseInline(_without_anchor(token.content[:PARSED_HEADING]), env))
        elif token.nesting < 0:
            path.pop()
        else:
            block = _block(token, path[-1] if path else None, numbers)
            (path[-1].children if path else roots).append(block)
            if token.nesting > 0:
                path.append(block)
    return roots


def _block(token: Token, parent: Block | None, numbers: Sequence[int]) -> Block:
    first, last = (numbers[min(line, len(numbers) - 1)] for line in token.map or (0, 0))
    if parent and not token.map:
        first, last = parent.first, parent.last
    top = parent is None and token.type == "heading_open"
    level = int(token.tag[1]) if top else 0
    return Block(token.type.removesuffix("_open"), first, last, token.content, level, language=token.info)


def _without_anchor(heading: str) -> str:
    """A heading without the attributes at its end, and without the link to itself that pages put beside it."""
    heading = _ATTRIBUTES.sub("", heading)
    return _PERMALINK.sub("", heading)


def _title(tokens: Iterable[Token]) -> str:
    words = "".join(_words(tokens)).translate(_UNSEEN)
    return shortened(" ".join(words.split()).removesuffix("¶").rstrip(), LONGEST_HEADING)


def _words(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        if token.children:
            yield from _words(token.children)
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.type in ("text", "code_inline"):
            yield token.content


def shortened(text: str, limit: int) -> str:
    """`text`, or its beginning with an ellipsis, in at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
