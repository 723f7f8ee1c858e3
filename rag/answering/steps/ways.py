"""How a server is made to reply in a form: the strictest way it obeys, found out once and remembered.

A way is left when the server refuses it, or when a reply does not have the form: that is how a server shows that it
takes the parameter and does nothing with it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from rag.status import ModelInfo
from rag.types import ReplyWay

MOST = 50
"""Models whose ways are remembered, those used last."""
_WAYS = tuple(ReplyWay)
REFUSALS = frozenset(f"generation.{code}" for code in ("rejected", "server_error", "garbage", "empty"))
"""Failures by which a server that can be asked in another way says so."""
UNFINISHED = frozenset(
    f"generation.{code}" for code in ("cut", "length", "only_thought", "said_nothing", "overlong", "endless_thought")
)
"""Failures of replies that came to no end, or to nothing."""


class KnownWays:
    """The way that is next for each address and model. Safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, str], ReplyWay] = OrderedDict()

    def of(self, chat: ModelInfo) -> ReplyWay:
        """The strictest way that was not left."""
        with self._lock:
            return self._known.get((chat.device, chat.name), _WAYS[0])

    def leave(self, chat: ModelInfo, way: ReplyWay) -> bool:
        """Ask it in the next way from now on, unless somebody left this one before; False where there is none."""
        if way is _WAYS[-1]:
            return False
        server = chat.device, chat.name
        with self._lock:
            after = max(_WAYS.index(way) + 1, _WAYS.index(self._known.pop(server, way)))
            self._known[server] = _WAYS[after]
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return True
