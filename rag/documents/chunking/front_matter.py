"""Title, tags, date and all else a document says of itself, from the data in front of its text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import islice

from rag.types import Fields

from .entries import DATES, TAGS, TITLE, Value

MOST_TAGS = 32
LONGEST_TAG = 64
MOST_FIELDS = 50
LONGEST_KEY = 64
LONGEST_VALUE = 500
"""Characters of a value, and of all in a list together."""
MOST_VALUES = 32
MOST_BYTES = 24_000
"""Of all fields of a document, as they are kept."""

_TOLD = frozenset((TITLE, "tags", "date"))
_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Tags, date and more that a document states. `date` is ISO 8601, "" where none is given that can be understood."""

    tags: tuple[str, ...] = ()
    date: str = ""
    fields: Fields = ()
    """Everything else that is a text or a list of texts."""


def front_matter(values: Mapping[str, Value]) -> FrontMatter:
    """What a document states."""
    return FrontMatter(_tags(values), _date(values), tuple(_fields(values)))


def front_matter_title(values: Mapping[str, Value]) -> str:
    """The title on one line; "" when there is none."""
    found = values.get(TITLE, "")
    return " ".join(found.split()) if isinstance(found, str) else ""


def _fields(values: Mapping[str, Value]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Key and values of what is not told as title, tags or date, as much as is kept."""
    left = MOST_BYTES
    others = ((key, found) for key, found in values.items() if key not in _TOLD and found)
    for key, found in islice(others, MOST_FIELDS):
        texts = [found] if isinstance(found, str) else found[:MOST_VALUES]
        kept: list[str] = []
        room = LONGEST_VALUE
        for each in texts:
            value = " ".join(each.split())[:room]
            if value:
                kept.append(value)
                room -= len(value)
        left -= sum(len(text.encode("utf-8", "replace")) + 8 for text in (key, *kept))
        if left < 0:
            return
        if kept:
            yield key[:LONGEST_KEY], tuple(kept)


def _tags(values: Mapping[str, Value]) -> tuple[str, ...]:
    found = next((values[key] for key in TAGS if values.get(key)), ())
    words = re.split(r"[,，、;；]", found) if isinstance(found, str) else found
    tags = (" ".join(word.split()).lstrip("#")[:LONGEST_TAG] for word in words)
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:MOST_TAGS]


def _date(values: Mapping[str, Value]) -> str:
    for key in DATES:
        value = values.get(key, "")
        if isinstance(value, str) and (found := _DAY.match(value.strip())):
            try:
                return date(*map(int, found.groups())).isoformat()
            except ValueError:  # such as 2024-13-45
                continue
    return ""
