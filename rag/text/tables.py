"""Pipe tables for the Markdown parser, bounded: a head of a thousand columns over a thousand short rows is no table.

CommonMark's table fills short rows up to its head, so that a few kilobytes become tens of thousands of empty cells.
"""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table

FEW = 4096
"""Cells up to which nobody counts."""


def with_tables(parser: MarkdownIt) -> MarkdownIt:
    """The parser, reading tables that hold at most as many cells as characters."""
    parser.block.ruler.at("table", _bounded, {"alt": ["paragraph", "reference"]})
    return parser.enable("table")


def _bounded(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    # Whether one begins here is asked first: it takes two lines, where its rows may be all the rest of the text.
    return (
        table(state, start, end, True) and _is_dense(state, start, end) and (silent or table(state, start, end, False))
    )


def _is_dense(state: StateBlock, start: int, end: int) -> bool:
    """True unless a table that begins at line `start` would have more cells than characters."""
    columns = state.src.count("|", state.bMarks[start], state.eMarks[start]) + 1
    last = _last_line(state, start, end)
    return columns * (last - start) <= FEW + state.eMarks[last] - state.bMarks[start]


def _last_line(state: StateBlock, start: int, end: int) -> int:
    """The line before the next empty one. It is looked for once for all lines before it."""
    known: dict[int, int] = state.env.setdefault("plainsight.last_lines", {})
    if start not in known:
        last = start
        while last + 1 < end and not state.isEmpty(last + 1):
            last += 1
        known.update(dict.fromkeys(range(start, last + 1), last))
    return min(known[start], end - 1)
