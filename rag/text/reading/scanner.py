"""The text of a block in tokens: what is read of it, what stands for something else, and what is silent. Pure.

Work grows with the length of the text: every search for a partner is bounded, or says once that there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from .tags import Tag, TagReader


class TokenKind(Enum):
    """What a token is to whoever reads it."""

    TEXT = auto()
    CODE = auto()
    FORMULA = auto()
    TAG = auto()
    RAW = auto()
    """What stands between the tags of an element whose blanks or marks mean themselves."""
    WORD = auto()
    """Characters that stand for others: `value` for `&amp;`."""
    NOTE = auto()
    """Where a footnote is called."""
    PICTURE = auto()
    """Where the words of a picture begin, and where they end."""
    GAP = auto()
    """Something silent in the middle of words."""
    SILENT = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """Characters `[start, end)` of a text."""

    kind: TokenKind
    start: int
    end: int
    value: str = ""
    tag: Tag | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How the marks of one document are to be understood."""

    tags: TagReader
    expressions: bool = False
    """True where `{a.b}` is the value of something, as in MDX."""
    references: Mapping[str, object] = field(default_factory=dict)
    """Link definitions of the piece, by the parser's form of their name."""


_SPECIAL = re.compile(
    r"\\(?=\n)|\\[!-/:-@\[-`{-~]|`+|\$\$?|<|!?\[|\]|\{|&|https?://|==+|\+\+|\^\^|%%|[\u200b\u2060\ufeff\u00ad]|¶(?=\s*(?:\n|\Z))|:(?=[a-z][\w+-]*:)"
)


class Scanner:
    """Reads one text. `readers` understand the marks, by their first character: each adds tokens for what stands at a
    mark, and gives the place behind it."""

    def __init__(self, text: str, manner: Manner, readers: Mapping[str, Reads]) -> None:
        self.text, self.manner, self._readers = text, manner, readers
        self.found: list[Token] = []
        self.open: list[tuple[int, bool]] = []
        """Places in `found` of brackets that wait for their partner, and whether each opens a picture."""
        self.closing: set[int] = set()
        """Where marks end that were understood when they began."""
        self._without: set[str] = set()
        """What does not come any more in the text."""
        self.runs: dict[int, list[int]] = {}
        """Where runs of backticks begin, by their length."""
        for run in re.finditer("`+", text) if "`" in text else ():
            self.runs.setdefault(len(run[0]), []).append(run.start())

    def tokens(self) -> list[Token]:
        """All of the text in tokens, in order."""
        at = 0
        while match := _SPECIAL.search(self.text, at):
            self.add(TokenKind.TEXT, at, match.start())
            reader = self._readers.get(match[0][0])
            at = reader(self, match.start(), match[0]) if reader else self.silent(match.start(), match[0])
        self.add(TokenKind.TEXT, at, len(self.text))
        return self.found

    def add(self, kind: TokenKind, start: int, end: int, value: str = "", tag: Tag | None = None) -> int:
        """Adds a token; gives its end."""
        if end > start:
            self.found.append(Token(kind, start, end, value, tag))
        return end

    def silent(self, at: int, mark: str) -> int:
        """Nothing is read of a mark."""
        return self.add(TokenKind.SILENT, at, at + len(mark))

    def text_at(self, at: int, mark: str) -> int:
        """A mark is text after all."""
        return self.add(TokenKind.TEXT, at, at + len(mark))

    def find(self, what: str, start: int) -> int:
        """Where `what` comes next; -1 for nowhere."""
        if what in self._without:
            return -1
        at = self.text.find(what, start)
        if at < 0:
            self._without.add(what)
        return at


Reads = Callable[[Scanner, int, str], int]
