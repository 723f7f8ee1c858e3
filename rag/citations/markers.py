"""Citations: the `[n]` in an answer and the contexts they point at. Pure.

Only numbers of contexts that were really sent make a valid citation. Brackets in code, in links and behind a name, as
in `items[1]`, are no citations.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from rag.ledger import Citation
from rag.text.markdown_spans import prose
from rag.text.sanitizer import safe_markdown

NUMBER = r"(?:0|[1-9][0-9]{0,2})"
"""Up to three digits, so that a year in brackets is none. Full-width digits are turned into these first."""
DASH = r"\s?[-–—~～]\s?"
COMMA = r"\s?[,，、;；]\s?"
ITEM = rf"{NUMBER}(?:{DASH}{NUMBER})?"
MARKER = re.compile(rf"\[\s?\^?({ITEM}(?:{COMMA}\^?{ITEM})*)\s?\]|【\s?\^?({ITEM}(?:{COMMA}{ITEM})*)\s?】")
HALF = re.compile(r"[\[【［]\s?\^?[0-9０-９\s,，、;；\-–—~～^]{0,40}\Z")
WIDE = str.maketrans("０１２３４５６７８９［］", "0123456789[]")
LONGEST_RANGE = 50
NAME_BEFORE = re.compile(r"[A-Za-z0-9_$.]*[A-Za-z0-9_$]\Z")
WORD = re.compile(r"[A-Z][A-Za-z]+|[A-Za-z]{2,}[.]?|[0-9]+")
CAPITALISED = re.compile(r"[A-Z][A-Za-z]+[0-9]*|[A-Z]{2,}[A-Z0-9]*")
BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs to Unicode, nothing to a reader."""
CLAUSE_END = re.compile(r"[.,;:!?][)\"'”’*_]*(?:\s|\Z)|[。，；：！？、]")


@dataclass(frozen=True, slots=True)
class Marker:
    """One pair of brackets, `[start, end)` of the answer, and the numbers in it."""

    start: int
    end: int
    numbers: tuple[int, ...]


def find(answer: str, sent: int) -> tuple[Citation, ...]:
    """Every citation in order; several of one bracket share its span. Valid are the numbers 1…`sent`."""
    return tuple(
        Citation(number, marker.start, marker.end, 1 <= number <= sent)
        for marker in markers(answer)
        for number in marker.numbers
    )


def markers(answer: str, *, growing: bool = False) -> tuple[Marker, ...]:
    """The brackets that cite. `growing`: the text is the beginning of a stream."""
    even = answer.translate(WIDE)
    found: list[Marker] = []
    for start, end in prose(answer, growing=growing):
        for match in MARKER.finditer(even, start, end):
            numbers = _numbers(match[1] or match[2])
            certain = answer[match.start()] != "[" or "^" in match[0] or (found and found[-1].end == match.start())
            if numbers and (certain or _cites(even, match.start(), match.end())):
                found.append(Marker(match.start(), match.end(), numbers))
    return tuple(found)


Anchor = Callable[[int, int], str]
"""Address of a citation's evidence, by its context number and its place among the valid citations, from 0."""


def linked(answer: str, sent: int, anchor: Anchor, *, growing: bool = False) -> str:
    """The answer with valid citations as links `[n](anchor)`; unknown numbers stay text, nothing else changes."""
    parts: list[str] = []
    last = 0
    places = count()
    for marker in markers(answer, growing=growing):
        valid = [n for n in marker.numbers if 1 <= n <= sent]
        if not valid:
            continue
        chips = "".join(f"[{n}]({anchor(n, next(places))})" if n in valid else f"[{n}]" for n in marker.numbers)
        parts += [answer[last : marker.start], chips]
        last = marker.end
    return "".join(parts) + answer[last:]


def display(answer: str, sent: int, anchor: Anchor, *, growing: bool = False) -> str:
    """The answer as Markdown for the page: safe, with citation links; `growing` while it streams, without half ones."""
    shown = visible_prefix(answer) if growing else answer
    return linked(safe_markdown(shown, growing=growing), sent, anchor)


def visible_prefix(text: str) -> str:
    """The beginning of a stream without a marker at its end that may still be growing."""
    half = HALF.search(text)
    return text[: half.start()] if half else text


def without(answer: str) -> str:
    """The answer without its citations and the blanks before them."""
    parts: list[str] = []
    last = 0
    for marker in markers(answer):
        parts.append(answer[last : marker.start].rstrip(" "))
        last = marker.end
    return "".join(parts) + answer[last:]


def says_something(answer: str) -> bool:
    """True if anything is left of an answer without its citations, blanks, punctuation and invisible characters."""
    return any(unicodedata.category(c)[0] not in "CPZ" and c not in BLANK_LETTERS for c in without(answer))


def _numbers(inside: str) -> tuple[int, ...]:
    """The numbers of a bracket, ranges opened, each once; () when it is no list of numbers after all."""
    numbers: list[int] = []
    for item in re.split(COMMA, inside):
        first, *rest = (int(n) for n in re.findall(NUMBER, item))
        last = rest[0] if rest else first
        if not 0 <= last - first <= LONGEST_RANGE:
            return ()
        numbers += range(first, last + 1)
    return tuple(dict.fromkeys(numbers))


def _cites(text: str, start: int, end: int) -> bool:
    """True if brackets at `[start, end)` cite, judged by what they touch: `items[1]` is code, `HNSW[1]` is not.

    Directly behind a plain word they cite where a clause ends or the word is a name; behind an identifier or another
    bracket never.
    """
    before = text[max(0, start - 60) : start]
    if before.endswith("]"):
        return False
    touched = NAME_BEFORE.search(before)
    if not touched:
        return True
    name = touched[0]
    if CAPITALISED.fullmatch(name):
        return True
    return WORD.fullmatch(name) is not None and CLAUSE_END.match(text, end) is not None
