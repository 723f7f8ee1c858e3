"""Place and form of the data in front of a text: YAML, TOML or JSON. Told from what only looks like it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .entries import KEYS, LONGEST, Value, from_json, from_toml, from_yaml, names_entry

LINES_BEFORE = 20
"""Lines, blank ones and comments, that may stand above it, such as those that switch a linter off."""

_LINE = re.compile(r"([^\r\n]*+)(?:\r\n?|\n|\Z)")
_END = {
    "-": re.compile(r"(?:\r\n?|\n)(?:-{3,}+|\.\.\.)[ \t]*+(?=[\r\n]|\Z)"),
    "+": re.compile(r"(?:\r\n?|\n)\+\+\+[ \t]*+(?=[\r\n]|\Z)"),
    ";": re.compile(r"(?:\r\n?|\n);;;[ \t]*+(?=[\r\n]|\Z)"),
}
_FENCE = re.compile(r"(?:-{3,}+|\+\+\+|;;;)[ \t]*+\Z")


@dataclass(frozen=True, slots=True)
class Front:
    """The data of a document by key, in small letters; its text begins at `end`. Without data both are empty."""

    values: Mapping[str, Value] = field(default_factory=dict)
    end: int = 0


def front(text: str) -> Front:
    """The data in front of `text`. What stands above it, comments and blank lines, goes with it."""
    at = 1 if text.startswith("\ufeff") else 0
    for _ in range(LINES_BEFORE):
        line, end = _line(text, at)
        if _FENCE.match(line):
            return _fenced(text, line[0], end)
        if line.startswith("{"):
            return _bare_json(text, at)
        if (line.strip() and not _is_comment(line)) or end == len(text):
            break
        at = end
    return Front()


def _line(text: str, at: int) -> tuple[str, int]:
    """The line at `at` without its end, and where the next one begins."""
    found = _LINE.match(text, at)
    return (found[1], found.end()) if found else ("", len(text))


def _is_comment(line: str) -> bool:
    line = line.strip()
    return line.startswith("<!--") and line.find("-->") == len(line) - 3


def _fenced(text: str, mark: str, start: int) -> Front:
    """Data between two lines of marks. A document may also begin with a thematic break and have another one later;
    what stands between is text then."""
    # The line end above may be that of the first fence: data may be empty.
    above = max(start - 2, 0) if text[start - 2 : start] == "\r\n" else max(start - 1, 0)
    end = _END[mark].search(text, above)
    if end is None:
        return Front()
    content = text[start : max(end.start(), start)]
    if mark == ";":
        values = from_json(content[:LONGEST])
    elif names_entry(content, toml=mark == "+"):
        values = (from_toml if mark == "+" else from_yaml)(content[:LONGEST])
    else:
        values = None
    return (
        Front() if values is None else Front(values, _line(text, end.end())[1] if end.end() < len(text) else len(text))
    )


def _bare_json(text: str, at: int) -> Front:
    """An object that describes the document; any other is text of it."""
    piece = text[at : at + LONGEST]
    try:
        _, length = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode(piece)
    except (ValueError, RecursionError):
        return Front()
    values = from_json(piece[:length])
    rest, end = _line(text, at + length)
    if rest.strip() or not values or not KEYS.intersection(values):
        return Front()
    return Front(values, end)
