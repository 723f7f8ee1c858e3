"""One page of a knowledge base's documents: filtered, sorted and cut here, so that a browser gets some rows of many.

Pure: works on what the registry holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from rag.text.folding import folded
from rag.types import Document, within

PAGE_ROWS = 50

STATES = ("enabled", "disabled", "failed")

SORTS: dict[str, Callable[[Document], Any]] = {
    "name": lambda d: folded(d.name),
    "title": lambda d: folded(d.title),
    "language": lambda d: d.language,
    "chunks": lambda d: d.chunks,
    "tokens": lambda d: d.tokens,
    "size": lambda d: d.size,
    "kind": lambda d: d.kind,
    "state": lambda d: state(d),
    "time": lambda d: d.ingested_at,
}
"""Columns a list can be sorted by."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Request for a list of documents: filters, order and page. A filter that is "" does not narrow."""

    words: str = ""
    """Words that must all occur in name, title or tags."""
    folder: str = ""
    """Ends in "/"."""
    tag: str = ""
    kind: str = ""
    state: str = ""
    """One of `STATES`; a document that failed to be replaced is enabled or disabled as well."""
    sort: str = "name"
    descending: bool = False
    page: int = 1
    since: str = ""
    """ISO date: only documents whose front matter or file gives that date or a later one."""
    until: str = ""
    """ISO date, itself included."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of documents, with the counts and the values to filter by."""

    documents: tuple[Document, ...]
    """Documents of the page."""
    page: int
    """From 1; the last one when a later one was asked for."""
    pages: int
    matching: int
    total: int
    chunks: int
    """Chunks of all documents."""
    folders: tuple[tuple[str, int], ...]
    """Every folder at any depth with its documents, by name."""
    tags: tuple[tuple[str, int], ...]
    """Most frequent first."""
    kinds: tuple[str, ...]
    dates: tuple[str, str] = ("", "")
    """The earliest and the latest date a document has; "" where none has one."""


def listed(documents: Sequence[Document], listing: Listing) -> Listed:
    """The page of `documents` that `listing` asks for."""
    matching = matches(documents, listing)
    key = SORTS.get(listing.sort, SORTS["name"])
    by_name = sorted(matching, key=SORTS["name"])
    ordered = sorted(by_name, key=key, reverse=listing.descending)
    pages = max(1, -(-len(ordered) // PAGE_ROWS))
    page = min(max(1, listing.page), pages)
    tags = Counter(tag for document in documents for tag in document.tags)
    dates = sorted(document.date for document in documents if document.date)
    return Listed(
        documents=tuple(ordered[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]),
        page=page,
        pages=pages,
        matching=len(ordered),
        total=len(documents),
        chunks=sum(document.chunks for document in documents),
        folders=folders(documents),
        tags=tuple(sorted(tags.items(), key=lambda item: (-item[1], item[0]))),
        kinds=tuple(sorted({document.kind for document in documents})),
        dates=(dates[0], dates[-1]) if dates else ("", ""),
    )


def matches(documents: Sequence[Document], listing: Listing) -> list[Document]:
    """The documents that the filters of `listing` let through."""
    words = folded(listing.words).split()
    return [
        document
        for document in documents
        if within(document.name, (listing.folder,) if listing.folder else ())
        and listing.tag in ("", *document.tags)
        and listing.kind in ("", document.kind)
        and listing.state in ("", *_states(document))
        and _dated(document, listing)
        and all(word in folded(" ".join((document.name, document.title, *document.tags))) for word in words)
    ]


def first(
    documents: Sequence[Document], words: str, *, most: int, without: Sequence[str] = ()
) -> tuple[list[Document], int]:
    """The first `most` by name that match `words` and are not named in `without`, and how many more there are."""
    left_out = set(without)
    matching = [document for document in matches(documents, Listing(words=words)) if document.name not in left_out]
    return nsmallest(most, matching, key=SORTS["name"]), max(0, len(matching) - most)


def folders(documents: Sequence[Document]) -> tuple[tuple[str, int], ...]:
    """Every folder the names tell of, each with the documents at any depth below it."""
    counted: Counter[str] = Counter()
    for document in documents:
        parts = document.name.split("/")[:-1]
        counted.update("/".join(parts[: depth + 1]) + "/" for depth in range(len(parts)))
    return tuple(sorted(counted.items()))


def state(document: Document) -> str:
    """Return the one state worth showing."""
    if document.error:
        return "failed"
    return "enabled" if document.enabled else "disabled"


def _dated(document: Document, listing: Listing) -> bool:
    """True if the document's date is in the range; one without a date is in no range."""
    if not (listing.since or listing.until):
        return True
    return bool(document.date) and listing.since <= document.date and document.date <= (listing.until or document.date)


def _states(document: Document) -> tuple[str, ...]:
    return ("enabled" if document.enabled else "disabled", *(("failed",) if document.error else ()))
