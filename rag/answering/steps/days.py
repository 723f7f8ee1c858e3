"""Days, months and years as a question names them, as ranges of ISO dates. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

Span = tuple[str, str]
"""The first day and the last."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
DAY = (
    rf"(?:[12]\d{{3}}(?:\s?[-/.年]\s?[01]?\d(?:\s?[-/.月]\s?[0-3]?\d\s?日?|\s?月)?|\s?年)?"
    rf"|(?:[0-3]?\d(?:st|nd|rd|th)?\s(?:of\s)?)?{MONTH}\s(?:[0-3]?\d(?:st|nd|rd|th)?,?\s)?[12]\d{{3}})"
)
"""A day, a month or a year."""
_NUMBERS = re.compile(r"\d+")


class Relation(StrEnum):
    """How a range of days lies to what is named."""

    IN = "in"
    SINCE = "since"
    AFTER = "after"
    UNTIL = "until"
    BEFORE = "before"
    BETWEEN = "between"


def of_span(said: str) -> Span | None:
    """The first and the last day of a day, a month or a year; None where there is no such day."""
    named = re.search(r"[a-z]{3}", said.lower())
    numbers = [int(n) for n in _NUMBERS.findall(said)]
    if named and numbers and (month := MONTHS.index(named[0]) + 1 if named[0] in MONTHS else 0):
        days = [n for n in numbers if n < 1000]
        return _span(numbers[-1], month, days[0] if days else 0)
    return _span(*(*numbers, 0, 0)[:3]) if numbers else None


def _span(year: int, month: int, day: int) -> Span | None:
    try:
        first = date(year, month or 1, day or 1)
        if day:
            return first.isoformat(), first.isoformat()
        end = date(year + 1, 1, 1) if not month or month == 12 else date(year, month + 1, 1)
        return first.isoformat(), (end - timedelta(1)).isoformat()
    except ValueError:
        return None


def between(relation: Relation, spans: Sequence[Span]) -> Span:
    """The range that stands in a relation to what is named; "" where an end is open."""
    first, last = spans[0]
    match relation:
        case Relation.SINCE:
            return first, ""
        case Relation.AFTER:
            return _moved(last, 1), ""
        case Relation.UNTIL:
            return "", last
        case Relation.BEFORE:
            return "", _moved(first, -1)
        case Relation.BETWEEN:
            return first, spans[-1][1]
    return first, last


def _moved(day: str, by: int) -> str:
    return (date.fromisoformat(day) + timedelta(by)).isoformat()
