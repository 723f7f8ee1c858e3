"""Reads again what a session does not hold of its older turns: few ledgers are in memory, whoever looks at them."""

from __future__ import annotations

import threading
from typing import Protocol

from cachetools import LRUCache

from rag.accounts.actor import Actor
from rag.errors import KeepingError
from rag.ledger import Ledger

from .turn import Turn

MOST_LEDGERS = 64
"""Of all visitors together; one with its evidence takes some hundred kilobytes."""


class KeptLedgers(Protocol):
    """Where the ledgers are kept."""

    def answer(self, actor: Actor, answer: str) -> Ledger:
        """The record of an answer. Raises KeepingError when the actor has no such answer."""


class KeptTurns:
    """Safe for many threads. What was read last is remembered, under its owner's name."""

    def __init__(self, ledgers: KeptLedgers, *, most: int = MOST_LEDGERS) -> None:
        self._ledgers = ledgers
        self._lock = threading.Lock()
        self._known: LRUCache[tuple[str, str], Ledger] = LRUCache(most)

    def whole(self, actor: Actor, turn: Turn) -> Turn:
        """The turn with its ledger; as it is where it has one, or where that cannot be read any more."""
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
