"""Markdown parsed with the place of every visible character in its source.

The parser tells the lines of a block, not where its words stand. Here the inline parser notes where each piece of text
begins, and blocks are laid beside their source lines, so that a span of the source can be shown in the rendered text
without a mark in the source: nothing is added that could change what the Markdown means.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline.state_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType

from ..formulas import TOKEN as FORMULA
from ..formulas import understand_in_lines
from ..markdown import SafeRenderer, safe_parser
from ..tags import understand_tags

DEEPEST_NESTING = 100
"""Deepest nesting that is parsed, as for chunking: below it the parser leaves text out."""

LONGEST_INLINE = 8_000
"""Characters of a block that are parsed for inline markup, which takes more than linear time on hostile text."""

OFFSETS = "offsets"
"""Key in a token's `meta`: the offset in the source of each character of its content, in rising order."""

Offsets = Sequence[int]

_AT, _RUN = "at", "run"
_PIPE = re.compile(r"(?<!\\)\|")
_LINE_END = re.compile(r"\r\n?|\n")
_CONTAINERS = re.compile(r"(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t])))*[ \t]*")
"""Marks of quotes and list items before the text of a line."""


def located(source: str, renderer: type[SafeRenderer], *, start: int = 0) -> list[Token]:
    """The tokens of `source`, whose first character has offset `start`; those that show text have `OFFSETS`.

    A token whose place is unknown, such as a decoded address, has none; a formula has the place where it begins.
    """
    env: dict[str, Any] = {}
    parser = _parser(renderer)
    tokens = parser.parse(source, env)
    lines = Lines(source, start)
    cells: Iterator[_Content] | None = None
    for token in tokens:
        if token.type == "tr_open" and token.map:
            cells = _cells(lines, token.map[0])
        elif token.type == "tr_close":
            cells = None
        elif token.type == "inline" and token.map:
            content = next(cells, None) if cells else _Content.of(token.content, lines, token.map[0])
            _parse_inline(token, env, parser)
            _place(token.children or [], token.content, content or _Content([(0, lines.offset(token.map[0]))]))
        elif token.type == FORMULA and token.map:
            token.meta[OFFSETS] = [lines.offset(token.map[0])]
        elif token.type in ("fence", "code_block") and token.map:
            content = _Content.of(token.content, lines, token.map[0] + (token.type == "fence"))
            token.meta[OFFSETS] = content.offsets(0, len(token.content))
    return tokens


def renderer_of(renderer: type[SafeRenderer]) -> tuple[SafeRenderer, Any]:
    """The renderer that goes with `located`, and the options it is called with."""
    parser = _parser(renderer)
    found = parser.renderer
    assert isinstance(found, SafeRenderer)
    return found, parser.options


class Lines:
    """The lines of a source, as the parser counts them, and their offsets."""

    def __init__(self, source: str, start: int) -> None:
        self._source = source.replace("\0", "\ufffd")
        self._start = start
        self._edges = [0, *(m.end() for m in _LINE_END.finditer(source))]

    def text(self, line: int) -> str:
        """Text of one line, without its line end."""
        return self._source[self._edge(line) : self._edge(line + 1)].rstrip("\r\n")

    def offset(self, line: int) -> int:
        """Offset of the first character of a line; the end of the source where there is no such line."""
        return self._start + self._edge(line)

    def _edge(self, line: int) -> int:
        return self._edges[line] if line < len(self._edges) else len(self._source)


class _Content:
    """A token's content as runs of characters: each run starts at a place of the content and one of the source."""

    def __init__(self, runs: Sequence[tuple[int, int]]) -> None:
        self._places = [place for place, _ in runs]
        self._sources = [source for _, source in runs]

    @classmethod
    def of(cls, content: str, lines: Lines, first: int) -> _Content:
        """Content whose lines are those of the source from line `first` on, without indentation and marks."""
        runs: list[tuple[int, int]] = []
        place = 0
        for number, line in enumerate(content.split("\n"), first):
            runs.append((place, lines.offset(number) + _column(line, lines.text(number))))
            place += len(line) + 1
        return cls(runs)

    def offset(self, place: int) -> int:
        run = bisect_right(self._places, place) - 1
        return self._sources[run] + place - self._places[run]

    def offsets(self, start: int, end: int) -> Offsets:
        first = bisect_right(self._places, start) - 1
        if end <= start:
            return ()
        if first == bisect_right(self._places, end - 1) - 1:
            return range(self.offset(start), self.offset(start) + end - start)
        return [self.offset(place) for place in range(start, end)]


