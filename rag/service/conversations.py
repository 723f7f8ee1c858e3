"""Conversations and their answers, as fronts may ask for them: everybody sees only their own.

Only this module enforces that. Another owner's conversation does not exist; for somebody without a key nothing is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress

from rag.accounts.actor import Actor
from rag.answering.draft import unanswered
from rag.errors import KeepingError
from rag.evidence.conversation_store import ConversationStore
from rag.evidence.kept import CitedIn, KeptAnswer, KeptConversation
from rag.ledger import Ledger, Request
from rag.messages import reason


class ConversationService:
    """The conversations of whoever asks."""

    def __init__(self, conversations: ConversationStore, *, now: Callable[[], float] = time.time) -> None:
        self._conversations = conversations
        self._now = now

    def all(self, actor: Actor, *, containing: str = "") -> list[KeptConversation]:
        """The actor's conversations, pinned ones first, else newest first; with `containing`, those that hold its
        words in title or texts."""
        return self._conversations.conversations(actor.owner, containing=containing) if actor.owner else []

    def title(self, actor: Actor, conversation: str) -> str:
        """Return a conversation's title. Raises KeepingError when the actor has no such conversation."""
        return self._conversations.title(_owner(actor), conversation)

    def thread(self, actor: Actor, conversation: str) -> list[KeptAnswer]:
        """The answers of the branch that was last looked at, from the first on. Raises KeepingError."""
        return self._conversations.thread(_owner(actor), conversation)

    def newer(self, actor: Actor, conversation: str, known: Collection[str]) -> list[KeptAnswer]:
        """The thread where an answer that is not `known` ends it; nothing while that is still being written.

        Raises KeepingError.
        """
        if not actor.owner or self._conversations.head(actor.owner, conversation) in ("", *known):
            return []
        thread = self.thread(actor, conversation)
        return thread if thread and thread[-1].ledger.reason != reason("stages.unanswered") else []

    def answer(self, actor: Actor, answer: str) -> Ledger:
        """Return the ledger of an answer. Raises KeepingError when the actor has no such answer."""
        return self._conversations.answer(_owner(actor), answer)[1]

    def citing(self, actor: Actor, document: str) -> dict[str, list[CitedIn]]:
        """Chunk id -> the actor's answers that cited it, newest first, for the chunks of one document."""
        return self._conversations.citing(actor.owner, document) if actor.owner else {}

    def begin(self, actor: Actor, conversation: str, request: Request, *, parent: str = "") -> None:
        """Keep a question before it is answered, so that it is there whatever ends the program.

        A failure to keep it is told with its answer.
        """
        if actor.owner:
            with suppress(KeepingError):
                self._keep(actor, conversation, unanswered(request, self._now()), parent)

    def keep(self, actor: Actor, conversation: str, ledger: Ledger, *, parent: str = "") -> tuple[str, ...]:
        """Keep an answer; returns the ids of all answers that follow the same one, oldest first; none for somebody of
        whom nothing is kept.

        Raises KeepingError when it cannot be kept, as in another's conversation.
        """
        if not actor.owner:
            return ()
        self._keep(actor, conversation, ledger, parent)
        return self._conversations.siblings(actor.owner, conversation, parent)

    def switch(self, actor: Actor, conversation: str, answer: str) -> None:
        """Look at the branch of `answer`, down to what was said last in it. Raises KeepingError."""
        self._conversations.switch(_owner(actor), conversation, answer)

    def rename(self, actor: Actor, conversation: str, title: str) -> None:
        """Give a conversation another title. Raises KeepingError for an empty one or a conversation not there."""
        self._conversations.rename(_owner(actor), conversation, title)

    def pin(self, actor: Actor, conversation: str, pinned: bool) -> None:
        """Keep a conversation above all others, or no longer. Raises KeepingError when it is not there."""
        self._conversations.pin(_owner(actor), conversation, pinned)

    def delete(self, actor: Actor, conversation: str) -> None:
        """Remove a conversation with its answers. Raises KeepingError when it is not there."""
        self._conversations.delete(_owner(actor), conversation)

    def close(self) -> None:
        """Release the file."""
        self._conversations.close()

    def _keep(self, actor: Actor, conversation: str, ledger: Ledger, parent: str) -> None:
        self._conversations.keep(actor.owner, conversation, ledger, parent=parent)


def _owner(actor: Actor) -> str:
    """The key the actor's conversations are kept under. Raises KeepingError for somebody who has none."""
    if not actor.owner:
        raise KeepingError(reason("keeping.no_conversation"))
    return actor.owner
