"""What a piece of a document begins with that its own lines do not open: data, or the rest of code. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .lines import SourceLine

FENCE = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+|>[ \t]?)*(?P<mark>`{3,}(?=[^`]*$)|~{3,})")
_ENTRY = re.compile(r"[A-Za-z_][\w .-]{0,40}:(?:[ \t]|$)")
_TOML = re.compile(r"[A-Za-z_][\w.-]{0,40}[ \t]*=|\[|#")


def front_matter(lines: Sequence[SourceLine]) -> int:
    """Number of the first line behind the data of a document, which are no text of it."""
    mark = lines[0].text.rstrip()
    if mark not in ("---", "+++"):
        return 0
    entry = _ENTRY if mark == "---" else _TOML
    for number in range(1, len(lines)):
        text = lines[number].text.rstrip()
        if text == mark:
            return number + 1 if number > 1 and entry.match(lines[1].text) else 0
        if text and text[0] not in " \t-#]}" and not entry.match(text):
            return 0
    return 0


def begins_in_code(lines: Sequence[SourceLine]) -> bool:
    """True if the first fence of a piece closes code that began before the piece.

    It says no language, and a later one that does would stand inside code if it opened any; or it is all that is left
    at the end of the piece.
    """
    is_open = ""
    first = -1
    for number, line in enumerate(lines):
        fence = FENCE.match(line.text)
        if not fence:
            continue
        mark, info = fence["mark"], line.text[fence.end() :].strip()
        if first < 0:
            if info:
                return False
            first = number
        if not is_open:
            is_open = mark
        elif info and first >= 0 and mark[0] == is_open[0]:
            return True
        elif not info and len(mark) >= len(is_open) and mark[0] == is_open[0]:
            is_open = ""
    nothing_after = first >= 0 and not any(line.text.strip() for line in lines[first + 1 :])
    return bool(is_open) and first > 0 and nothing_after
