"""Additions to every answer: security headers, and for the page its first script, its token and its cookie."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from hashlib import sha256

from rag.accounts.browser import cookie, is_made, token

from ..html.markup import html
from .asgi import Headers, Message, Send
from .routes import EARLY

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio compiles its HTML components; scripts of other hosts stay out, and so does whatever is written into
        # the page: the few inline scripts Gradio starts from are let through one by one, see `policy`
        "script-src 'self' 'unsafe-eval'",
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
POLICY = b"content-security-policy"

HEADERS: Headers = [
    (POLICY, CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]
SHARING = b"access-control-"
"""Prefix of headers that would let pages of other sites read an answer."""

_INLINE = re.compile(rb"<script(?![^>]*\ssrc\s*=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)

_FRAMED = re.compile(
    rb"<script>(?:(?!</script>).)*?iframeResizer\.contentWindow(?:(?!</script>).)*+</script>", re.DOTALL
)
"""Gradio's own loader of a script for pages inside frames.

Ours may not be framed, and behind a proxy that passes on the server's host it would load from there."""


@dataclass(frozen=True, slots=True)
class PageHead:
    """Beginning of a page's head: its script, at an address that changes with it, and the token of its browser."""

    version: str

    @classmethod
    def of(cls, script: str) -> PageHead:
        return cls(sha256(script.encode()).hexdigest()[:12])

    def written(self, secret: str, top: str) -> bytes:
        """The HTML that is put first into the page's head. `top` is the way from its address to the top of the page."""
        head = html('<base href="{}"><meta name="plainsight-token" content="{}"><script src="./{}?v={}"></script>')
        return head(top, token(secret), EARLY, self.version).encode()


def policy(page: bytes) -> bytes:
    """Policy of a page as Gradio wrote it: its own inline scripts may run, each known by its digest, and no other."""
    digests = [base64.b64encode(sha256(script).digest()).decode() for script in _INLINE.findall(page)]
    known = "".join(f" 'sha256-{digest}'" for digest in digests)
    return CONTENT_SECURITY_POLICY.replace("script-src 'self'", f"script-src 'self'{known}").encode()


class Reply:
    """Adds the headers to an answer; a whole HTML page also gets the beginning of its head, and the cookie anew."""

    top = "./"
    """The way from the address of the page to its top."""

    def __init__(self, send: Send, head: PageHead, *, secret: str) -> None:
        """`secret` is the browser's."""
        self._send = send
        self._head = head
        self._secret = secret
        self._page: Message | None = None
        self._body: list[bytes] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._page is None:
            await self._send(message)
        else:
            self._body.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._finish(self._page)

    async def _begin(self, message: Message) -> None:
        headers = secured(message["headers"])
        if _content_type(headers).startswith(b"text/html"):
            self._page = {**message, "headers": headers}
        else:
            await self._send({**message, "headers": headers})

    async def _finish(self, page: Message) -> None:
        written = _FRAMED.sub(b"", b"".join(self._body), count=1)
        body = written.replace(b"<head>", b"<head>" + self._head.written(self._secret, self.top), 1)
        ours = {
            POLICY: policy(written),
            b"content-length": str(len(body)).encode(),
            b"cache-control": b"no-store",  # a token must not outlive its cookie
        }
        headers = [(k, v) for k, v in page["headers"] if k.lower() not in ours] + list(ours.items())
        if is_made(self._secret):
            headers.append((b"set-cookie", cookie(self._secret)))
        await self._send({**page, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def secured(headers: Headers) -> Headers:
    """The headers of an answer with ours added, and without any that would open it to other sites."""
    ours = {name for name, _ in HEADERS}
    return [(k, v) for k, v in headers if k.lower() not in ours and not k.lower().startswith(SHARING)] + HEADERS


def _content_type(headers: Headers) -> bytes:
    return next((v for k, v in headers if k.lower() == b"content-type"), b"")
