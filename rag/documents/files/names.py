"""What a document may be called: a plain relative path that can be shown, compared and stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from rag.errors import DocumentRefused
from rag.messages import reason

LONGEST_NAME = 1024
"""UTF-8 bytes; the store holds no more."""

SHOWN = 200
"""Characters of a bad name in a message."""

_DRIVE = re.compile(r"[A-Za-z]:")
# Marks that turn the direction of text can make a name read as another one.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean_name(name: str) -> str:
    """`name` in Unicode's composed form, with single `/` between its parts and no `.` among them.

    Raises DocumentRefused for a path that is absolute, has `..`, a drive or a backslash in it, and for a name with
    control characters, of nothing but dots and slashes, or above 1024 bytes.
    """
    if _UNSHOWN.search(name):
        raise DocumentRefused(reason("files.name_control", name=shown_name(name)))
    if len(name) > LONGEST_NAME:  # composing takes more than linear time; a shorter form has at least as many letters
        raise DocumentRefused(reason("files.name_long", size=len(name.encode()), limit=LONGEST_NAME))
    composed = unicodedata.normalize("NFC", name)
    parts = [part for part in composed.split("/") if part not in ("", ".")]
    if composed.startswith("/") or "\\" in composed or ".." in parts or _DRIVE.match(composed):
        raise DocumentRefused(reason("files.name_outside", name=shown_name(name)))
    clean = "/".join(parts)
    if not clean.strip(". /"):
        raise DocumentRefused(reason("files.name_empty", name=shown_name(name)))
    if len(clean.encode()) > LONGEST_NAME:
        raise DocumentRefused(reason("files.name_long", size=len(clean.encode()), limit=LONGEST_NAME))
    return clean


def told_apart(befores: Sequence[Sequence[str]], name: str) -> list[str]:
    """`name` once for each of the folders it lies in, with as many of them before it as tell all of them apart.

    As it is where nothing tells them apart, as when one file is given twice.
    """
    deepest = max(map(len, befores), default=0)
    for depth in range(deepest + 1):
        names = ["/".join((*before[len(before) - min(depth, len(before)) :], name)) for before in befores]
        if len(set(names)) == len(set(map(tuple, befores))):
            return names
    return [name] * len(befores)


def own_name(name: str) -> str:
    """The last part of a path a browser sent, whichever system it ran on."""
    return re.split(r"[/\\]", name)[-1]


def shown_name(name: str) -> str:
    """`name` fit to be shown: what cannot be is replaced, and too much of it is cut."""
    shown = _UNSHOWN.sub("\ufffd", name)
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"


def hidden(name: str) -> bool:
    """Whether some part of a path is hidden or what macOS adds to zips."""
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def zip_names(raw: Sequence[bytes]) -> list[str]:
    """Names of zip entries that do not say their encoding: UTF-8, or else GBK when most is common Chinese, or DOS."""
    for encoding in ("utf-8", "gbk"):
        try:
            names = [name.decode(encoding) for name in raw]
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or _common_chinese("".join(names)):
            return names
    return [name.decode("cp437") for name in raw]


def _common_chinese(text: str) -> bool:
    """GBK gives a rare character for almost any two bytes; those of GB 2312 are the ones people write."""
    special = [character for character in text if ord(character) > 127]
    common = [character for character in special if character.encode("gb2312", "ignore")]
    return len(common) * 2 > len(special)
