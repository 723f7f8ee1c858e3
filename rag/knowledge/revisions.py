"""Whether a file is a new revision of a document, or another one that happens to have its name, and gets a number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from rapidfuzz.distance import Indel

from rag.documents.files import numbered
from rag.text.terms import terms
from rag.types import Document, Source

SAME_LINES = 0.3
"""Share of the shorter text in lines that the other has as well, above which both are one document."""
SAME_LINES_BELOW_ANOTHER_TITLE = 0.5
SAME_WORDS = 0.5
"""Likeness of the words in their order that makes a revision where no line stayed: texts of one language have 0.3."""
MOST_WORDS, MOST_CHARACTERS = 4_000, 50_000
"""Compared at most: the beginning says what a document is."""


def known_as(source: Source, documents: Mapping[str, Document]) -> str:
    """The name under which the file is there already; its own where it is not."""
    there = (name for name in _series(source.name, documents) if documents[name].sha256 == source.sha256)
    return next(there, source.name)


def placed_as(
    source: Source,
    text: str,
    title: str,
    documents: Mapping[str, Document],
    *,
    taken: Collection[str],
    read: Callable[[str], str],
) -> str:
    """The name of the document that the text is a new revision of, or one that no document has.

    `read` gives the text of a document. None of `taken` is replaced: of two files that came together, neither is a
    revision of the other.
    """
    names = list(_series(source.name, documents))
    for name in names:
        if name not in taken and is_revision(text, title, of=read(name), titled=documents[name].title):
            return name
    return numbered(source.name, len(names) + 1) if names else source.name


def _series(name: str, documents: Mapping[str, Document]) -> Iterator[str]:
    """The documents that came under one name, in the order of their numbers."""
    number, each = 1, name
    while each in documents:
        yield each
        number += 1
        each = numbered(name, number)


def is_revision(text: str, title: str, *, of: str, titled: str) -> bool:
    """True if `text` is what the document `of` became; the titles are "" where none is said."""
    renamed = bool(title and titled) and title.casefold() != titled.casefold()
    if _shared(text, of) >= (SAME_LINES_BELOW_ANOTHER_TITLE if renamed else SAME_LINES):
        return True
    if renamed:
        return False
    words, before = (terms(each[:MOST_CHARACTERS])[:MOST_WORDS] for each in (text, of))
    return bool(Indel.normalized_similarity(words, before) >= SAME_WORDS)


def _shared(one: str, other: str) -> float:
    """Share of the shorter text, by characters, in lines that stand in both."""
    lines = [{" ".join(line.split()) for line in text.splitlines()} - {""} for text in (one, other)]
    shorter = min(sum(map(len, each)) for each in lines)
    return sum(map(len, lines[0] & lines[1])) / shorter if shorter else 0.0
