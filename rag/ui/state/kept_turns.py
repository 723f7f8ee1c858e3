"""Reads the ledgers of older turns again, which sessions do not hold: few ledgers are in memory, for all visitors."""

from __future__ import annotations

import threading
from typing import Protocol

from cachetools import LRUCache

from rag.accounts.actor import Actor
from rag.errors import KeepingError
from rag.ledger import Ledger

from .turn import Turn

MOST_LEDGERS = 64
"""Most ledgers in memory, of all visitors together; one with its evidence takes some hundred kilobytes."""


class KeptLedgers(Protocol):
    """Store of the kept ledgers."""

    def answer(self, actor: Actor, answer: str) -> Ledger:
        """Return the ledger of an answer. Raises KeepingError when the actor has no such answer."""


class KeptTurns:
    """Turns with their ledgers read again. Safe for many threads. The ledgers read last are cached, by owner."""

    def __init__(self, ledgers: KeptLedgers, *, most: int = MOST_LEDGERS) -> None:
        self._ledgers = ledgers
        self._lock = threading.Lock()
        self._known: LRUCache[tuple[str, str], Ledger] = LRUCache(most)

    def whole(self, actor: Actor, turn: Turn) -> Turn:
        """Return the turn with its ledger; unchanged where it holds one, or where that cannot be read any more."""
        if not turn.kept:
            return turn
        try:
            return turn.with_ledger(self._ledger(actor, turn.kept))
        except KeepingError:
            return turn

    def _ledger(self, actor: Actor, answer: str) -> Ledger:
        with self._lock:
            known = self._known.get((actor.owner, answer))
        if known is not None:
            return known
        ledger = self._ledgers.answer(actor, answer)
        with self._lock:
            self._known[actor.owner, answer] = ledger
        return ledger
