"""The figures of a sentence held against those of its quotes: numbers, versions, dates, each with its unit. Pure.

Where either side has no unit, or one that is not known, units do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.text.figures import DATE, Figure, figures

_COUNT = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORDS = re.compile(rf"\b(?:{'|'.join(_COUNT)})\b|[一二两三四五六七八九十]", re.IGNORECASE)
_WORD_VALUES = {
    **{word: n for n, word in enumerate(_COUNT, 1)},
    **{sign: n for n, sign in enumerate("一二三四五六七八九十", 1)},
    "两": 2,
}


def altered(sentence: str, evidence: Sequence[str]) -> list[str]:
    """The figures of a sentence that none of the texts has, as they are compared."""
    there = {figure for text in evidence for figure in _evident(text)}
    return [value for value, unit in figures(sentence) if not _among(value, unit, there)]


def _among(value: str, unit: str, there: set[Figure]) -> bool:
    if unit in ("", DATE):
        return any(value == other for other, _ in there)
    return (value, unit) in there or (value, "") in there


def _evident(text: str) -> Iterator[Figure]:
    """The figures of a text that proves others: its numbers in words as well, and what a date says besides."""
    for value, unit in figures(text):
        yield value, unit
        if unit == DATE:
            year, month, day = value.split("-")
            yield from ((part, "") for part in (year, day, f"-{month}-{day}"))
    for word in _WORDS.findall(text):
        yield str(_WORD_VALUES[word.lower()]), ""
