"""Refusal of requests, with a status and a sentence in the reader's language."""

from __future__ import annotations

from rag.messages import Language, Reason, text

from ..i18n import LANGUAGE_COOKIE, language_of
from .asgi import Headers, Receive, Scope, Send, values
from .visitors import cookies_of

REFUSED = b"x-plainsight-refused"
"""Header that marks a sentence of ours for the page's script; its value is the code of the reason."""
DRAINED = 64_000_000
"""Most bytes of a refused body that are read and dropped, as browsers show no answer before they have sent it all."""


class RequestRefused(Exception):
    """Raised to refuse a request with a status and the reason, before its answer begins.

    `drain`: the rest of its body is read first, so that the page that sent it can show the reason.
    """

    def __init__(self, status: int, why: Reason, *, headers: Headers | None = None, drain: bool = False) -> None:
        super().__init__(str(why))
        self.status = status
        self.why = why
        self.headers: Headers = headers or []
        self.drain = drain


def reader_language(headers: Headers) -> Language:
    """The language of the reader of a request's answer."""
    accepted = "".join(values(headers, b"accept-language")[:1])
    return language_of(cookies_of(headers).get(LANGUAGE_COOKIE) or accepted)


def marked(why: Reason) -> Headers:
    """Headers of an answer that states a reason, for people and for the page's script."""
    return [(b"content-type", b"text/plain; charset=utf-8"), (REFUSED, why.code.encode())]


async def refuse(scope: Scope, receive: Receive, send: Send, refused: RequestRefused) -> None:
    """Answer a refused request with its reason."""
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
