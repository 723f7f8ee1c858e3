"""What stands in front of every request: which host, whose user, which address, from which page, and in whose name.

Pure ASGI, so that event streams pass through unbuffered; only the page itself is held back to be completed, and a
call to be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rag.accounts.browser import new_secret
from rag.accounts.users import named_user
from rag.addresses import Network
from rag.errors import RagError
from rag.messages import Reason, reason, text

from ..i18n import LANGUAGE_COOKIE, language_of
from .asgi import App, Headers, Message, Receive, Scope, Send, values
from .belongings import UploadedPaths, call, query, uploaded
from .hosts import Proxies, addressed_to, allowed_hosts, host_of, named_hosts, same_origin
from .replies import Begin, Reply, secured
from .routes import STARTING, BodyKind, Route, below, door
from .visitors import USER, cookies_of, holds_token, secret_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_CALL_MB = 8
"""Of one call: hundreds of times what the page sends for a long conversation or for the most files."""
LONG_CALL = 64 * 1024
"""Bytes from which on a call is read beside the event loop."""
REFUSED = b"x-plainsight-refused"
"""The header by which the page's script knows a sentence of ours for its reader; names the reason."""


class RequestRefused(Exception):
    """A request is turned away, with a status and the reason why."""

    def __init__(self, status: int, why: Reason, *, headers: Headers | None = None) -> None:
        super().__init__(str(why))
        self.status = status
        self.why = why
        self.headers: Headers = headers or []


class Guard:
    """ASGI middleware. `script` runs first in the page, before anything else does.

    `bound` is the address the page listens on, `named` the host names of the settings, `proxies` those that are
    believed, `root` the path the page is under. `user_header` is the header in which a proxy names the user it has
    signed in; "": no header is believed.
    """

    def __init__(
        self,
        app: App,
        *,
        script: str,
        bound: str = "127.0.0.1",
        named: Sequence[str] = (),
        proxies: Sequence[Network] = (),
        root: str = "",
        user_header: str = "",
    ) -> None:
        self.app = app
        self.begin = Begin.of(script)
        self.hosts = allowed_hosts(bound, named)
        self.named = named_hosts(named)
        self.proxies = Proxies(proxies)
        self.root = root
        self.user_header = user_header.strip().lower().encode()
        self.uploads = UploadedPaths()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope = self.proxies.heard(scope)
        try:
            found = self._checked(scope)
            secret = secret_of(scope["headers"])
            new = not secret
            secret = secret or new_secret()
            scope["query_string"] = query(scope.get("query_string", b""), secret, found.query)
            if found.sent is BodyKind.CALL:
                scope, receive = await self._own(scope, receive, secret)
        except RequestRefused as e:
            await _refuse(scope, send, e)
            return
        reply = Reply(send, self.begin, secret=secret, new=new)
        noted = _Noted(reply.send, self.uploads, secret).send if found.sent is BodyKind.FILES else reply.send
        await self.app(scope, receive, noted)

    def _checked(self, scope: Scope) -> Route:
        """The door a request may go through. Raises Refused."""
        headers = scope["headers"]
        server = (scope.get("server") or ("", 0))[0] or ""
        if not addressed_to(self.hosts, headers, server=server):
            raise RequestRefused(403, reason("front.host", host=_shown(host_of(headers))))
        if self.user_header and not self._signed_in(scope):
            raise RequestRefused(403, reason("front.no_user"))
        if self.root and scope["path"] == self.root:
            raise RequestRefused(308, reason("front.moved"), headers=[(b"location", f"{self.root}/".encode())])
        found = door(below(self.root, scope["path"])) if scope["type"] == "http" else None
        changing = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        if changing and not same_origin(headers, named=self.named):
            raise RequestRefused(403, reason("front.origin", origin=_shown(", ".join(values(headers, b"origin")))))
        if found is None:
            raise RequestRefused(404, reason("front.not_found"))
        if scope["method"] not in found.methods:
            allow: Headers = [(b"allow", ", ".join(found.methods).encode())]
            raise RequestRefused(405, reason("front.method", method=_shown(scope["method"])), headers=allow)
        secret = secret_of(headers)
        if changing and not secret:
            raise RequestRefused(403, reason("front.no_cookie"))
        if changing and not holds_token(secret, headers):
            raise RequestRefused(403, reason("front.token"))
        return found

    def _signed_in(self, scope: Scope) -> bool:
        """Whether the request says whose it is; then its scope says so too. What shows nothing needs no user."""
        scope[USER] = named_user(self.user_header, scope["headers"])
        silent = scope["type"] == "http" and (scope["method"] == "HEAD" or below(self.root, scope["path"]) == STARTING)
        return bool(scope[USER]) or silent

    async def _own(self, scope: Scope, receive: Receive, secret: str) -> tuple[Scope, Receive]:
        """A call with nothing in it but what is the visitor's own. Raises Refused."""
        body = await _whole(receive)
        try:
            if len(body) < LONG_CALL:
                own = call(body, secret, self.uploads)
            else:
                own = await asyncio.to_thread(call, body, secret, self.uploads)
        except RagError as e:
            raise RequestRefused(403, e.reason) from e
        headers = [(k, v) for k, v in scope["headers"] if k.lower() not in (b"content-length", b"transfer-encoding")]
        headers.append((b"content-length", str(len(own)).encode()))
        return {**scope, "headers": headers}, _replayed(own, receive)


class _Noted:
    """Notes in `uploads` which files an upload came to, as its answer says."""

    def __init__(self, send: Send, uploads: UploadedPaths, secret: str) -> None:
        self._send = send
        self._uploads = uploads
        self._secret = secret
        self._body: list[bytes] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self._body.append(message.get("body", b""))
            if not message.get("more_body"):
                self._uploads.give(self._secret, uploaded(b"".join(self._body)))
        await self._send(message)


async def _whole(receive: Receive) -> bytes:
    """The body of a request. Raises Refused when it is longer than any call of the page."""
    parts: list[bytes] = []
    length = 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        length += len(parts[-1])
        if length > MAX_CALL_MB * 1024 * 1024:
            raise RequestRefused(413, reason("front.too_long", limit=MAX_CALL_MB))
        if not message.get("more_body"):
            return b"".join(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """`receive` with another body in front."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _shown(sent: str) -> str:
    """What a request said, fit to be shown: short and printable."""
    return "".join(c if c.isprintable() else "?" for c in sent[:100])


async def _refuse(scope: Scope, send: Send, refused: RequestRefused) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": str(refused.why)[:120]})
        return
    accepted = "".join(values(scope["headers"], b"accept-language")[:1])
    lang = language_of(cookies_of(scope["headers"]).get(LANGUAGE_COOKIE) or accepted)
    body = f"{text(refused.why, lang)}\n".encode("utf-8", "replace")
    headers: Headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (REFUSED, refused.why.code.encode()),
        *refused.headers,
    ]
    await send({"type": "http.response.start", "status": refused.status, "headers": secured(headers)})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
