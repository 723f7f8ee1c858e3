"""Citations with quotes: a bracket of a model's reply, read whole once it is certain what it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

WINDOW = 700
"""Characters in which a quote must end; a longer one is prose with a stray quotation mark."""
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
NUMBERS = re.compile(rf"[{_OPEN}][{_DIGIT} \t\u00a0,，、;；:：|–—^-]{{0,{LONGEST_NUMBERS}}}")
START = re.compile(
    rf"[{_OPEN}]{_BLANK}\^?(?P<first>(?:{_NUMBER}{_BLANK}{_COMMA}{_BLANK}\^?)*)(?P<last>{_NUMBER}){_BLANK}"
    rf"(?:(?P<comma>{_COMMA}){_BLANK}|{_COLON}{_BLANK})?(?=(?P<quote>[{_QUOTE_OPEN}]))"
)
NESTED = re.compile(rf"[{_OPEN}]{_BLANK}\^?{_NUMBER}{_BLANK}(?:{_COLON}{_BLANK})?[{_DOUBLE}]")
"""Another citation with a quote: the one before it was never closed."""
BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")
WORD = re.compile(r"\w")
ESCAPED = re.compile(r"\\([\"'“”])")
WIDE = str.maketrans("０１２３４５６７８９", "0123456789")


@dataclass(frozen=True, slots=True)
class ReplyPart:
    """A stretch of the reply and what is shown of it; they differ where a quote was taken out."""

    raw: str
    shown: str
    quotes: tuple[tuple[int, str], ...] = ()
    """Number of the context and words, for each quote taken out."""
    numbers: tuple[int, ...] = ()
    """The citations shown, in order; a number stands once for all its quotes in a row."""


def plain(text: str) -> ReplyPart:
    """A stretch that is shown as it is written."""
    return ReplyPart(text, text)


def bracket(text: str, at: int, *, final: bool, whole: bool) -> ReplyPart | None:
    """A citation with its quotes, or the bracket alone where it is none."""
    numbers = NUMBERS.match(text, at)
    assert numbers
    if numbers.end() == len(text) and not final:
        return None
    start = START.match(text, at)
    if not start or start.end() != numbers.end():
        return plain(text[at])
    begin = start.end() + 1
    limit = begin + WINDOW
    stops = [m.start() for m in (NESTED.search(text, begin, limit), BLANK_LINE.search(text, begin, limit)) if m]
    stop = min([limit, *stops])
    end = _end(text, begin, stop, start["quote"], settled=bool(stops) or final or len(text) >= limit)
    if end is None and not (stops or final or len(text) >= limit):
        return None
    cited = _read_numbers(start)
    if end is None and start["comma"]:
        return plain(text[at])
    if end is None:
        return _unclosed(text, at, start.end(), cited, cut=final and not whole and not stops and len(text) < limit)
    part = _cited(text[at:end], cited, text[begin : end - 1].rstrip()[:-1], start["quote"])
    letters = sum(1 if c.isascii() else 3 for _, words in part.quotes for c in words)
    return plain(text[at]) if start["comma"] and letters < LEAST_AFTER_COMMA else part


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
    return ReplyPart(text[at:] if cut else text[at:quote], markers(cited) + ("" if cut else " "), numbers=cited)


def _cited(raw: str, cited: tuple[int, ...], inside: str, opener: str) -> ReplyPart:
    """`inside`: from behind the first quotation mark to before the last."""
    numbers, quotes = list(cited), []
    for number, words in _quotes(inside, cited[-1], opener):
        if number != numbers[-1]:
            numbers.append(number)
        if WORD.search(words):
            quotes.append((number, words))
    return ReplyPart(raw, markers(tuple(numbers)), tuple(quotes), tuple(numbers))


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


def markers(numbers: tuple[int, ...]) -> str:
    """The citations of these contexts, as they are shown."""
    return "".join(f"[{n}]" for n in numbers)
