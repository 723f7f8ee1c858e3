"""Keeps a finished answer, and says on its turn where it stands in the conversation or why it could not be kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..book import LedgerBook
from ..errors import KeepingError
from ..ledger import Ledger
from .turn import Turn


def kept(book: LedgerBook, owner: str, conversation: str, parent: str, ledger: Ledger) -> Callable[[Turn], Turn]:
    """Keep the answer; what becomes of its turn. An answer that cannot be kept is still an answer."""
    try:
        book.keep(owner, conversation, ledger, parent=parent)
        siblings = book.siblings(owner, conversation, parent)
    except KeepingError as e:
        why = e.reason
        return lambda turn: replace(turn, unkept=why)
    return lambda turn: replace(turn, siblings=siblings)
