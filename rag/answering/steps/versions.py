"""Two versions of a document: which ones a question means, and the sentences in which they differ. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from rag.messages import reason
from rag.retrieval.duplicates import Kinship, family, kinship
from rag.text.differences import DiffPiece, aligned, words
from rag.text.reading import BlockKind
from rag.text.sentences import sentences
from rag.text.terms import terms
from rag.types import Candidate, Document, StoredChunk
from rag.types.steps import ComparedPlace, ComparedRow, StepComparison

from .comparing import clipped
from .parts import LONGEST_QUESTION, Division, parts_of

LOOKED_AT = 4
"""Best contexts whose documents may be versions."""
MOST_FAMILIES = 24
"""Documents whose versions are looked for: those of the contexts, then those the question calls by name."""
MOST_RELATIVES = 40
"""Versions of one document that are looked at."""
MOST_SENTENCES = 2000
"""Sentences of a version that are compared."""
LONGEST = 600
"""Characters shown of a sentence."""

_CHANGED = re.compile(
    r"\bwhat(?:'s|\s+is|\s+are|\s+has|\s+have|\s+was|\s+were|\s+did)?\s+(?:the\s+)?(?:\w+\s+)?(?:chang\w+|new|different|updated?|revised)\b"
    r"|\b(?:how\s+(?:has|have|did)|chang\w+\s+(?:in|to|of|between|since)|differences?\s+between)\b"
    r"|(?:什么|哪些|何)(?:变化|变更|改动|更新|修改|不同|区别)|(?:变化|变更|改动|更新|修改|变)了?(?:什么|哪些)",
    re.IGNORECASE,
)
_MARK = re.compile(r"[a-z]+|[0-9]+(?:\.[0-9]+)*|[\u3400-\u9fff]+")
_SUFFIX = re.compile(r"\.[A-Za-z]{1,8}$")
_NUMBERS = re.compile(r"\d+")

Versions = tuple[Document, Document]


def versions_of(question: str, contexts: Sequence[Candidate], documents: Sequence[Document]) -> Versions | None:
    """The two versions whose difference is asked for, the older first; None where none are.

    A question that names both sides must name both versions; one that asks what changed, the document.
    """
    if len(question) > LONGEST_QUESTION:
        return None
    parts = parts_of(question)
    compares = parts is not None and parts.division is Division.COMPARISON
    if not compares and not _CHANGED.search(question):
        return None
    found = [c.stored.document for c in contexts[:LOOKED_AT]]
    called = (d.name for d in documents if d.enabled and _about(question, d.name))
    for name in islice(dict.fromkeys((*found, *called)), MOST_FAMILIES):
        relatives = _relatives(name, documents)
        named = _named(question, relatives)
        if len(named) == 2:
            return named[0], named[1]
        if not compares and len(relatives) > 1 and not named and _about(question, name):
            return relatives[-2], relatives[-1]
    return None


def _relatives(name: str, documents: Sequence[Document]) -> list[Document]:
    """A document and its other versions, in order."""
    own = family(name)
    alike = [d for d in documents if d.enabled and (d.name == name or (own and family(d.name) == own))]
    kin = [d for d in alike if d.name == name or kinship(d.name, name) is not Kinship.NONE]
    return sorted(kin[:MOST_RELATIVES], key=lambda d: (d.date, _natural(d.name)))


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    pieces = re.findall(r"\d+|\D+", name.casefold())
    return tuple((int(piece[:18]), "") if piece.isdecimal() else (-1, piece) for piece in pieces)


def _named(question: str, relatives: Sequence[Document]) -> list[Document]:
    """The versions that the question names by what sets them apart."""
    marks = [_marks(_SUFFIX.sub("", d.name)) for d in relatives]
    shared = frozenset.intersection(*marks) if marks else frozenset()
    asked = _marks(question)
    return [d for d, own in zip(relatives, marks, strict=True) if own - shared and own - shared <= asked]


def _marks(text: str) -> frozenset[str]:
    """Words and numbers; the v of a version and the points behind it are none."""
    return frozenset(_MARK.findall(text.casefold())) - {"v", "ver", "version", "rev", "release"}


def _about(question: str, name: str) -> bool:
    """True if a question has all words of a document's name without its version."""
    own = frozenset(terms(next((part for part in reversed(family(name)) if part != "*"), "")))
    return bool(own) and own <= frozenset(terms(question))


@dataclass(frozen=True, slots=True)
class _Part:
    """A sentence, and where it stands."""

    text: str
    stored: StoredChunk


def differing(before: Sequence[StoredChunk], after: Sequence[StoredChunk], names: tuple[str, str]) -> StepComparison:
    """The sentences in which two versions differ, section by section; those only one has, as if they were one."""
    lefts, rights = _sections(before), _sections(after)
    rows = [row for key in rights if key in lefts for row in _rows(lefts[key], rights[key])]
    gone = [part for key in lefts if key not in rights for part in lefts[key]]
    rows += _rows(gone, [part for key in rights if key not in lefts for part in rights[key]])
    shown = tuple(rows[: StepComparison.MOST_ROWS])
    first, second = names
    code = "versions_differ" if rows else "versions_same"
    says = reason(f"steps.{code}", first=first, second=second, count=len(rows))
    return StepComparison(says, names, shown, len(rows), of_versions=True)


def _sections(chunks: Sequence[StoredChunk]) -> dict[tuple[str, ...], list[_Part]]:
    """The sentences below each heading. A title over all of a document is no heading: it may tell the version."""
    paths = [stored.chunk.heading_path for stored in chunks]
    titled = len({path[:1] for path in paths}) == 1
    found: dict[tuple[str, ...], list[_Part]] = {}
    for part in islice((part for stored in chunks for part in _parts(stored)), MOST_SENTENCES):
        path = part.stored.chunk.heading_path
        found.setdefault(tuple(_key(heading) for heading in (path[1:] if titled else path)), []).append(part)
    return found


def _key(heading: str) -> str:
    return " ".join(_NUMBERS.sub("", heading).casefold().split())


def _parts(stored: StoredChunk) -> Iterator[_Part]:
    read = stored.chunk.reading
    for block in read.blocks:
        text = read.text[block.start : block.end]
        whole = block.kind not in (BlockKind.PROSE, BlockKind.ITEM)
        pieces = [text] if whole else [text[piece.start : piece.end] for piece in sentences(text)]
        if block.kind is not BlockKind.HEADING:
            yield from (_Part(line, stored) for piece in pieces if (line := " ".join(piece.split())))


def _rows(lefts: Sequence[_Part], rights: Sequence[_Part]) -> Iterator[ComparedRow]:
    for i, j in aligned([part.text for part in lefts], [part.text for part in rights]):
        left = lefts[i] if i is not None else None
        right = rights[j] if j is not None else None
        if left and right:
            if left.text != right.text:
                ours, theirs = words(clipped(left.text, LONGEST), clipped(right.text, LONGEST))
                yield _place(left, ours), _place(right, theirs)
        else:
            yield _whole(left), _whole(right)


def _whole(part: _Part | None) -> ComparedPlace | None:
    return _place(part, (DiffPiece(clipped(part.text, LONGEST), True),)) if part else None


def _place(part: _Part, pieces: tuple[DiffPiece, ...]) -> ComparedPlace:
    stored = part.stored
    return ComparedPlace(pieces, stored.document, stored.chunk.heading_path, stored.collection, stored.id)
