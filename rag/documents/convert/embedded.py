"""Files that a text carries in itself, such as `data:image/png;base64,…`: what they are stays, their bytes go. Pure.

A picture of 100 KB would be tens of thousands of tokens that say nothing. Short ones stay: they cost little, and a text
about such addresses may show one. Where a file ends must be certain: text that only follows it is not lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_KEPT = 200
"""Characters of an address that stays as it is."""

_START = "data:"
_HEAD = re.compile(r"data:[A-Za-z]{1,32}+/[A-Za-z0-9.+-]{1,100}+")
_PARAMETERS = re.compile(r"(?:;[A-Za-z0-9=_.-]{1,100}+)*+")
_BASE64 = re.compile(r"[A-Za-z0-9+/=_%\-]*+")
_ADDRESS = re.compile(r"[!#-&*-;=?-~]*+")
"""Characters of an address whose end nothing around it marks: ASCII without blanks, quotes and brackets."""
_BLANK_LINE = re.compile(r"\n[ \t\r]*+\n")
_AROUND = "=("
"""Before the quote of a value in HTML or CSS, which may hold blanks and lines."""


def without_files(text: str) -> str:
    """`text` with only type and place left of every file in it that is longer than an address."""
    kept: list[str] = []
    at = 0
    for start, end in _files(text):
        kept.append(text[at:start])
        at = end
    return "".join([*kept, text[at:]])


def _files(text: str) -> Iterator[tuple[int, int]]:
    """The characters of each file that are no type. Every character is looked at a bounded number of times."""
    at = text.find(_START)
    while at >= 0:
        head = None if text[at - 1 : at].isalnum() and at else _HEAD.match(text, at)
        after = at + len(_START)
        if head:
            begin = _past(_PARAMETERS, text, head.end())
            end = _end(text, at, begin)
            after = max(end, begin)
            if end:
                yield head.end(), end
        at = text.find(_START, after)


def _end(text: str, start: int, begin: int) -> int:
    """Offset where the file ends whose parameters end at `begin`; 0 when it is short enough to stay."""
    if text[start - 1 : start] == "(" and text.endswith("...", start, begin) and text[begin : begin + 1] in (")", " "):
        return begin  # a converter left its bytes out already
    if not text.startswith(",", begin):
        return 0
    ends = (_quoted(text, start, begin + 1), _plain(text, begin + 1))
    return next((end for end in ends if end - begin > LONGEST_KEPT), 0)


def _quoted(text: str, start: int, begin: int) -> int:
    """The quote that ends a value begun by one; 0 for none. Prose in quotes is a value when it has no blank."""
    quote = text[start - 1 : start] if start else ""
    if quote not in ("'", '"'):
        return 0
    # The next quote of that kind is where the next search from such a quote begins at the earliest: linear.
    end = text.find(quote, begin)
    if end < 0:
        return 0
    if start > 1 and text[start - 2] in _AROUND:
        return 0 if _BLANK_LINE.search(text, begin, end) else end
    return 0 if any(map(str.isspace, text[begin:end])) else end


def _plain(text: str, begin: int) -> int:
    if text.endswith("base64,", 0, begin):
        end = _past(_BASE64, text, begin)
        if end - begin >= LONGEST_KEPT:
            return end
    return _past(_ADDRESS, text, begin)


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at
