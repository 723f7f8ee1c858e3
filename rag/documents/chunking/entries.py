"""Data in front of a text, entry by entry: what is asked for is read, and a broken entry costs the others nothing.

Nothing is built from the data but text and lists of text: no merge keys, no nested values, no numbers or dates. So what
is read is never larger than what was written, and work grows with its length.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

import yaml

from rag.text.well_formed import encodable

TITLE = "title"
TAGS = ("tags", "tag", "keywords", "categories", "category")
DATES = ("date", "updated", "lastmod", "last_updated", "last_modified", "created", "published")
"""Keys in the order in which they are believed."""
KEYS = frozenset((TITLE, *TAGS, *DATES))

MOST_OTHERS = 50
"""Entries with other keys that are read, the first ones."""

LONGEST = 65_536
"""Characters that are read; more is no description of a document."""
LONGEST_TOML = 4_096
"""Characters of one TOML value: a key of thousands of parts takes more than linear time."""
MOST_EVENTS = 4_096
"""Events of the YAML parser for one entry; a list of tags has dozens."""
DEEPEST = 16
"""Lists in lists followed; the parser looks at every open one for each of its steps."""

Value = str | tuple[str, ...]

_NAME = r"""[ \t]*+(?:"(?P<double>[^"]{1,64})"|'(?P<single>[^']{1,64})'|(?P<plain>[A-Za-z_][\w.-]{0,63}+))[ \t]*+"""
_YAML_KEY = re.compile(rf"(?! ){_NAME}:(?=[ \t]|\Z)")
_TOML_KEY = re.compile(rf"{_NAME}=")
_TOML_TABLE = re.compile(r"[ \t]*+\[++([^\[\]]{0,64})\]++[ \t]*+(?:#.*)?\Z")
_TABLES = ("", "taxonomies")
"""Tables of TOML that describe the document."""
_ANCHOR = re.compile(r"[ \t]*+&([^\s,\[\]{}]+)")
_LINE_END = re.compile(r"\r\n?|\n")
_NULL = frozenset(("", "~", "null", "Null", "NULL"))


def names_entry(content: str, *, toml: bool) -> bool:
    """True if the first line of `content` that is neither blank nor a comment is that of an entry."""
    for line in _LINE_END.split(content[:LONGEST]):
        if line.strip() and not line.startswith("#"):
            return bool(_key(line, toml=toml) or (toml and _TOML_TABLE.match(line)))
    return False


def from_yaml(content: str) -> dict[str, Value]:
    """The entries of a document, keys in small letters; of two with one key the last counts."""
    wanted: dict[str, str] = {}
    anchors: dict[str, str] = {}
    for key, written in _entries(_LINE_END.split(content), toml=False):
        if anchor := _ANCHOR.match(written):
            anchors[anchor[1]] = written
        if _is_wanted(key, wanted) and written.strip():
            wanted[key] = written
    return {key: _yaml(written, anchors) for key, written in wanted.items()}


def from_toml(content: str) -> dict[str, Value]:
    """As `from_yaml`, of TOML's first table and of the one for taxonomies."""
    wanted: dict[str, str] = {}
    for key, written in _entries(_LINE_END.split(content), toml=True):
        if _is_wanted(key, wanted):
            wanted[key] = written
    return {key: _toml(written) for key, written in wanted.items()}


def _is_wanted(key: str, found: Collection[str]) -> bool:
    """True for a key that describes every document, or one of the first others."""
    return key in KEYS or key in found or (bool(key) and len(found) < MOST_OTHERS + len(KEYS))


def from_json(content: str) -> dict[str, Value] | None:
    """As `from_yaml`; None when it is no object."""
    try:
        found = json.loads(content, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return {key.lower(): _plain(value) for key, value in found.items()} if isinstance(found, dict) else None


def _key(line: str, *, toml: bool) -> re.Match[str] | None:
    return (_TOML_KEY if toml else _YAML_KEY).match(line)


def _entries(lines: Iterable[str], *, toml: bool) -> Iterator[tuple[str, str]]:
    """Key, and what is written behind it and below it until the next one."""
    key, written, table = "", [""], ""
    for line in lines:
        if toml and (found := _TOML_TABLE.match(line)):
            yield key, "\n".join(written)
            key, written, table = "", [], found[1].strip()
        elif found := _key(line, toml=toml):
            yield key, "\n".join(written)
            name = found["double"] or found["single"] or found["plain"]
            key, written = (name.strip().lower() if table in _TABLES else ""), [line[found.end() :]]
        else:
            written.append(line)
    yield key, "\n".join(written)


def _yaml(written: str, anchors: Mapping[str, str]) -> Value:
    try:
        return _value(yaml.parse(f"k: {written}\n", Loader=yaml.SafeLoader), anchors)
    except yaml.YAMLError:
        return _unparsed(written)


def _value(events: Iterable[Any], anchors: Mapping[str, str]) -> Value:
    """The value the parser found for the one key there is: a text, or the texts in a list."""
    steps = islice(events, 4, MOST_EVENTS)  # past the start of stream, document and mapping, and the key
    match next(steps):
        case yaml.ScalarEvent() as found:
            next(steps)  # raises where the line goes on as no YAML does
            return _text(found)
        case yaml.AliasEvent() as found:
            return _yaml(anchors.get(str(found.anchor), ""), {})
        case yaml.SequenceStartEvent():
            return tuple(_items(steps))
        case _:
            return ""


def _items(steps: Iterable[Any]) -> Iterator[str]:
    """The texts right in the list that was opened; what is nested in it is passed over."""
    depth = 1
    for event in steps:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.ScalarEvent) and depth == 1 and (text := _text(event)):
            yield text
        if not 0 < depth <= DEEPEST:
            return


def _text(scalar: yaml.ScalarEvent) -> str:
    return "" if scalar.style is None and scalar.value in _NULL else encodable(str(scalar.value))


def _unparsed(written: str) -> Value:
    """The value that a reader would see in a line that is no YAML, such as `Guide: part one`."""
    line = _LINE_END.split(written, maxsplit=1)[0].strip()
    if line[:1] in "'\"" and (end := line.rfind(line[:1])) > 0:
        return line[1:end]
    return line.partition(" #")[0].strip(" \t[]")


def _toml(written: str) -> Value:
    try:
        return _plain(tomllib.loads(f"k = {written[:LONGEST_TOML]}")["k"])
    except (ValueError, RecursionError):  # TOMLDecodeError is a ValueError
        return _unparsed(written)


def _plain(value: object) -> Value:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return tuple(encodable(str(each)) for each in value if isinstance(each, str | int))
    return encodable(str(value)) if isinstance(value, str | int) else ""
