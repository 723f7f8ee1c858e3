"""Where the sentences of running text end, in scripts with and without blanks between words. Pure."""

from __future__ import annotations

import re

_OPAQUE = re.compile(
    r"`++[^`\n]*+`++|\$\$[^$]*+\$\$|\\\[(?:[^\\]|\\[^\[\]])*+\\\]|\\\((?:[^\\]|\\[^()])*+\\\)"
    r"|\]\([^()\s]*+(?:\([^()\s]*+\)[^()\s]*+)*+\)|<https?://[^<>\s]*>|https?://[^\s。！？）]+"
)
"""Inline code, formulas and addresses: a full stop inside them ends nothing."""
_END = re.compile(
    r"""[。！？｡…]++[”’」』）》】"'*_]*+                    # needs no blank
      |(?P<narrow>(?<=[^\s.!?])[.!?]++["'”’)\]*_`]*+)(?=\s)""",
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|incl|resp|mr|mrs|ms|dr|prof|st|inc|ltd|co|jr|sr|al)"
    r"|(?<![\w.])(?-i:[A-Z](?:\.[A-Z])*))\.$",
    re.IGNORECASE,
)
_NUMBERING = re.compile(r"\b(?:no|nos|fig|figs|eq|sec|vol|ch|pp?)\.$", re.IGNORECASE)
"""Abbreviations only before a number."""
_NOT_BLANK = re.compile(r"\S")


def sentence_ends(text: str, start: int, end: int) -> list[int]:
    """Places in `text[start:end]` right after a sentence, its quote marks and brackets included.

    The end of the text itself is none. Nothing ends a sentence inside code, formulas and addresses.
    """
    masked = _OPAQUE.sub(lambda m: "X" * len(m.group()), text[start:end])
    return [start + m.end() for m in _END.finditer(masked) if not m["narrow"] or _ends(masked, m)]


def _ends(text: str, match: re.Match[str]) -> bool:
    """True if a stop before a blank ends a sentence: not a full stop after an abbreviation or before a small letter."""
    if not match.group().startswith("."):
        return True
    found = _NOT_BLANK.search(text, match.end())
    following = found[0] if found else ""
    before = text[max(0, match.start() - 12) : match.start() + 1]
    if following.isdecimal() and _NUMBERING.search(before):
        return False
    return not following.islower() and not _ABBREVIATION.search(before)
