"""Data in front of a document's text: told from text that only looks like it, and asked for title, tags and date."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

_KEY = re.compile(r"[A-Za-z_][\w.-]*[ \t]*:(?:\s|$)")
_TITLE = re.compile(r"^title[ \t]*:[ \t]*(.*)((?:\n[ \t]+.*)*)", re.MULTILINE | re.IGNORECASE)
_BLOCK_SCALAR = re.compile(r"[>|][+-]?\d?$")


TAGS = ("tags", "tag", "keywords", "categories", "category")
DATES = ("date", "updated", "lastmod", "last_updated", "last_modified", "created", "published")
"""Keys in the order in which they are believed."""
MOST_TAGS = 32
LONGEST_TAG = 64
LONGEST = 65_536
"""Characters of front matter that are parsed; more is no description of a document."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a document says of itself. `date` is ISO 8601, "" where none is given that can be understood."""

    tags: tuple[str, ...] = ()
    date: str = ""


def metadata(content: str) -> FrontMatter:
    """Tags and date; nothing where it is no YAML mapping."""
    try:
        loaded = yaml.safe_load(content[:LONGEST])
    except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date such as 2024-13-45
        return FrontMatter()
    if not isinstance(loaded, dict):
        return FrontMatter()
    keys = {str(key).strip().lower(): value for key, value in loaded.items()}
    return FrontMatter(_tags(keys), _date(keys))


def _tags(keys: Mapping[str, Any]) -> tuple[str, ...]:
    found = next((keys[key] for key in TAGS if keys.get(key)), ())
    words = re.split(r"[,，、;；]", found) if isinstance(found, str) else found if isinstance(found, list) else ()
    tags = (" ".join(str(word).split()).lstrip("#")[:LONGEST_TAG] for word in words if isinstance(word, str | int))
    return tuple(dict.fromkeys(tag for tag in tags if tag))[:MOST_TAGS]


def _date(keys: Mapping[str, Any]) -> str:
    for key in DATES:
        value = keys.get(key)
        if isinstance(value, date):
            return value.isoformat()[:10]
        if isinstance(value, str) and (found := re.match(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}", value.strip())):
            year, month, day = map(int, re.split(r"[-/.]", found[0]))
            try:
                return date(year, month, day).isoformat()
            except ValueError:
                continue
    return ""


def is_front_matter(content: str) -> bool:
    """Whether the lines between the dashes are data: the first that is no comment is a key.

    A document may also begin with a thematic break and have another one later; what stands between is text then.
    """
    lines = (line for line in content.splitlines() if line.strip() and not line.startswith("#"))
    return _KEY.match(next(lines, "")) is not None


def front_matter_title(content: str) -> str:
    """The `title` key as a plain, quoted or folded scalar; "" when there is none."""
    found = _TITLE.search(content)
    if not found:
        return ""
    value, below = found.group(1).strip(), found.group(2)
    if _BLOCK_SCALAR.match(value):
        value = below
    elif value[:1] == '"':
        value = _double_quoted(value)
    elif value[:1] == "'":
        value = value[1:].rpartition("'")[0].replace("''", "'")
    else:
        value = re.split(r"\s#", value, maxsplit=1)[0]
    return " ".join(value.split())


def _double_quoted(value: str) -> str:
    try:
        decoded, _ = json.JSONDecoder().raw_decode(value)
    except ValueError:  # YAML knows escapes that JSON does not
        return value[1:].rpartition('"')[0]
    return str(decoded)
