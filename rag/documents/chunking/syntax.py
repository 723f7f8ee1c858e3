"""Markdown text to a tree of blocks, by line numbers. The one user of the Markdown parser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
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
_MARKUP = re.compile(r"[\\`*_\[\]<&\n]")
"""Without one of these a heading has no markup. Parsing each of them would take a third of all the time."""


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
    tree = _Tree(numbers)
    tree.take(_parser(tree).parse(text, env))
    inline = MarkdownIt("commonmark")
    for block in tree.roots:
        if block.level:  # not before all is read: a heading's links may be defined below it
            block.title = _title(block.content, inline, env)
    return tree.roots


def _parser(tree: _Tree) -> MarkdownIt:
    # Inline markup matters in headings only; parsing all of it would take most of the time.
    parser = with_tables(MarkdownIt("commonmark", {"maxNesting": DEEPEST_NESTING})).disable("inline")
    parser.block.ruler.before("table", "taken", tree.taken)
    return parser


class _Tree:
    """The blocks of the tokens read so far. A token takes five times the memory of its block, so it goes early."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.roots: list[Block] = []
        self._numbers = numbers
        self._path: list[Block] = []

    def taken(self, state: StateBlock, start: int, end: int, silent: bool) -> bool:
        """A rule of the parser that reads nothing: where a block may begin, it takes the tokens of those before it."""
        if not state.level:
            self.take(state.tokens)
            state.tokens.clear()
        return False

    def take(self, tokens: Iterable[Token]) -> None:
        """Go on with the tokens of whole blocks."""
        path = self._path
        for token in tokens:
            if token.type == "inline":
                path[-1].content = token.content
            elif token.nesting < 0:
                path.pop()
            else:
                block = _block(token, path[-1] if path else None, self._numbers)
                (path[-1].children if path else self.roots).append(block)
                if token.nesting > 0:
                    path.append(block)


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


def _title(heading: str, inline: MarkdownIt, env: dict[str, Any]) -> str:
    said = _without_anchor(heading[:PARSED_HEADING])
    words = "".join(_words(inline.parseInline(said, env))) if _MARKUP.search(said) else said
    words = words.translate(_UNSEEN)
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
