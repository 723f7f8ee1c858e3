"""Gradio's blocks with one guard in front of every event; it also runs the clicks of a tab one after another.

Input that the page itself would never send ends as a sentence for the client, not as a traceback in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import gradio as gr

from ..errors import RagError
from ..messages import reason
from .handlers.guard import toast
from .http import log_once
from .http.connections import Connections, bound
from .i18n import language
from .state.session import Slot

log = logging.getLogger(__name__)


SlotOf = Callable[[Sequence[Any], gr.Request], Slot]
"""Function that finds the slot of a call's tab by the call's inputs and request."""


class _NotUnderstood(Exception):
    """Raised when the inputs of an event are not what its components take."""


class Page(gr.Blocks):
    """Blocks of the page. Handlers have a guard of their own: this one covers the steps before a handler runs.

    `connections` counts the server's connections, from the moment the server runs.
    """

    def __init__(self, connections: Connections, **options: Any) -> None:
        self._connections = connections
        self._server: Any = None
        self._in_turn: dict[int, SlotOf] = {}
        super().__init__(**options)

    @property
    def server(self) -> Any:
        """The server; None until Gradio has started one. Gradio sets this long before `launch` returns."""
        return self._server

    @server.setter
    def server(self, server: Any) -> None:
        self._server = server
        if server is not None:
            log_once.install()
            bound(server, self._connections)

    def in_turn(self, event: int, slot_of: SlotOf) -> None:
        """Run the calls of this event, and of all others registered here, one after another within each tab."""
        self._in_turn[event] = slot_of

    def _turn(self, call: Any, inputs: Any, request: Any) -> AbstractAsyncContextManager[None]:
        """Context that waits for the earlier calls of the call's tab, in order of arrival; empty for other events."""
        slot_of = self._in_turn.get(getattr(call, "_id", -1))
        if slot_of is None or not isinstance(inputs, list) or not inputs:
            return nullcontext()
        return slot_of(inputs, request).in_turn()

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Process one event. Its data becomes an empty record if it is none, as handlers look up names in it."""
        event = kwargs.get("event_data")
        if event is not None and not isinstance(getattr(event, "_data", None), dict):
            kwargs["event_data"] = gr.EventData(event.target, {})
        try:
            async with self._turn(kwargs.get("block_fn"), kwargs.get("inputs"), kwargs.get("request")):
                return await super().process_api(*args, **kwargs)
        except RagError as e:
            raise toast(e.reason, language(kwargs.get("request"))) from e
        except (_NotUnderstood, gr.Error) as e:
            if isinstance(e, gr.Error) and not e.print_exception:  # one of ours
                raise
            log.info("an event was not understood: %s", e.__cause__ or e)
            raise toast(reason("front.no_call"), language(kwargs.get("request"))) from e

    async def preprocess_data(self, *args: Any, **kwargs: Any) -> Any:
        """Convert the inputs of an event for its handler. Only Gradio's components run here, none of our code."""
        try:
            return await super().preprocess_data(*args, **kwargs)
        except Exception as e:  # of whatever kind: what a component cannot read, the client made up
            raise _NotUnderstood from e