def _column(line: str, source: str) -> int:
    """Column of its source line at which a line of content begins, expanded tabs and cut blanks aside."""
    bare = line.strip(" \t")
    if not bare:
        return 0
    whole = source.rstrip(" \t")
    at = len(whole) - len(bare) if whole.endswith(bare) else max(source.rfind(bare), 0)
    indent = len(line) - len(line.lstrip(" \t"))
    return max(at - indent, 0)


def _cells(lines: Lines, line: int) -> Iterator[_Content]:
    """The cells of a table's row, parted as the parser parts them: at pipes that are not escaped."""
    text, start = lines.text(line), lines.offset(line)
    marks = _CONTAINERS.match(text)
    begin = marks.end() if marks else 0
    edges = [begin, *(m.end() for m in _PIPE.finditer(text, begin)), len(text) + 1]
    cells = [(a, b - 1) for a, b in pairwise(edges)]
    if not text[slice(*cells[0])].strip():
        cells = cells[1:]
    for a, b in cells:
        raw = text[a:b]
        at = a + len(raw) - len(raw.lstrip())
        runs = [(0, start + at)]
        for escaped in re.finditer(r"\\\|", text[at:b]):
            runs.append((escaped.start() - len(runs) + 1, start + at + escaped.start() + 1))
        yield _Content(runs)


def _parse_inline(token: Token, env: dict[str, Any], parser: MarkdownIt) -> None:
    """Parse the inline markup of a block; a very long block stays plain text."""
    token.children = []
    if len(token.content) <= LONGEST_INLINE:
        parser.inline.parse(token.content, parser, env, token.children)
        return
    at = 0
    for line in token.content.split("\n"):
        if at:
            token.children.append(Token("softbreak", "br", 0))
        token.children.append(Token("text", "", 0, content=line, meta={_AT: at}))
        at += len(line) + 1


def _place(children: Sequence[Token], source: str, content: _Content) -> None:
    """Note the offsets of the pieces of an inline block; `source` is the text that was parsed."""
    for child in children:
        at = child.meta.pop(_AT, None)
        if at is None or not child.content:
            continue
        if child.type == "text_special":
            child.meta[OFFSETS] = [content.offset(at)] * len(child.content)
        elif child.type == FORMULA:
            child.meta[OFFSETS] = [content.offset(at)]
        elif child.type in ("text", "code_inline"):
            found = _found(child, source, at)
            if found is not None:
                child.meta[OFFSETS] = content.offsets(found, found + len(child.content))


def _found(child: Token, source: str, at: int) -> int | None:
    """Start of the content of a piece noted at `at`: behind a `<` or backticks, perhaps a blank. None if not found."""
    for begin in (at + len(child.markup), at + len(child.markup) + 1):
        if source[begin : begin + len(child.content)].replace("\n", " ") == child.content:
            return begin
    return None


class _State(StateInline):
    """Inline state that notes the place where each piece of text begins."""

    _began = 0

    def append_pending(self, text: str) -> None:
        if not self._pending and not self._pending_buffer:
            self._began = self.pos
        super().append_pending(text)

    def pushPending(self) -> Token:
        token = super().pushPending()
        token.meta[_AT] = self._began
        return token

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        token = super().push(ttype, tag, nesting)
        before = self.tokens[-2] if len(self.tokens) > 1 else None
        token.meta[_AT] = self.pos
        if ttype == "text" and before and before.type == "text" and before.meta.get(_RUN) == self.pos:
            token.meta[_AT] = before.meta[_AT] + len(before.content)  # a run of stars is a token each
        token.meta[_RUN] = self.pos
        return token


class _Inline(ParserInline):
    """Inline parser that uses `_State`. Texts are not joined, since each has its own place."""

    def __init__(self) -> None:
        super().__init__()
        self.ruler2.disable("fragments_join")

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        state = _State(src, md, env, tokens)
        self.tokenize(state)
        for rule in self.ruler2.getRules(""):
            rule(state)
        return state.tokens


@cache
def _parser(renderer: type[SafeRenderer]) -> MarkdownIt:
    parser = safe_parser(renderer)
    parser.options["maxNesting"] = DEEPEST_NESTING
    rules = parser.inline.ruler.get_active_rules()
    parser.inline = _Inline()
    understand_in_lines(parser)
    parser.inline.ruler.enableOnly(rules)
    understand_tags(parser)
    parser.disable(["inline", "text_join"])  # `located` does the first itself; the second would join places
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # the renderer links to the web alone
    return parser
