"""Requests that are turned away: with a status, and a sentence in the reader's language."""

from __future__ import annotations

from rag.messages import Language, Reason, text

from ..i18n import LANGUAGE_COOKIE, language_of
from .asgi import Headers, Receive, Scope, Send, values
from .visitors import cookies_of

REFUSED = b"x-plainsight-refused"
"""The header by which the page's script knows a sentence of ours for its reader; names the reason."""
DRAINED = 64_000_000
"""Bytes of a refused body that are read and forgotten, as browsers show no answer before they have sent it all."""


class RequestRefused(Exception):
    """A request is turned away, with a status and the reason why. Raised before its answer begins.

    `drain`: what has not come yet of its body is waited for, as the page that sent it is to show the reason.
    """

    def __init__(self, status: int, why: Reason, *, headers: Headers | None = None, drain: bool = False) -> None:
        super().__init__(str(why))
        self.status = status
        self.why = why
        self.headers: Headers = headers or []
        self.drain = drain


def reader_language(headers: Headers) -> Language:
    """The language of whoever reads the answer to a request."""
    accepted = "".join(values(headers, b"accept-language")[:1])
    return language_of(cookies_of(headers).get(LANGUAGE_COOKIE) or accepted)


def marked(why: Reason) -> Headers:
    """The headers of an answer that says why, for people and for the page's script."""
    return [(b"content-type", b"text/plain; charset=utf-8"), (REFUSED, why.code.encode())]


async def refuse(scope: Scope, receive: Receive, send: Send, refused: RequestRefused) -> None:
    """Answer a request with the reason instead."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": str(refused.why)[:120]})
        return
    if refused.drain:
        await _drain(receive)
    body = f"{text(refused.why, reader_language(scope['headers']))}\n".encode("utf-8", "replace")
    headers = [*marked(refused.why), (b"content-length", str(len(body)).encode()), *refused.headers]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def _drain(receive: Receive) -> None:
    left = DRAINED
    while left > 0:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body")
        left = left - len(message.get("body", b"")) if more else 0
