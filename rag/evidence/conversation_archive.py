"""Conversations as lines of a file, and back into a book: for the archive of a knowledge base.

A conversation is carried whole as soon as one of its answers searched the knowledge base: a branch without the answers
it follows would be no conversation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from typing import BinaryIO

from rag.errors import KeepingError
from rag.ledger import Ledger
from rag.messages import reason

from .conversation_store import ConversationStore
from .kept import Carried
from .records import read

NAME = "conversations.jsonl"
"""Of the entry in an archive."""

LONGEST_LINE = 32_000_000
"""Bytes; an answer with 200 candidates of full length has some 3 MB."""


def lines(book: ConversationStore, base: str, *, default: bool) -> Iterator[bytes]:
    """Every answer of the conversations that searched `base`; `default`: answers that name none searched it, too."""
    for conversation in book.whole():
        if any(_searched(read(answer.record), base, default=default) for answer in conversation):
            for answer in conversation:
                yield json.dumps(asdict(answer), ensure_ascii=False).encode() + b"\n"


def bring(book: ConversationStore, stream: BinaryIO) -> int:
    """Keep what is not there yet; returns how many answers. Raises KeepingError for lines that are no answers."""
    return book.bring(_answers(stream))


def _answers(stream: BinaryIO) -> Iterable[Carried]:
    found: list[Carried] = []
    names = {f.name: f.type for f in fields(Carried)}
    while line := stream.readline(LONGEST_LINE):
        try:
            values = json.loads(line)
            if set(values) != set(names):
                raise ValueError("other fields")
            answer = Carried(**values)
            _check(answer)
        except (ValueError, TypeError, RecursionError) as e:
            raise KeepingError(reason("keeping.strange_line", number=len(found) + 1)) from e
        found.append(answer)
    return found


def _check(answer: Carried) -> None:
    texts = (answer.owner, answer.conversation, answer.title, answer.parent, answer.record)
    if not all(isinstance(text, str) for text in texts) or not answer.owner or not answer.conversation:
        raise ValueError("not texts")
    float(answer.created), float(answer.kept_at)
    if not read(answer.record).id:
        raise ValueError("an answer without an id")


def _searched(ledger: Ledger, base: str, *, default: bool) -> bool:
    """Any of its searches counts: each has a scope of its own."""
    scopes = [ledger.options, *(search.options for search in ledger.searches)]
    named = ledger.collections or {id for options in scopes for id in options.collections}
    return base in named or (default and any(not options.collections for options in scopes))
