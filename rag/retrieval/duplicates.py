"""Passages that repeat each other, and passages of two versions of one document that disagree. Pure.

*Repeats* cost a context and tell nothing new; they must say the same, not nearly the same. Measured over the 3,646
passages of the English and Chinese Milvus documentation, pairs of passages by the share of three-word runs they have in
common (Jaccard), and what tells them apart:

| share       | same words | numbers differ | a word replaced | a negation added | other words added |
| ----------- | ---------- | -------------- | --------------- | ---------------- | ----------------- |
| all         |        232 |                |                 |                  |                   |
| 0.90 – 0.99 |            |             15 |              42 |                1 |                26 |
| 0.80 – 0.89 |            |             46 |              65 |                0 |                25 |

A high share alone is a trap: `aws` for `gcp` (0.89), `maxTaskNum` for `maxShardNum` (0.86), `segment` for `flush`
(0.92) and one framework's name for another's (0.94) all say something else. So a repeat shares `LEAST_SHARE` of its
runs *and* only adds words, none of them a number or a negation. What merely looks alike stays, and may be a conflict.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import combinations, islice

from rag.messages import Reason, reason
from rag.text.folding import folded
from rag.text.scripts import UNSPACED
from rag.text.sentences import Form, sentences
from rag.types import Candidate, Conflict, StoredChunk

from .source_names import source_of

Words = tuple[str, ...]

LEAST_SHARE = 0.9
"""Least share of the three-word runs of two passages that a repeat has in common; see the table above."""
RUN = 3
LONG = 40
"""Number of words from which a passage speaks for itself; below, `Default: 20` means what the headings over it say."""
ALIKE = 0.5
"""Share of common words from which passages of two versions are about the same, so that what differs can be named."""
ALIKE_ELSEWHERE = 0.75
"""The same where only the headings say that it is one document. At 0.5 the Milvus documentation gave five false alarms,
installation pages for Go and Node.js among them; at 0.75 none."""
MOST_STATEMENTS = 100
"""Sentences of a passage that are compared with each of another one; passages have a dozen."""
LONGEST_SHOWN = 240
"""Characters of a sentence in a conflict."""

_TELLING = ("duplicates.differ", "duplicates.adds", "duplicates.versions")
"""Of two conflicts between the same documents the one that comes first here is shown."""

_SIGN = r"(?<![\w-])-(?=\d)|[<>=!~]="
_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+(?:[.,]\d+)*|{_SIGN}|[≤≥≠%$€£¥]")
"""A word, a character of a script without blanks, a number, or a sign that turns a statement round."""
_ASCII_WORD = re.compile(rf"[a-z0-9]+(?:[.,]\d+)*|{_SIGN}|[%$]")
"""The same for most texts in half the time."""
_NEGATIONS = frozenset("not no never none nor without cannot 不 没 沒 無 无 非 未 勿 别 別 禁 否".split())  # noqa: SIM905


def repeats(one: StoredChunk, other: StoredChunk) -> bool:
    """True if two passages say the same. Symmetric. A passage and its translation never do."""
    left, right = one.chunk.reading.text, other.chunk.reading.text
    shorter, longer = sorted((len(left), len(right)))
    if longer > 1.5 * shorter + 40:  # spares most pairs the counting of words
        return False
    if min(len(_words(left)), len(_words(right))) < LONG:
        left, right = one.chunk.embedded_text, other.chunk.embedded_text
    if not (_kinds(left) <= _kinds(right) or _kinds(left) >= _kinds(right)):  # settles nearly every pair
        return False
    words, others = _words(left), _words(right)
    if words == others or one.language != other.language:
        return words == others
    return _only_adds(words, others) and _share(words, others) >= LEAST_SHARE


def first_repeated(candidate: Candidate, kept: Sequence[Candidate]) -> Candidate | None:
    """The first of `kept` that `candidate` repeats, None when it repeats none."""
    return next((c for c in kept if repeats(candidate.stored, c.stored)), None)


def conflicts(contexts: Sequence[Candidate]) -> tuple[Conflict, ...]:
    """Pairs of contexts from two versions of what looks like one document; at most one for each pair of documents.

    Two passages that say the same in different words of different languages are no conflict.
    """
    found: dict[frozenset[tuple[str, str]], Conflict] = {}
    for one, other in combinations((c.stored for c in contexts), 2):
        documents = frozenset({(one.collection, one.document), (other.collection, other.document)})
        if len(documents) < 2 or _translated(one, other):
            continue
        why = _conflict(one, other)
        known = found.get(documents)
        if why and (known is None or (known.why.code != why.code and why.code == "duplicates.differ")):
            found[documents] = Conflict(one.id, other.id, why)
    return tuple(found.values())


def _conflict(one: StoredChunk, other: StoredChunk) -> Reason | None:
    related = kinship(one.document, other.document)
    same_place = bool(one.chunk.heading_path) and one.chunk.heading_path == other.chunk.heading_path
    if related is Kinship.NONE and not same_place:
        return None
    names = {"first": source_of(one), "second": source_of(other)}
    least = ALIKE_ELSEWHERE if related is Kinship.NONE else ALIKE
    read, others = one.chunk.reading.text, other.chunk.reading.text
    if _alike(_words(read), _words(others)) >= least:
        left, right = _difference(read, others)
        if left and right:
            return reason("duplicates.differ", **names, left=left, right=right)
        if left or right:
            return reason("duplicates.adds", **names, only=names["first" if left else "second"], text=left or right)
    return reason("duplicates.versions", **names) if related is Kinship.VERSIONS else None


def _translated(one: StoredChunk, other: StoredChunk) -> bool:
    return one.language != other.language and "und" not in (one.language, other.language)


def _difference(left: str, right: str) -> tuple[str, str]:
    """The pair of sentences that shows best how two texts differ; one of them "" where the other has no like."""
    lefts, rights = list(_statements(left)), list(_statements(right))
    keys = [_words(s) for s in lefts], [_words(s) for s in rights]
    matcher = difflib.SequenceMatcher(None, *keys, autojunk=False)
    pairs: list[tuple[float, str, str]] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        for i, j in ((i, j) for i in range(a, b) for j in range(c, d)):
            likeness = _alike(keys[0][i], keys[1][j])
            numbers_only = _without_numbers(keys[0][i]) == _without_numbers(keys[1][j])
            pairs.append((likeness + numbers_only, lefts[i], rights[j]))
        if a == b or c == d:
            pairs += [(0.0, lefts[i], "") for i in range(a, b)] + [(0.0, "", rights[j]) for j in range(c, d)]
    _, first, second = max(pairs, key=lambda pair: pair[0], default=(0.0, "", ""))
    return _shown(first), _shown(second)


def _statements(text: str) -> Iterator[str]:
    told = (piece for piece in sentences(text) if piece.form is not Form.HEADING)
    for piece in islice(told, MOST_STATEMENTS):
        yield text[piece.start : piece.end]


def _shown(sentence: str) -> str:
    line = " ".join(sentence.split())
    return line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 1]}…"


def _only_adds(words: Words, others: Words) -> bool:
    """True if one of the two has all words of the other, and what it adds changes no statement."""
    counted, counted_others = Counter(words), Counter(others)
    more, less = counted - counted_others, counted_others - counted
    if more and less:
        return False
    return not any(word in _NEGATIONS or _is_number(word) for word in more + less)


def _share(words: Words, others: Words) -> float:
    ours, theirs = _runs(words), _runs(others)
    return len(ours & theirs) / len(ours | theirs)


def _runs(words: Words) -> set[Words]:
    return {words[i : i + RUN] for i in range(max(1, len(words) - RUN + 1))}


def _alike(words: Words, others: Words) -> float:
    """Share of the words two texts have in common, repetitions counted; 0 for two empty ones."""
    common = (Counter(words) & Counter(others)).total()
    return 2 * common / max(1, len(words) + len(others))


def _is_number(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _without_numbers(words: Words) -> Words:
    return tuple(word for word in words if not _is_number(word))


@lru_cache(maxsize=1000)
def _words(text: str) -> Words:
    """The words of a text without case, width and markup."""
    if text.isascii():
        return tuple(_ASCII_WORD.findall(text.lower()))
    return tuple(_WORD.findall(folded(text)))


@lru_cache(maxsize=1000)
def _kinds(text: str) -> frozenset[str]:
    return frozenset(_words(text))


class Kinship(StrEnum):
    """Relation of two documents, told by their names."""

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


def family(name: str) -> tuple[str, ...]:
    """What the names of all versions of a document have in common, those by date too; () where nothing is left."""
    bare, _ = _bare(name)
    return tuple(bare) if any(bare[-1:]) else ()


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
    return _SUFFIX.sub("", folded(name).strip())


def _tidy(part: str) -> str:
    return _SEPARATORS.sub(" ", part).strip()
