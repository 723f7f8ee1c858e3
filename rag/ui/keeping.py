"""Keeps a question before its answer and then the answer, which says where it stands or why it could not be kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from rag.answering.draft import unanswered
from rag.evidence.conversation_store import LedgerBook

from ..errors import KeepingError
from ..ledger import Ledger
from ..request import Request
from .state.turn import Turn


def begun(book: LedgerBook, owner: str, conversation: str, parent: str, request: Request) -> None:
    """Keep the question: whatever ends the app, it is there. That it cannot be kept is told with its answer."""
    with suppress(KeepingError):
        book.keep(owner, conversation, unanswered(request, time.time()), parent=parent)


def kept(book: LedgerBook, owner: str, conversation: str, parent: str, ledger: Ledger) -> Callable[[Turn], Turn]:
    """Keep the answer; what becomes of its turn. An answer that cannot be kept is still an answer."""
    try:
        book.keep(owner, conversation, ledger, parent=parent)
        siblings = book.siblings(owner, conversation, parent)
    except KeepingError as e:
        why = e.reason
        return lambda turn: replace(turn, unkept=why)
    return lambda turn: replace(turn, siblings=siblings)
