"""The bookmarks of a PDF: which heading begins on which page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .properties import plain

MOST = 5_000
DEEPEST = 3
"""Levels that become headings; below them bookmarks name figures and single paragraphs."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A heading that begins on page `page`, counted from 0. `level` is from 1."""

    level: int
    title: str
    page: int


def bookmarks(document: Any) -> list[Bookmark]:
    """Bookmarks that lead to a page, in order; none where the outline cannot be read."""
    from pdfminer.pdfdocument import PDFNoOutlines
    from pdfminer.pdfpage import PDFPage
    from pdfminer.pdftypes import PDFException
    from pdfminer.psexceptions import PSException

    try:
        pages = {page.pageid: number for number, page in enumerate(PDFPage.create_pages(document))}
        return list(islice(_found(document, pages), MOST))
    except (PDFNoOutlines, PDFException, PSException, TypeError, ValueError, KeyError, IndexError, RecursionError):
        return []  # an outline is a help: one that is broken does not cost the document


def _found(document: Any, pages: dict[Any, int]) -> Iterator[Bookmark]:
    for level, title, destination, action, _ in document.get_outlines():
        page = _page(document, destination or _of_action(action))
        if level <= DEEPEST and plain(title) and page in pages:
            yield Bookmark(level, plain(title), pages[page])


def _of_action(action: Any) -> Any:
    from pdfminer.pdftypes import resolve1

    known = resolve1(action) if action is not None else None
    return known.get("D") if isinstance(known, dict) else None


def _page(document: Any, destination: Any) -> Any:
    """Object id of the page a destination leads to, by name or itself; None for none."""
    from pdfminer.pdfdocument import PDFDestinationNotFound
    from pdfminer.pdftypes import PDFObjRef, resolve1
    from pdfminer.psparser import PSLiteral

    if isinstance(destination, PSLiteral):
        destination = destination.name
    if isinstance(destination, bytes | str):
        try:
            destination = document.get_dest(destination)
        except PDFDestinationNotFound:
            return None
    found = resolve1(destination)
    if isinstance(found, dict):
        found = resolve1(found.get("D"))
    first = found[0] if isinstance(found, list) and found else None
    return first.objid if isinstance(first, PDFObjRef) else None
