"""Files that a text carries in itself, such as `data:image/png;base64,…`: what they are stays, their bytes go. Pure.

A picture of 100 KB would be tens of thousands of tokens that say nothing. Short ones stay: they cost little, and a text
about such addresses may show one.
"""

from __future__ import annotations

import re

LONGEST_KEPT = 200
"""Characters of an address that stays as it is."""

_HEAD = r"(data:[A-Za-z]{1,32}/[A-Za-z0-9.+-]{1,100})"
_LONG = re.compile(
    rf"{_HEAD}(?:;[A-Za-z0-9=_.-]{{1,100}})*,(?:"
    rf"(?<=base64,)[A-Za-z0-9+/=_%\-]{{{LONGEST_KEPT},}}"
    rf"|[^\s\"'()<>]{{{LONGEST_KEPT},}})"
)
_QUOTED = re.compile(rf"(?<=[\"']){_HEAD}(?:;[A-Za-z0-9=_.-]{{1,100}})*,[^\"]{{{LONGEST_KEPT},}}(?=\")")
_ELIDED = re.compile(rf"(?<=\(){_HEAD}(?:;[A-Za-z0-9=_.-]{{1,100}})*\.\.\.(?=[\s)])")


def without_files(text: str) -> str:
    """`text` with only type and place left of every file in it that is longer than an address."""
    if "data:" not in text:
        return text
    for pattern in (_QUOTED, _LONG, _ELIDED):
        text = pattern.sub(r"\1", text)
    return text
