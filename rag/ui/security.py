"""What stands in front of every request: host, origin and sign-in checks, security headers, cookie, early script.

Pure ASGI, so that event streams pass through unbuffered; only the page itself is held back to be completed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

OWNER_COOKIE = "plainsight"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio starts from inline scripts and compiles its HTML components; scripts of other hosts stay out
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

HEADERS: Headers = [
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\s:@/\[\]]+)(:[0-9]+)?")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

CLOSED = frozenset({"/openapi.json", "/docs", "/redoc"})
"""Where FastAPI describes itself to programs, at the root and below Gradio's own prefix."""
API_PREFIX = "/gradio_api"

USER = "plainsight.user"
"""Where a request's scope names the signed-in user. No client can write there."""
LONGEST_USER = 256
STARTING = f"{API_PREFIX}/startup-events"
"""What Gradio itself asks for before the page is announced; it answers nothing of anybody."""


class Guard:
    """ASGI middleware. `script` is put first into the page's head, before anything else runs there.

    `hosts` are the names, without ports, under which the page may be asked for (see `allowed_hosts`); None: under any.
    `user_header` is the header in which a proxy names the user it has signed in; "": no header is believed.
    """

    def __init__(self, app: App, *, script: str, hosts: frozenset[str] | None, user_header: str = "") -> None:
        self.app = app
        self.script = f"<script>{script}</script>".encode()
        self.hosts = hosts
        self.user_header = user_header.strip().lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = scope["headers"]
        if self.hosts is not None and not addressed_to(self.hosts, headers):
            await _refuse(scope, send, 403, "The page does not answer to this host name. RAG_ALLOWED_HOSTS adds names.")
            return
        if self.user_header and not self._signed_in(scope):
            await _refuse(scope, send, 403, "Sign in first: this page is reached through a proxy that names its user.")
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        if _closed(scope["path"]):
            await _refuse(scope, send, 404, "Not found.")
            return
        # What a proxy says of the browser's address counts only where the page listens to the network.
        if scope["method"] not in SAFE_METHODS and not same_origin(headers, forwarded=self.hosts is None):
            await _refuse(scope, send, 403, "This request did not come from this page.")
            return
        await self.app(scope, receive, _Reply(send, self.script, cookie=_new_cookie(scope["headers"])).send)

    def _signed_in(self, scope: Scope) -> bool:
        """Whether the request says whose it is; then its scope says so too. What shows nothing needs no user."""
        scope[USER] = named_user(self.user_header, scope["headers"])
        silent = scope["type"] == "http" and (scope["method"] == "HEAD" or scope["path"] == STARTING)
        return bool(scope[USER]) or silent


class _Reply:
    """Adds the headers to an answer; a whole HTML page also gets the script and, once, the cookie."""

    def __init__(self, send: Send, script: bytes, *, cookie: bytes | None) -> None:
        self._send = send
        self._script = script
        self._cookie = cookie
        self._page: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._page is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._page)

    async def _begin(self, message: Message) -> None:
        ours = {name for name, _ in HEADERS}
        headers = [(k, v) for k, v in message["headers"] if k.lower() not in ours] + HEADERS
        if _content_type(headers).startswith(b"text/html"):
            self._page = {**message, "headers": [(k, v) for k, v in headers if k.lower() != b"content-length"]}
        else:
            await self._send({**message, "headers": headers})

    async def _finish(self, page: Message) -> None:
        body = self._body.replace(b"<head>", b"<head>" + self._script, 1)
        headers = [*page["headers"], (b"content-length", str(len(body)).encode())]
        if self._cookie:
            headers.append((b"set-cookie", self._cookie))
        await self._send({**page, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def allowed_hosts(bound: str, named: Iterable[str]) -> frozenset[str] | None:
    """The host names a page listening on `bound` answers to, those `named` in the settings among them; None: any.

    A page on loopback must not answer to the name of another site: whoever owns that name can let it point to this
    machine, and the reader's browser then takes both for one site (DNS rebinding). A page that listens to the network
    cannot know what it is called there, unless it is told.
    """
    more = frozenset(_bare(name) for name in named if name.strip())
    on_loopback = _bare(bound) in LOOPBACK
    return LOOPBACK | more if on_loopback or more else None


def addressed_to(hosts: frozenset[str], headers: Headers) -> bool:
    """Whether a request names one of `hosts`, on whatever port, and no other beside it."""
    sent = [v.decode("latin-1") for k, v in headers if k.lower() == b"host"]
    found = _HOST.fullmatch(sent[0]) if len(sent) == 1 else None
    return found is not None and _bare(found["name"]) in hosts


def same_origin(headers: Headers, *, forwarded: bool) -> bool:
    """Whether a request that changes something comes from our own page.

    Browsers name the origin of every such request. Programs that are no browsers name none, and carry no cookie that
    another site could borrow. Behind a proxy the address the browser used may be in `x-forwarded-host`, which a page
    of another site cannot set; it counts only when `forwarded`.
    """
    values = {k.lower(): v.decode("latin-1") for k, v in headers}
    if values.get(b"sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = values.get(b"origin")
    if origin is None:
        return True
    hosts = {values.get(b"host", "")}
    if forwarded:
        hosts.add(values.get(b"x-forwarded-host", "").split(",")[0].strip())
    return urlsplit(origin).netloc in hosts - {""}


def named_user(header: bytes, headers: Headers) -> str:
    """The user a proxy names in `header`; "" where it names none, or several: then one of them was not the proxy's."""
    sent = [v for k, v in headers if k.lower() == header]
    if len(sent) != 1:
        return ""
    try:
        named = sent[0].decode("utf-8").strip()
    except UnicodeDecodeError:
        named = sent[0].decode("latin-1").strip()
    return named if len(named) <= LONGEST_USER and named.isprintable() else ""


def user(scope: Scope) -> str:
    """The signed-in user of a request that the guard let through; "" where nobody signs in."""
    return str(scope.get(USER, ""))


def owner(cookies: MutableMapping[str, str] | Any) -> str:
    """The secret of the browser a request came from; "" when it keeps no cookies."""
    return str(cookies.get(OWNER_COOKIE, ""))


def _new_cookie(headers: Headers) -> bytes | None:
    sent = b"; ".join(v for k, v in headers if k.lower() == b"cookie").decode("latin-1")
    try:
        if OWNER_COOKIE in SimpleCookie(sent):
            return None
    except CookieError:
        pass  # somebody else's malformed cookie on this host: ours is then set anew
    return f"{OWNER_COOKIE}={secrets.token_urlsafe(24)}; Path=/; HttpOnly; SameSite=Lax".encode()


def _content_type(headers: Headers) -> bytes:
    return next((v for k, v in headers if k.lower() == b"content-type"), b"")


def _bare(host: str) -> str:
    return host.strip().lower().removeprefix("[").removesuffix("]")


def _closed(path: str) -> bool:
    below = path.removeprefix(API_PREFIX)
    return any(below == closed or below.startswith(f"{closed}/") for closed in CLOSED)


async def _refuse(scope: Scope, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": why})
        return
    body = f"{why}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
