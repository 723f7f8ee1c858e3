"""How a server is made to reply in a form: the strictest way it obeys, found out once and remembered.

A way is left when the server refuses it, or when a reply does not have the form: that is how a server shows that it
takes the parameter and does nothing with it. A failure that may pass is no such sign by itself: only a reply in the
next way makes it one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from rag.status import ModelInfo
from rag.types import ReplyWay

MOST = 50
"""Models whose ways are remembered, those used last."""
_WAYS = tuple(ReplyWay)
REFUSED = "generation.rejected"
"""Failure by which a server says that it will not be asked in this way."""
REFUSALS = frozenset({REFUSED, *(f"generation.{code}" for code in ("server_error", "garbage", "empty"))})
"""Failures by which a server that can be asked in another way may say so."""
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
        """The strictest way that it may obey."""
        with self._lock:
            return self._known.get((chat.device, chat.name), _WAYS[0])

    def keep(self, chat: ModelInfo, way: ReplyWay) -> None:
        """Ask it in this way from now on, unless a looser one is known already."""
        server = chat.device, chat.name
        with self._lock:
            known = self._known.pop(server, _WAYS[0])
            self._known[server] = max(way, known, key=_WAYS.index)
            while len(self._known) > MOST:
                self._known.popitem(last=False)


def looser(way: ReplyWay) -> ReplyWay | None:
    """The next way; None after the last."""
    return next(iter(_WAYS[_WAYS.index(way) + 1 :]), None)
