"""Title, tags and date of a document, from the data in front of its text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from .entries import DATES, TAGS, TITLE, Value

MOST_TAGS = 32
LONGEST_TAG = 64

_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Tags and date that a document states. `date` is ISO 8601, "" where none is given that can be understood."""

    tags: tuple[str, ...] = ()
    date: str = ""


def front_matter(values: Mapping[str, Value]) -> FrontMatter:
    """Tags and date."""
    return FrontMatter(_tags(values), _date(values))


def front_matter_title(values: Mapping[str, Value]) -> str:
    """The title on one line; "" when there is none."""
    found = values.get(TITLE, "")
    return " ".join(found.split()) if isinstance(found, str) else ""


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
