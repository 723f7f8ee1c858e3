"""Reads again what a session does not hold of its older turns: few ledgers are in memory, whoever looks at them."""

from __future__ import annotations

import threading
from typing import Protocol

from cachetools import LRUCache

from rag.errors import KeepingError
from rag.ledger import Ledger

from .turn import Turn

MOST_LEDGERS = 64
"""Of all visitors together; one with its evidence takes some hundred kilobytes."""


class KeptLedgers(Protocol):
    """Where the ledgers are kept."""

    def answer(self, owner: str, answer: str) -> tuple[str, Ledger]:
        """The id of the conversation an answer belongs to, and its ledger. Raises KeepingError."""


class KeptTurns:
    """Safe for many threads. What was read last is remembered, under its owner's name."""

    def __init__(self, book: KeptLedgers, *, most: int = MOST_LEDGERS) -> None:
        self._book = book
        self._lock = threading.Lock()
        self._known: LRUCache[tuple[str, str], Ledger] = LRUCache(most)

    def whole(self, owner: str, turn: Turn) -> Turn:
        """The turn with its ledger; as it is where it has one, or where that cannot be read any more."""
        if not turn.kept:
            return turn
        try:
            return turn.with_ledger(self._ledger(owner, turn.kept))
        except KeepingError:
            return turn

    def _ledger(self, owner: str, answer: str) -> Ledger:
        with self._lock:
            known = self._known.get((owner, answer))
        if known is not None:
            return known
        _, ledger = self._book.answer(owner, answer)
        with self._lock:
            self._known[owner, answer] = ledger
        return ledger
