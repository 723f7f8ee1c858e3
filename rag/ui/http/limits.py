"""What one client may ask of the server at once: requests, the size of their bodies, uploads. Pure ASGI.

Stands behind the guard, which knows the user. An event is looked at before Gradio parses it: whatever is none is
refused with a sentence, and what Gradio raises where a client merely left is no error.
"""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.formparsers import MultiPartException

from rag.accounts.browser import secret_in
from rag.messages import Reason, reason, text

from ..i18n import language
from .asgi import App, Message, Receive, Scope, Send
from .flood import Flood
from .quota import Payer, Quota
from .routes import API_PREFIX
from .visitors import user

log = logging.getLogger(__name__)

CLIENT = "plainsight.client"
"""Where a request's scope names the address it came from, as far as that can be known. No client can write there."""
UPLOAD = f"{API_PREFIX}/upload"
EVENTS = (f"{API_PREFIX}/queue/join", f"{API_PREFIX}/run/", f"{API_PREFIX}/api/", f"{API_PREFIX}/call/")
STREAMS = (f"{API_PREFIX}/queue/data", f"{API_PREFIX}/call/", f"{API_PREFIX}/heartbeat/")
BODY_LIMIT = 1_000_000
"""Bytes of an event's JSON, and for each file of an upload:"""
BODY_PER_FILE = 500
"""what the page says of it when the upload is done."""
SHARES_OF_ADDRESS = 4
"""Visitors behind one address who may use up their quota within the hour; a cookie costs nothing to have anew."""
DRAINED = 64_000_000
"""Bytes of a refused body that are read and forgotten, as browsers show no answer before they have sent it all."""

_BOUNDARY = re.compile(rb"boundary=\"?([^\";,\s]{1,200})")


def peer(scope: Scope) -> str:
    """The address at the other end of the connection."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def client(scope: Scope) -> str:
    """The address a request came from, once it has passed `Limits`; "" before."""
    return str(scope.get(CLIENT, ""))


class Limits:
    """ASGI middleware. `client_of` names the address of a request, `each` is how many it may have at once."""

    def __init__(
        self,
        app: App,
        *,
        quota: Quota,
        each: int,
        files: int,
        client_of: Callable[[Scope], str] = peer,
    ) -> None:
        self.app = app
        self.quota = quota
        self.each = each
        self.body_limit = BODY_LIMIT + BODY_PER_FILE * files
        self.client_of = client_of
        self._running: Counter[str] = Counter()
        self._flood = Flood()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope[CLIENT] = self.client_of(scope)
        with self._counted(scope[CLIENT]) as fits:
            if not fits:
                await refuse(scope, receive, send, 429, reason("ui.too_many_requests"))
            elif scope["method"] != "POST":
                await self._stream(scope, receive, send)
            elif scope["path"].rstrip("/") == UPLOAD:
                await self._upload(scope, receive, send)
            else:
                await self._event(scope, receive, send)

    @contextmanager
    def _counted(self, address: str) -> Iterator[bool]:
        """One more request of an address, while it lasts; whether that is within its bound."""
        self._running[address] += 1
        fits = self._running[address] <= self.each
        if not fits and self._flood.begins():
            log.warning("requests are refused: %s has %d at once (RAG_CONNECTIONS_PER_ADDRESS)", address, self.each)
        try:
            yield fits
        finally:
            self._running -= Counter((address,))

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = _Reply(send)
        try:
            await self.app(scope, receive, reply.send)
        except (RuntimeError, KeyError):
            # Of a stream that nobody waits for any more, or that never was: Gradio has said so in the stream itself.
            if not (reply.started and scope["path"].startswith(STREAMS)):
                raise
            log.debug("a stream ended early: %s", scope["path"], exc_info=True)
            await reply.end()

    async def _event(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        announced = _announced(scope) or 0
        more = announced <= self.body_limit
        while more and len(body) <= self.body_limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = bool(message.get("more_body"))
        if max(len(body), announced) > self.body_limit:
            why = reason("ui.body_too_large", limit=self.body_limit // 1000)
            await refuse(scope, receive, send, 413, why, unread=more or not body)
            return
        sent = _record(bytes(body))
        if sent is None or (scope["path"].startswith(EVENTS) and not _is_event(scope, sent)):
            await refuse(scope, receive, send, 400, reason("ui.not_understood"))
        else:
            await self._stream(scope, _replayed(_encodable(bytes(body), sent), receive), send)

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        announced = _announced(scope)
        payers = _payers(scope)
        why = self.quota.room(announced or 0) or self.quota.spend(payers, announced or 0, 0)
        if why is not None:
            await refuse(scope, receive, send, 413, why, unread=True)
            return
        metered = _Metered(scope, receive, self.quota, payers, announced or 0)
        try:
            await self.app(scope, metered.receive, send)
        finally:
            self.quota.give_back(payers, max(0, metered.paid - metered.read))


class _Reply:
    """An answer, and whether it has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def send(self, message: Message) -> None:
        self.started = True
        await self._send(message)

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})


