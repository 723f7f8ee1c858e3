"""A record of whether the language model answered its last call: nothing else tells that its server is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rag.errors import GenerationError
from rag.events import Cancel
from rag.messages import Reason
from rag.protocols import ChatModel
from rag.status import ModelInfo
from rag.types import Message, ReplyForm, Usage


class WatchedChat:
    """A chat model that remembers how the last call went. Safe to use from several threads: the last one to end
    counts."""

    def __init__(self, chat: ChatModel) -> None:
        self._chat = chat
        self.failure: Reason | None = None
        """The reason why the last call failed; None when it went well, and before the first."""

    @property
    def info(self) -> ModelInfo:
        return self._chat.info

    def stream(
        self,
        messages: Sequence[Message],
        *,
        cancel: Cancel,
        on_usage: Callable[[Usage], None] | None = None,
        stop: Sequence[str] = (),
        form: ReplyForm | None = None,
    ) -> Iterator[str]:
        """As the model's own. A call that was cancelled before a word came says nothing of the server."""
        heard = False
        try:
            for delta in self._chat.stream(messages, cancel=cancel, on_usage=on_usage, stop=stop, form=form):
                heard = True
                yield delta
        except GenerationError as e:
            self.failure = e.reason
            raise
        if heard or not cancel:
            self.failure = None
