"""Names that a document may have: plain relative paths that can be shown, compared and stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import PurePosixPath

from rag.errors import DocumentRefused
from rag.messages import reason

LONGEST_NAME = 1024
"""UTF-8 bytes; the store holds no more."""

SHOWN = 200
"""Characters of a bad name in a message."""

_DRIVE = re.compile(r"[A-Za-z]:")
# Marks that turn the direction of text can make a name read as another one.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


HALF_WIDTH = re.compile("[\uff61-\uff9f]")
"""Kana that hardly anyone writes, but Shift JIS finds in any text of two-byte characters."""
SYSTEMS = {"gbk": "gb2312", "cp932": "euc_jp", "big5": "big5"}
"""Encodings of zips made on East Asian Windows -> the set of characters usual there. Of equals the first counts."""
LEAST_USUAL = 0.5
HANGUL = frozenset(
    "이다의는에을를가로고하지기사한어리도은대자서정시나스인해일부그제전수아상장주보동구원여과성안공용문조비관소경유세국라마연개방명계"
    "모신회치무진선생발미중학년물내행화터트우분민업설재양적요드들오결드간통심바음실위단당반본교차작비식타면필표품확입출금"
)
"""Syllables of which two thirds of any Korean text consist; of a Chinese name read as Korean, few are among them."""
LEAST_HANGUL, FEWEST_HANGUL = 0.5, 3
"""Share of them that makes names Korean, and characters below which nothing is concluded."""
CYRILLIC = ("cp866", "cp1251")
"""Encodings of zips made on Russian Windows, by its tools for the console and others."""
_RUSSIAN_WORD = re.compile(r"[А-ЯЁ]?[а-яё]+|[А-ЯЁ]+")
_SMALL_RUSSIAN_WORD = re.compile(r"[А-ЯЁ]?[а-яё]{3,}")
_TOGETHER = re.compile(r"[^\x00-\x7f]{2}")


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


def numbered(name: str, number: int) -> str:
    """`docs/README (2).md`: the name of the second document that came as `docs/README.md`."""
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem} ({number}){path.suffix}"))


def own_name(name: str) -> str:
    """The last part of a path a browser sent, whichever system it ran on."""
    return re.split(r"[/\\]", name)[-1]


def shown_name(name: str) -> str:
    """`name` fit to be shown: what cannot be is replaced, and too much of it is cut."""
    shown = _UNSHOWN.sub("\ufffd", name)
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"


def hidden(name: str) -> bool:
    """True if some part of a path is hidden or is one that macOS adds to zips."""
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def zip_names(raw: Sequence[bytes]) -> list[str]:
    """Names of zip entries that do not say their encoding: UTF-8, Korean or Russian where they are, that of the East
    Asian system in which they are most usual, or DOS."""
    try:
        return [name.decode() for name in raw]
    except UnicodeDecodeError:
        if names := _korean(raw) or _russian(raw):
            return names
        found = [(names, _usual("".join(names), common)) for names, common in _decoded(raw)]
    names, usual = max(found, key=lambda each: each[1], default=([], 0.0))
    return names if usual > LEAST_USUAL else [name.decode("cp437") for name in raw]


def _korean(raw: Sequence[bytes]) -> list[str]:
    """The names in Korean; none where they are not."""
    try:
        names = [name.decode("cp949") for name in raw]
    except UnicodeDecodeError:
        return []
    special = [character for character in "".join(names) if ord(character) > 127]
    usual = sum(map(HANGUL.__contains__, special))
    return names if len(special) >= FEWEST_HANGUL and usual >= LEAST_HANGUL * len(special) else []


def _russian(raw: Sequence[bytes]) -> list[str]:
    """The names in Russian, where every letter that is not ASCII stands in a Russian word; else none."""
    for encoding in CYRILLIC:
        with suppress(UnicodeDecodeError):
            names = [name.decode(encoding) for name in raw]
            words = re.findall(r"[^\W\d_]*[^\x00-\x7f]+[^\W\d_]*", " ".join(names))
            if all(map(_RUSSIAN_WORD.fullmatch, words)) and any(map(_SMALL_RUSSIAN_WORD.fullmatch, words)):
                return names
    return []


def _decoded(raw: Sequence[bytes]) -> Iterator[tuple[list[str], str]]:
    """The names in each encoding that gives any, with the smaller set of characters people write in it."""
    for encoding, common in SYSTEMS.items():
        with suppress(UnicodeDecodeError):
            yield [name.decode(encoding) for name in raw], common


def _usual(text: str, common: str) -> float:
    """The share of usual characters. These encodings give a rare one for almost any two bytes, and an accented letter
    with the one behind it often gives a usual one, which then stands alone."""
    if not _TOGETHER.search(text):
        return 0.0
    special = [character for character in text if ord(character) > 127]
    usual = [c for c in special if not HALF_WIDTH.match(c) and len(c.encode(common, "ignore")) > 1]
    return len(usual) / max(len(special), 1)
