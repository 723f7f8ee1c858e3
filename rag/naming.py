"""Whether two file names look like versions of one document. Pure."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache


class Kinship(StrEnum):
    """What two names say of two documents."""

    NONE = "none"
    VERSIONS = "versions"
    """They differ by a version number or a copy's mark alone."""
    DATES = "dates"
    """They differ by a date alone: versions of one report, or a series of notes."""


_DATE = re.compile(
    r"(?<![0-9])(?:19|20)[0-9]{2}(?:[-_.]?(?:1[0-2]|0?[1-9])(?:[-_.]?(?:3[01]|[12][0-9]|0?[1-9]))?)?(?![0-9])"
    r"|(?<![a-z0-9])[0-9]{2}(?:q|h)[1-4](?![a-z0-9])|(?<![a-z0-9])q[1-4](?![a-z0-9])"
)
_VERSION = re.compile(
    r"(?<![a-z0-9])(?:v|ver|version|rev|revision|release|edition|ed)[\s._-]?[0-9]+(?:[._][0-9]+)*(?:-?(?:rc|beta|alpha)"
    r"[0-9]*)?(?![a-z0-9])"
    r"|(?<![a-z0-9.])[0-9]+(?:\.[0-9]+){1,3}(?![a-z0-9])"
    r"|[(（\[][0-9]{1,3}[)）\]]"
    r"|第[0-9一二三四五六七八九十]+[版稿]|版本[0-9]+(?:\.[0-9]+)*"
)
_COPY = re.compile(
    r"(?<![a-z0-9])(?:copy(?:[ _-]?(?:of|[0-9]{1,3}))?|old|new|final|draft|backup|bak|orig|original|latest|current|"
    r"updated|revised|archived?|legacy|previous|prev)(?![a-z0-9])"
    r"|的?副本[0-9]*|旧版|新版|草稿|终稿|定稿|初稿|备份|修订版|最终版|最新版|旧|新(?=[._\-)）]|$)"
)
_SEPARATORS = re.compile(r"[\s._\-()（）\[\]【】~+]+")
_SUFFIX = re.compile(r"\.[a-z]{1,8}$")


def kinship(one: str, other: str) -> Kinship:
    """Kinship of two different path-like names; symmetric."""
    if one == other:
        return Kinship.NONE
    bare, dates = _bare(one)
    other_bare, other_dates = _bare(other)
    if bare != other_bare or not any(bare[-1:]):
        return Kinship.NONE
    if dates != other_dates and _undated(one) == _undated(other):
        return Kinship.DATES
    return Kinship.VERSIONS


@lru_cache(maxsize=1000)
def _bare(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The parts of a path without any mark of a version, and the dates that were in it.

    A name that is nothing but a version (`v2.md`) goes by its folder; one that is nothing but a date stays empty, since
    daily notes are not versions of each other.
    """
    parts = _folded(name).split("/")
    dates = tuple(match.group() for match in _DATE.finditer("/".join(parts)))
    bare = [_tidy(_COPY.sub(" ", _VERSION.sub(" ", _DATE.sub(" ", part)))) for part in parts]
    if not bare[-1] and not _tidy(_VERSION.sub(" ", parts[-1])) and any(bare):
        bare[-1] = "*"
    return tuple(bare), dates


def _undated(name: str) -> str:
    return "/".join(_tidy(_DATE.sub(" ", part)) for part in _folded(name).split("/"))


def _folded(name: str) -> str:
    return _SUFFIX.sub("", unicodedata.normalize("NFKC", name).casefold().strip())


def _tidy(part: str) -> str:
    return _SEPARATORS.sub(" ", part).strip()
