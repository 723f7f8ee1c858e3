"""A model's reply, split while it streams: prose to show, and the quotes it gives for checking. Pure.

The model is asked to cite as `[1 "words of context 1"]`. The reader sees `[1]`; the words are kept aside and looked up
in the context (`rag/citations/check.py`). Brackets and quotation marks of any script are understood, several quotes or
numbers in one bracket too. Whatever does not close properly stays in sight as it was written: only what is certainly a
quote disappears. In code nothing is a quote, so `df[1, "name"]` stays whole.

Every decision depends on the text alone, never on where the deltas were cut, and looks at most `WINDOW` characters
ahead, so the work per delta does not grow with the reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

WINDOW = 700
"""Characters in which a quote must end; a longer one is prose with a stray quotation mark."""
CODE_WINDOW = 300
"""Characters in which inline code must end."""
LONGEST_NUMBERS = 40
LEAST_AFTER_COMMA = 12
"""Letters. `[1, "two"]` is more likely a list than a citation with a quote."""

_OPEN = r"\[【［"
_DIGIT = "0-9０-９"
_NUMBER = rf"[{_DIGIT}]{{1,3}}"
_COMMA = "[,，、;；]"
_COLON = "[:：|–—-]"
_DOUBLE = '"“„”«»「『＂'
_SINGLE = "'‘"
_QUOTE_OPEN = f"{_DOUBLE}{_SINGLE}`"
_CLOSERS = {**dict.fromkeys(_DOUBLE, '"”“»«」』＂'), **dict.fromkeys(_SINGLE, "'’"), "`": "`"}
_BLANK = r"[ \t\u00a0]?"
_END = {opener: re.compile(rf"[{closers}]{_BLANK}[\]】］]") for opener, closers in _CLOSERS.items()}
"""By opening quotation mark: what closes the quote together with its bracket."""
_BETWEEN = {
    opener: re.compile(rf"[{closers}]\s?{_COMMA}\s?\^?(?:({_NUMBER})\s?(?:{_COLON}\s?)?)?[{_QUOTE_OPEN}]")
    for opener, closers in _CLOSERS.items()
}
"""By opening quotation mark: the text between two quotes of one bracket, the second perhaps of another context."""

OPENERS = "[【［"
PLAIN = re.compile(r"[^\\`\[【［\n\r]+")
NUMBERS = re.compile(rf"[{_OPEN}][{_DIGIT} \t\u00a0,，、;；:：|–—^-]{{0,{LONGEST_NUMBERS}}}")
START = re.compile(
    rf"[{_OPEN}]{_BLANK}\^?(?P<first>(?:{_NUMBER}{_BLANK}{_COMMA}{_BLANK}\^?)*)(?P<last>{_NUMBER}){_BLANK}"
    rf"(?:(?P<comma>{_COMMA}){_BLANK}|{_COLON}{_BLANK})?(?=(?P<quote>[{_QUOTE_OPEN}]))"
)
NESTED = re.compile(rf"[{_OPEN}]{_BLANK}\^?{_NUMBER}{_BLANK}(?:{_COLON}{_BLANK})?[{_DOUBLE}]")
"""Another citation with a quote: the one before it was never closed."""
BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")
LINE_END = re.compile(r"[\r\n]")
RUN = re.compile("`+")
LINE_HEAD = re.compile(r"[ \t>]{0,40}[`~]{0,40}[ \t]{0,40}")
FENCE = re.compile(r"[ \t>]{0,40}(?:(?P<ticks>`{3,40})[^`\n]{0,100}|(?P<waves>~{3,40})[^\n]{0,100})")
WORD = re.compile(r"\w")
ESCAPED = re.compile(r"\\([\"'“”])")
TOUCHES = re.compile(r"[A-Za-z0-9_$]\Z")
"""Behind these a bracket could be code (`items[1]`): the marker that is shown gets a blank before it."""
WIDE = str.maketrans("０１２３４５６７８９", "0123456789")


@dataclass(frozen=True, slots=True)
class Given:
    """A quote as the model gave it: the context it names, its words, and where in the text shown its citation ends."""

    number: int
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class ReplyPart:
    """A stretch of the reply and what is shown of it; they differ where a quote was taken out."""

    raw: str
    shown: str
    quotes: tuple[tuple[int, str], ...] = ()
    """Number of the context and words, for each quote taken out."""
    numbers: tuple[int, ...] = ()
    """The citations shown, in order; a number stands once for all its quotes in a row."""


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
        at = self._length + len(part.shown) - len(_markers(part.numbers)) - part.shown.endswith(" ")
        position = -1
        for number, words in part.quotes:
            if position < 0 or part.numbers[position] != number:
                position = part.numbers.index(number, position + 1)
            self.quotes.append(Given(number, words, at + len(_markers(part.numbers[: position + 1]))))

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
                return _plain(known)
        char = text[at]
        if char in "\r\n":
            self._line_start = True
            return _plain(char)
        if self._fence:
            line_end = LINE_END.search(text, at)
            return _plain(text[at : line_end.start() if line_end else len(text)])
        if char == "\\":
            return None if at + 1 == len(text) and not final else _plain(_escape(text, at))
        if char == "`":
            return _code(text, at, final=final)
        if char in OPENERS:
            return _bracket(text, at, final=final, whole=whole)
        run = PLAIN.match(text, at)
        assert run  # every other character has been dealt with
        return _plain(run[0])

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


def _plain(text: str) -> ReplyPart:
    return ReplyPart(text, text)


def _escape(text: str, at: int) -> str:
    return text[at] if text[at + 1 : at + 2] in ("\r", "\n") else text[at : at + 2]


def _code(text: str, at: int, *, final: bool) -> ReplyPart | None:
    """Inline code as a whole, or the backticks alone where they open none."""
    run = RUN.match(text, at)
    assert run
    if run.end() == len(text) and not final and len(run[0]) < LONGEST_NUMBERS:
        return None
    if len(run[0]) >= LONGEST_NUMBERS:
        return _plain(run[0])  # nobody's code; the search below would be as long as the run
    limit = run.end() + CODE_WINDOW
    paragraph = BLANK_LINE.search(text, run.end(), limit)
    stop = paragraph.start() if paragraph else limit
    closer = re.compile(rf"(?<!`){run[0]}(?!`)").search(text, run.end(), stop)
    if closer and (closer.end() < len(text) or final):
        return _plain(text[at : closer.end()])
    if closer or not (paragraph or final or len(text) >= limit):
        return None
    return _plain(run[0])


def _bracket(text: str, at: int, *, final: bool, whole: bool) -> ReplyPart | None:
    """A citation with its quotes, or the bracket alone where it is none."""
    numbers = NUMBERS.match(text, at)
    assert numbers
    if numbers.end() == len(text) and not final:
        return None
    start = START.match(text, at)
    if not start or start.end() != numbers.end():
        return _plain(text[at])
    begin = start.end() + 1
    limit = begin + WINDOW
    stops = [m.start() for m in (NESTED.search(text, begin, limit), BLANK_LINE.search(text, begin, limit)) if m]
    stop = min([limit, *stops])
    end = _end(text, begin, stop, start["quote"], settled=bool(stops) or final or len(text) >= limit)
    if end is None and not (stops or final or len(text) >= limit):
        return None
    cited = _read_numbers(start)
    if end is None and start["comma"]:
        return _plain(text[at])
    if end is None:
        return _unclosed(text, at, start.end(), cited, cut=final and not whole and not stops and len(text) < limit)
    part = _cited(text[at:end], cited, text[begin : end - 1].rstrip()[:-1], start["quote"])
    letters = sum(1 if c.isascii() else 3 for _, words in part.quotes for c in words)
    return _plain(text[at]) if start["comma"] and letters < LEAST_AFTER_COMMA else part


def _end(text: str, begin: int, stop: int, opener: str, *, settled: bool) -> int | None:
    """Behind the bracket that closes the citation: the first one that is not part of the words themselves."""
    first: int | None = None
    for found in _END[opener].finditer(text, begin, stop):
        words = text[begin : found.start()]
        if sum(map(words.count, OPENERS)) == sum(map(words.count, "]】］")):
            return found.end()
        first = first or found.end()
    return first if settled else None


def _unclosed(text: str, at: int, quote: int, cited: tuple[int, ...], *, cut: bool) -> ReplyPart:
    """The citation alone. What would have been the quote follows as prose, unless the reply was cut in it."""
    return ReplyPart(text[at:] if cut else text[at:quote], _markers(cited) + ("" if cut else " "), numbers=cited)


def _cited(raw: str, cited: tuple[int, ...], inside: str, opener: str) -> ReplyPart:
    """`inside`: from behind the first quotation mark to before the last."""
    numbers, quotes = list(cited), []
    for number, words in _quotes(inside, cited[-1], opener):
        if number != numbers[-1]:
            numbers.append(number)
        if WORD.search(words):
            quotes.append((number, words))
    return ReplyPart(raw, _markers(tuple(numbers)), tuple(quotes), tuple(numbers))


def _quotes(inside: str, number: int, opener: str) -> Iterator[tuple[int, str]]:
    """The quotes in one bracket: `a"; 3: "b", "c` is one of context `number` and two of context 3."""
    begin = 0
    for gap in _BETWEEN[opener].finditer(inside):
        yield number, _words(inside[begin : gap.start()])
        number = int(gap[1].translate(WIDE)) if gap[1] else number
        begin = gap.end()
    yield number, _words(inside[begin:])


def _words(text: str) -> str:
    return ESCAPED.sub(r"\1", text).strip()


def _read_numbers(start: re.Match[str]) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", f"{start['first']} {start['last']}".translate(WIDE)))


def _markers(numbers: tuple[int, ...]) -> str:
    return "".join(f"[{n}]" for n in numbers)
