"""The guard in front of every request: checks its host, user, route, method, origin and token.

Pure ASGI, so that event streams pass through unbuffered; only the page itself is buffered, to be completed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, urlencode

from rag.accounts.browser import new_secret, sealed
from rag.accounts.users import named_user
from rag.messages import reason
from rag.settings.addresses import Network

from .asgi import App, Headers, Receive, Scope, Send, values
from .hosts import Proxies, addressed_to, allowed_hosts, host_of, named_hosts, same_origin
from .refusals import RequestRefused, refuse
from .replies import PageHead, Reply
from .routes import ROUTE, STARTING, Route, below, page_at_top, route_at, way_up
from .visitors import USER, holds_token, secret_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NAMES = ("session_hash", "upload_id")
"""Query parameters that hold names made up by the page's script."""


class Guard:
    """ASGI middleware. `script` runs first in the page, before anything else.

    `bound` is the address the page listens on, `named` the host names of the settings, `proxies` the trusted proxies,
    `root` the path the page is under. `user_header` is the header in which a proxy names the user it has signed in;
    "" if no header is trusted.
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
        self.head = PageHead.of(script)
        self.hosts = allowed_hosts(bound, named)
        self.named = named_hosts(named)
        self.proxies = Proxies(proxies)
        self.root = root
        self.user_header = user_header.strip().lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope = self.proxies.heard(scope)
        secret = secret_of(scope["headers"]) or new_secret()
        reply = Reply(send, self.head, secret=secret)
        try:
            found = self._checked(scope)
            scope[ROUTE] = found
            if found.page:
                reply.top = way_up(scope, self.root)
                scope = page_at_top(scope, self.root)
            scope["query_string"] = query(scope.get("query_string", b""), secret, found.query)
            await self.app(scope, receive, reply.send)
        except RequestRefused as e:
            await refuse(scope, receive, reply.send, e)

    def _checked(self, scope: Scope) -> Route:
        """The route of a request that passes all checks. Raises RequestRefused for any other."""
        headers = scope["headers"]
        server = (scope.get("server") or ("", 0))[0] or ""
        if not addressed_to(self.hosts, headers, server=server):
            raise RequestRefused(403, reason("front.host", host=_shown(host_of(headers))))
        if self.user_header and not self._signed_in(scope):
            raise RequestRefused(403, reason("front.no_user"))
        if self.root and scope["path"] == self.root:
            raise RequestRefused(308, reason("front.moved"), headers=[(b"location", f"{self.root}/".encode())])
        found = route_at(below(self.root, scope["path"])) if scope["type"] == "http" else None
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
        """True if the request names its user, who is noted in its scope. A request that shows nothing needs none."""
        scope[USER] = named_user(self.user_header, scope["headers"])
        silent = scope["type"] == "http" and (scope["method"] == "HEAD" or below(self.root, scope["path"]) == STARTING)
        return bool(scope[USER]) or silent


def query(sent: bytes, secret: str, allowed: Iterable[str]) -> bytes:
    """The query string with only the allowed parameters, each at most once, and the visitor's own names sealed."""
    pairs = dict(parse_qsl(sent.decode("latin-1"), keep_blank_values=True))
    kept = {name: pairs[name] for name in allowed if name in pairs}
    return urlencode({k: sealed(secret, v) if k in NAMES else v for k, v in kept.items()}).encode()


def _shown(sent: str) -> str:
    """A value from a request, made short and printable."""
    return "".join(c if c.isprintable() else "?" for c in sent[:100])
