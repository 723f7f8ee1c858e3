"""A model's reply, split while it streams: prose to show, and the quotes it gives for checking. Pure.

The model is asked to cite as `[1 "words of context 1"]`. The reader sees `[1]`; the words are kept aside and looked up
in the context (`rag/citations/check.py`). Brackets and quotation marks of any script are understood, several quotes or
numbers in one bracket too. Whatever does not close properly stays in sight as it was written: only what is certainly a
quote disappears. In code nothing is a quote, so `df[1, "name"]` stays whole.

Every decision depends on the text alone, never on where the deltas were cut, and looks at most
`brackets.WINDOW` characters ahead, so the work per delta does not grow with the reply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .brackets import BLANK_LINE, OPENERS, ReplyPart, bracket, markers, plain

CODE_WINDOW = 300
"""Characters in which inline code must end."""
LONGEST_RUN = 40
"""Backticks in a row; more are nobody's code."""

PLAIN = re.compile(r"[^\\`\[【［\n\r]+")
LINE_END = re.compile(r"[\r\n]")
RUN = re.compile("`+")
LINE_HEAD = re.compile(r"[ \t>]{0,40}[`~]{0,40}[ \t]{0,40}")
FENCE = re.compile(r"[ \t>]{0,40}(?:(?P<ticks>`{3,40})[^`\n]{0,100}|(?P<waves>~{3,40})[^\n]{0,100})")
TOUCHES = re.compile(r"[A-Za-z0-9_$]\Z")
"""Behind these a bracket could be code (`items[1]`): the marker that is shown gets a blank before it."""


@dataclass(frozen=True, slots=True)
class Given:
    """A quote as the model gave it: the context it names, its words, and where in the text shown its citation ends."""

    number: int
    text: str
    at: int


class QuoteSplitter:
    """Takes the reply as it streams and gives back what may be shown of it."""

    def __init__(self) -> None:
        self.quotes: list[Given] = []
        self.parts: list[ReplyPart] = []
        """All of the reply: what they hold raw is the reply, what they show is the answer."""
        self._held = ""
        """Text about which nothing can be said yet."""
        self._line_start = True
        self._fence = ""
        """The run that opened the code block we are in."""
        self._length = 0
        self._tail = ""
        """The last thing shown."""

    def feed(self, delta: str) -> str:
        """Take in `delta`; return the further text that is now certain to be shown."""
        self._held += delta
        return self._advance(final=False, whole=False)

    def flush(self, *, whole: bool) -> str:
        """The rest. `whole`: the reply ended by itself; else a quote it was cut in the middle of is not shown."""
        return self._advance(final=True, whole=whole)

    def _advance(self, *, final: bool, whole: bool) -> str:
        shown: list[str] = []
        at = 0
        while at < len(self._held):
            part = self._next(at, final=final, whole=whole)
            if part is None:
                break
            at += len(part.raw)
            shown.append(self._take(part))
        self._held = self._held[at:]
        return "".join(shown)

    def _take(self, part: ReplyPart) -> str:
        shown = part.shown
        if part.numbers:
            unclear = TOUCHES.search(self._tail) or (self._tail.endswith("]") and not self._after_citation())
            shown = f" {shown}" if unclear else shown
        elif shown.startswith("(") and self._after_citation():
            shown = f" {shown}"  # "[1](" would be read as a link
        if shown != part.shown:
            part = ReplyPart(part.raw, shown, part.quotes, part.numbers)
        self._note(part)
        self.parts.append(part)
        self._length += len(shown)
        self._tail = shown or self._tail
        return shown

    def _note(self, part: ReplyPart) -> None:
        """Record where each quote's citation ends in the text shown: quotes of one number in a row share theirs."""
        at = self._length + len(part.shown) - len(markers(part.numbers)) - part.shown.endswith(" ")
        position = -1
        for number, words in part.quotes:
            if position < 0 or part.numbers[position] != number:
                position = part.numbers.index(number, position + 1)
            self.quotes.append(Given(number, words, at + len(markers(part.numbers[: position + 1]))))

    def _after_citation(self) -> bool:
        return bool(self.parts and self.parts[-1].numbers)

    def _next(self, at: int, *, final: bool, whole: bool) -> ReplyPart | None:
        """The part at `at`; None when it takes more text to tell."""
        text = self._held
        if self._line_start:
            known = self._line(at, final=final)
            if known is None:
                return None
            self._line_start = False
            if known:
                return plain(known)
        char = text[at]
        if char in "\r\n":
            self._line_start = True
            return plain(char)
        if self._fence:
            line_end = LINE_END.search(text, at)
            return plain(text[at : line_end.start() if line_end else len(text)])
        if char == "\\":
            return None if at + 1 == len(text) and not final else plain(_escape(text, at))
        if char == "`":
            return _code(text, at, final=final)
        if char in OPENERS:
            return bracket(text, at, final=final, whole=whole)
        run = PLAIN.match(text, at)
        assert run  # every other character has been dealt with
        return plain(run[0])

    def _line(self, at: int, *, final: bool) -> str | None:
        """The fence that begins or ends a code block in this line, "" when there is none, None when not yet clear."""
        text = self._held
        head = LINE_HEAD.match(text, at)
        assert head  # it may be empty
        if head.end() == len(text) and not final:
            return None
        if self._fence:
            run = head[0].strip(" \t>")
            closes = len(run) >= len(self._fence) and set(run) == {self._fence[0]}
            if closes and text[head.end() : head.end() + 1] in ("", "\r", "\n"):
                self._fence = ""
                return head[0]
            return ""
        fence = FENCE.match(text, at)
        if not fence:
            return ""
        if fence.end() == len(text) and not final:
            return None
        if text[fence.end() : fence.end() + 1] not in ("", "\n"):
            return ""
        self._fence = fence["ticks"] or fence["waves"]
        return fence[0]


def split(reply: str) -> QuoteSplitter:
    """A reply that is complete, split."""
    splitter = QuoteSplitter()
    splitter.feed(reply)
    splitter.flush(whole=True)
    return splitter


def _escape(text: str, at: int) -> str:
    return text[at] if text[at + 1 : at + 2] in ("\r", "\n") else text[at : at + 2]


def _code(text: str, at: int, *, final: bool) -> ReplyPart | None:
    """Inline code as a whole, or the backticks alone where they open none."""
    run = RUN.match(text, at)
    assert run
    if run.end() == len(text) and not final and len(run[0]) < LONGEST_RUN:
        return None
    if len(run[0]) >= LONGEST_RUN:
        return plain(run[0])  # the search below would be as long as the run
    limit = run.end() + CODE_WINDOW
    paragraph = BLANK_LINE.search(text, run.end(), limit)
    stop = paragraph.start() if paragraph else limit
    closer = re.compile(rf"(?<!`){run[0]}(?!`)").search(text, run.end(), stop)
    if closer and (closer.end() < len(text) or final):
        return plain(text[at : closer.end()])
    if closer or not (paragraph or final or len(text) >= limit):
        return None
    return plain(run[0])
