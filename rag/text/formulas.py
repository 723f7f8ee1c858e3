"""Formulas in running text: in `\\(…\\)`, `\\[…\\]`, `$$…$$`, `$…$`, or between `\\begin` and `\\end`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

MATHEMATICS = re.compile(r"[\\^_=+<>{}]")
"""A character that makes of brackets with a backslash, or of dollars, a formula."""
OPENS = re.compile(r"\\[(\[]|\$\$?|\\begin\{(?P<name>[A-Za-z]{1,20}\*?)\}")
LONGEST = 1_000
"""Characters of a formula."""
_CLOSES = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}
_ALONE = re.compile(r"\$\$|\\\[|\\begin\{")
_CITED = re.compile(r"\[\d|【\d")
"""A citation: what holds one is prose between two prices."""


def formula_end(text: str, at: int, end: int) -> int:
    """The end of the formula that begins at `at`, at most `end`; 0 where none does."""
    opener = OPENS.match(text, at, end)
    if opener is None:
        return 0
    closer = f"\\end{{{opener['name']}}}" if opener["name"] else _CLOSES[opener[0]]
    begun, last = opener.end(), min(end, opener.end() + LONGEST)
    found = text.find(closer, begun, last)
    if found <= begun:
        return 0
    inside, after = text[begun:found], found + len(closer)
    if _CITED.search(inside) or "\n\n" in inside:
        return 0
    if opener[0] == "$":
        return after if _between_dollars(inside, text[after : after + 1]) else 0
    alone = opener[0] == "\\(" and len(inside.strip()) == 1
    return after if opener["name"] or alone or MATHEMATICS.search(inside) else 0


def formulas(text: str) -> Iterator[tuple[int, int]]:
    """Where the formulas of a text begin and end, in order."""
    at = 0
    while opener := OPENS.search(text, at):
        end = formula_end(text, opener.start(), len(text))
        if end:
            yield opener.start(), end
        at = end or opener.end()


def _between_dollars(inside: str, following: str) -> bool:
    """True if two dollars hold a formula: no blank inside them, no figure behind, and nothing that two prices hold."""
    tight = not inside[0].isspace() and not inside[-1].isspace() and not following.isdigit()
    return tight and "\n" not in inside and (len(inside) == 1 or MATHEMATICS.search(inside) is not None)


def with_display_formulas(parser: MarkdownIt) -> MarkdownIt:
    """The parser, with a token for each formula on lines of its own, whatever its lines begin with."""
    parser.block.ruler.before("fence", "formula", _display, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    return parser


def _display(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    at = state.bMarks[start] + state.tShift[start]
    if state.is_code_block(start) or not _ALONE.match(state.src, at):
        return False
    closes = formula_end(state.src, at, state.eMarks[end - 1])
    last = next((line for line in range(start, end) if state.eMarks[line] >= closes), end) if closes else end
    if (
        last == end
        or state.src[closes : state.eMarks[last]].strip(" \t.,;，。；")
        or not _inside_block(state, start, last)
    ):
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content, token.map, token.block = state.src[at:closes], [start, last + 1], True
        state.line = last + 1
    return True


def _inside_block(state: StateBlock, start: int, last: int) -> bool:
    """True if no line of a formula leaves the list it stands in, and none has a mark before it that is not its own."""
    lines = range(start + 1, last + 1)
    quoted = state.parentType == "blockquote" and last > start
    return not quoted and all(state.sCount[line] >= state.blkIndent for line in lines)
