"""The secret a browser is known by: the cookie that holds it, the token of its pages, and names sealed with it."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from hashlib import sha256

OWNER_COOKIE = "plainsight"
COOKIE_SECONDS = 400 * 24 * 3600
"""Time a browser keeps its secret after its last visit: as long as browsers allow."""
_MADE = re.compile(r"[A-Za-z0-9_-]{32}")
TOKEN_HEADER = b"x-plainsight-token"
"""Header in which the page's script sends its token with whatever changes something."""


def secret_in(cookies: Mapping[str, str]) -> str:
    """The secret of the browser that sent these cookies; "" when it keeps none."""
    return str(cookies.get(OWNER_COOKIE, ""))


def new_secret() -> str:
    """A secret for a browser that has none."""
    return secrets.token_urlsafe(24)


def is_made(secret: str) -> bool:
    """True if a secret has the form of those that `new_secret` makes. What a browser sends may be anything, and only
    this may be sent back in a header."""
    return _MADE.fullmatch(secret) is not None


def cookie(secret: str) -> bytes:
    """The header that gives a browser its secret, for no script to read and no other site to send along."""
    return f"{OWNER_COOKIE}={secret}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax".encode()


def token(secret: str) -> str:
    """The token of the pages given to a browser.

    It follows from the secret alone, so that it outlives a restart, and gives nothing of it away.
    """
    return sealed(secret, "token")


def is_token(secret: str, sent: Sequence[str]) -> bool:
    """True if what was sent in `TOKEN_HEADER` is the token of a page that was given to the browser."""
    return bool(secret) and len(sent) == 1 and hmac.compare_digest(sent[0].encode(), token(secret).encode())


def sealed(secret: str, name: str) -> str:
    """A name for something of a browser that no other browser can come by, whatever names it tries."""
    return hmac.new(secret.encode(), name.encode("utf-8", "surrogatepass"), sha256).hexdigest()[:40]
