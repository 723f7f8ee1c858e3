"""Searches for tests, and answers given other ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from rag.ledger import Author, Ledger, Search
from rag.types import Retrieval
from rag.ui.state.turn import Turn

T = TypeVar("T", Ledger, Turn)


def search(found: Retrieval, *, number: int = 1, author: Author = Author.USER, purpose: str = "") -> Search:
    """The search that found something."""
    return Search(number, found.query, author, found.options, retrieval=found, purpose=purpose)


def with_found(one: T, found: Retrieval | None) -> T:
    """An answer, or a turn, whose one search found that; None for one that was not made."""
    if isinstance(one, Turn):
        return replace(one, searches=(search(found),) if found else ())
    main = one.main
    made = replace(main, query=found.query, options=found.options) if found else main
    return replace(one, searches=(replace(made, retrieval=found),))


def found_by(one: Ledger | Turn) -> Retrieval:
    """What its first search found."""
    found = one.searches[0].retrieval
    assert found is not None
    return found
