"""What is kept of conversations, as values: lines of lists, answers of a branch, answers on their way elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from rag.ledger import Ledger


@dataclass(frozen=True, slots=True)
class KeptConversation:
    """A line of the conversation list. Times are seconds since the epoch, UTC."""

    id: str
    title: str
    created: float
    updated: float
    answers: int
    pinned: bool = False
    found: str = ""
    """Where the words of a search stand: a piece of a question or an answer; "" where the title has them, or none."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer of a conversation. `parent` is the answer it followed, "" for a first one; `siblings` are the ids of
    all answers that followed the same one, itself among them, oldest first."""

    parent: str
    ledger: Ledger
    siblings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CitedIn:
    """An answer that cited a chunk."""

    conversation: str
    title: str
    answer: str
    question: str


@dataclass(frozen=True, slots=True)
class Carried:
    """An answer with all that is kept of it and of its conversation; `record` is what `read` understands."""

    owner: str
    conversation: str
    title: str
    created: float
    parent: str
    kept_at: float
    record: str
