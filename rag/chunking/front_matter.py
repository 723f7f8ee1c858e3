"""Data in front of a document's text: told from text that only looks like it, and asked for the title."""

from __future__ import annotations

import json
import re

_KEY = re.compile(r"[A-Za-z_][\w.-]*[ \t]*:(?:\s|$)")
_TITLE = re.compile(r"^title[ \t]*:[ \t]*(.*)((?:\n[ \t]+.*)*)", re.MULTILINE | re.IGNORECASE)
_BLOCK_SCALAR = re.compile(r"[>|][+-]?\d?$")


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
