"""Checks the calls of the page before Gradio reads them: short enough, well-formed, and of their own visitor alone.

Gradio knows a tab by a name the browser makes up, and takes every client that sends the name for that tab. Here the
name is sealed with the browser's secret, so that a name learned from somebody else is useless. Pure ASGI; does not
know what calls do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Container, Iterator, Mapping
from functools import partial
from typing import Any

from rag.accounts.browser import sealed
from rag.errors import RagError
from rag.messages import reason
from rag.text.well_formed import well_formed

from .asgi import App, Receive, Scope, Send, announced, replaced, replayed
from .refusals import RequestRefused
from .routes import BodyKind, route_of
from .uploaded_paths import UploadedPaths
from .visitors import secret_of

FIELDS = ("data", "event_data", "fn_index", "trigger_id")
"""Fields of a call that are passed on beside its tab. The id of a running event would reach events of others."""
BODY_LIMIT = 1_000_000
"""Most bytes of a call's JSON without files."""
BODY_PER_FILE = 500
"""Most bytes more for each file of an upload: the page describes it when the upload is done."""
LONG_CALL = 64 * 1024
"""Bytes of a call from which on it is read in a thread beside the event loop."""


class Calls:
    """ASGI middleware. `uploaded` knows which browser uploaded which file, `files` is the most one call may name."""

    def __init__(self, app: App, *, uploaded: UploadedPaths, files: int) -> None:
        self.app = app
        self.uploaded = uploaded
        self.limit = BODY_LIMIT + BODY_PER_FILE * files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if route_of(scope).sent is not BodyKind.CALL:
            await self.app(scope, receive, send)
            return
        body = await self._body(scope, receive)
        if body is None:
            return
        # An event that only the page's script handles is no call.
        events = {number for number, event in scope["app"].get_blocks().fns.items() if event.fn is not None}
        read = partial(own_call, body, secret_of(scope["headers"]), self.uploaded, events)
        try:
            own = read() if len(body) < LONG_CALL else await asyncio.to_thread(read)
        except RagError as e:
            foreign = e.reason.code == "front.foreign_file"
            raise RequestRefused(403 if foreign else 400, e.reason) from e
        headers = [(k, v) for k, v in scope["headers"] if k.lower() != b"transfer-encoding"]
        as_json = [(b"content-type", b"application/json"), (b"content-length", str(len(own)).encode())]
        await self.app({**scope, "headers": replaced(headers, as_json)}, replayed(own, receive), send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """The whole body; None if the client left. Raises RequestRefused when it is longer than any call."""
        body = bytearray()
        more = True
        while more:
            if max(len(body), announced(scope) or 0) > self.limit:
                raise RequestRefused(413, reason("front.too_long", limit=self.limit // 1000), drain=True)
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            more = bool(message.get("more_body"))
        if len(body) > self.limit:
            raise RequestRefused(413, reason("front.too_long", limit=self.limit // 1000))
        return bytes(body)


def own_call(body: bytes, secret: str, uploaded: UploadedPaths, known: Container[object]) -> bytes:
    """A call as it is passed to Gradio: only the fields the page sends, its tab sealed, its files the visitor's own.

    Raises RagError for a body that is no call of a `known` event, and for a file this browser has not uploaded.
    """
    try:
        sent = json.loads(body, parse_constant=_no_number, parse_float=_finite)
        if not _is_call(sent, known):
            raise RagError(reason("front.no_call"))
        for file in _files(sent["data"]):
            if not uploaded.has(secret, file["path"]):
                raise RagError(reason("front.foreign_file"))
            file.pop("url", None)  # what the file is reached at is for the server to say
        kept = {name: sent[name] for name in FIELDS if name in sent}
        own = json.dumps({**kept, "session_hash": sealed(secret, sent["session_hash"])}, ensure_ascii=False)
    except (ValueError, RecursionError) as e:
        raise RagError(reason("front.no_call")) from e
    return well_formed(own).encode()  # JSON can spell halves of characters, which no text can hold


def _is_call(sent: object, known: Container[object]) -> bool:
    """True if it is a call of the page, as far as that can be told without its components."""
    if not isinstance(sent, Mapping) or not isinstance(sent.get("session_hash"), str):
        return False
    number = sent.get("fn_index")
    there = isinstance(number, int) and not isinstance(number, bool) and number in known
    return there and isinstance(sent.get("data"), list)


def _files(data: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a call's data that names a file, at any depth."""
    left = [data]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            if "path" in each:
                yield each
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)


def _no_number(constant: str) -> float:
    raise ValueError(constant)


def _finite(number: str) -> float:
    value = float(number)
    return value if abs(value) < float("inf") else _no_number(number)