class _Metered:
    """The body of an upload, paid for as it comes. Gradio removes what it has of one that a MultiPartException ends."""

    def __init__(self, scope: Scope, receive: Receive, quota: Quota, payers: tuple[Payer, ...], paid: int) -> None:
        self.read = 0
        self.paid = paid
        self._language = language(_Sender(scope))
        self._receive = receive
        self._quota = quota
        self._payers = payers
        named = _BOUNDARY.search(_header(scope, b"content-type"))
        self._boundary = b"--" + named[1] + b"\r\n" if named else b""
        self._tail = b""

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] != "http.request":
            raise MultiPartException(text(reason("ui.upload_cut"), self._language))
        body = message.get("body", b"")
        self.read += len(body)
        more = max(0, self.read - self.paid)
        why = self._quota.spend(self._payers, more, self._parts(body)) or self._quota.room(0)
        if why is not None:
            raise MultiPartException(text(why, self._language))
        self.paid += more
        return message

    def _parts(self, body: bytes) -> int:
        """How many parts of the form begin in it."""
        if not self._boundary:
            return 0
        seen = self._tail + body
        self._tail = seen[-len(self._boundary) + 1 :]
        return seen.count(self._boundary)


class _Sender:
    """The part of a request that says what its reader reads."""

    def __init__(self, scope: Scope) -> None:
        self.cookies: Mapping[str, str] = cookies(scope)
        self.headers: Mapping[str, str] = {"accept-language": _header(scope, b"accept-language").decode("latin-1")}


def cookies(scope: Scope) -> dict[str, str]:
    """The cookies of a request; none where they cannot be read."""
    try:
        return {name: each.value for name, each in SimpleCookie(_header(scope, b"cookie").decode("latin-1")).items()}
    except CookieError:
        return {}


def _payers(scope: Scope) -> tuple[Payer, ...]:
    """Who pays for an upload: the user where somebody signed in, else browser and address."""
    if named := user(scope):
        return (Payer(f"user/{named}"),)
    address = Payer(f"address/{client(scope)}", SHARES_OF_ADDRESS)
    browser = secret_in(cookies(scope))
    return (Payer(f"browser/{browser}"), address) if browser else (Payer(f"cookieless/{client(scope)}"), address)


def _record(body: bytes) -> dict[str, Any] | None:
    """A body as the JSON object it must be; None for anything else, numbers that no JSON has among it."""
    try:
        sent = json.loads(body, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    return sent if isinstance(sent, dict) else None


def _is_event(scope: Scope, sent: Mapping[str, Any]) -> bool:
    """Whether it is an event of the page, as far as that can be told without its components."""
    known, number = scope["app"].get_blocks().fns, sent.get("fn_index")
    # batches are Gradio's own: no event of the page is one
    there = isinstance(number, int) and not isinstance(number, bool) and number in known
    return there and isinstance(sent.get("data"), list) and not sent.get("batched")


def _encodable(body: bytes, sent: Mapping[str, Any]) -> bytes:
    """The body; without halves of characters, which JSON can spell and no text can hold."""
    if b"\\ud" not in body.lower():
        return body
    return json.dumps(sent, ensure_ascii=False).encode("utf-8", "replace")


def _no_number(constant: str) -> float:
    raise ValueError(constant)


def _finite(number: str) -> float:
    value = float(number)
    return value if abs(value) < float("inf") else _no_number(number)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body that was read, then whatever comes after it."""
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _announced(scope: Scope) -> int | None:
    """The length of the body as the client says; None where it does not."""
    said = _header(scope, b"content-length")
    return int(said) if said.isdigit() else None


def _header(scope: Scope, name: bytes) -> bytes:
    return b"; ".join(v for k, v in scope["headers"] if k.lower() == name)


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, why: Reason, *, unread: bool = False) -> None:
    """Answer with a sentence instead, in the reader's language; what is `unread` of the body is read and forgotten."""
    left = DRAINED if unread else 0
    while left > 0:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body")
        left = left - len(message.get("body", b"")) if more else 0
    body = f"{text(why, language(_Sender(scope)))}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
