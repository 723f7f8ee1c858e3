"""A question as it is put to a conversation, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field

from .ledger import Ledger
from .types import Exchange, RetrievalOptions


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, after what, and how."""

    question: str
    history: tuple[Exchange, ...] = ()
    """Oldest first."""
    options: RetrievalOptions = field(default_factory=RetrievalOptions)
    search_query: str = ""
    """What to search for, in the user's words; "" leaves it to the rewriting."""
    given: Ledger | None = None
    """An earlier answer whose candidates are to be used: nothing is searched, only selected anew by `options`."""
    id: str = ""
    """Under which the answer is known; "" for a new one."""
