"""Formulas in running text: in `\\(…\\)`, `\\[…\\]`, `$$…$$`, `$…$`, or between `\\begin` and `\\end`. Pure."""

from __future__ import annotations

import re

MATHEMATICS = re.compile(r"[\\^_=+<>{}]")
"""A character that makes of brackets with a backslash, or of dollars, a formula."""
OPENS = re.compile(r"\\[(\[]|\$\$?|\\begin\{(?P<name>[A-Za-z]{1,20}\*?)\}")
LONGEST = 1_000
"""Characters of a formula."""
_CLOSES = {"\\(": "\\)", "\\[": "\\]", "$$": "$$", "$": "$"}
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


def _between_dollars(inside: str, following: str) -> bool:
    """True if two dollars hold a formula: no blank inside them, no figure behind, and nothing that two prices hold."""
    tight = not inside[0].isspace() and not inside[-1].isspace() and not following.isdigit()
    return tight and "\n" not in inside and (len(inside) == 1 or MATHEMATICS.search(inside) is not None)
