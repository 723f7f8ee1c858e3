"""The lines of a document, by number and by offset. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right

_LINE_END = re.compile(r"\r\n?|\n")


class SourceLines:
    """Lines as CommonMark ends them: at `\\n`, `\\r` or `\\r\\n` only."""

    def __init__(self, text: str) -> None:
        self.text = text
        # The parser takes a byte order mark for text and would miss a heading or front matter behind it.
        self.starts = [1 if text.startswith("\ufeff") else 0]
        self.starts += [match.end() for match in _LINE_END.finditer(text)]
        self.count = len(self.starts)

    def offset(self, number: int) -> int:
        """Offset of the first character of a line; the end of the text where there is no such line."""
        return self.starts[number] if number < self.count else len(self.text)

    def raw(self, number: int) -> str:
        """A line without its end."""
        return self.text[self.starts[number] : self.offset(number + 1)].rstrip("\r\n")

    def number(self, offset: int) -> int:
        """Number of the line in which a character stands."""
        return bisect_right(self.starts, offset) - 1
