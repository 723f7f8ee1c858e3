"""Who a request is from: the browser's secret, the token of a page that was given to it, and the signed-in user."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import MutableMapping
from hashlib import sha256
from typing import Any

from starlette.requests import cookie_parser

from .asgi import Headers, Scope, values

OWNER_COOKIE = "plainsight"
TOKEN_HEADER = b"x-plainsight-token"
"""Where the page's script puts its token on whatever changes something."""

USER = "plainsight.user"
"""Where a request's scope names the signed-in user. No client can write there."""
LONGEST_USER = 256


def owner(cookies: MutableMapping[str, str] | Any) -> str:
    """The secret of the browser a request came from; "" when it keeps no cookies."""
    return str(cookies.get(OWNER_COOKIE, ""))


def secret_of(headers: Headers) -> str:
    """The same, of a request that nobody has read yet."""
    return owner(cookies_of(headers))


def cookies_of(headers: Headers) -> dict[str, str]:
    """The cookies of a request; malformed ones are left out."""
    return cookie_parser("; ".join(values(headers, b"cookie")))


def new_secret() -> str:
    """A secret for a browser that has none."""
    return secrets.token_urlsafe(24)


def cookie(secret: str) -> bytes:
    """The header that gives a browser its secret, for no script to read and no other site to send along."""
    return f"{OWNER_COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax".encode()


def token(secret: str) -> str:
    """The token of the pages given to a browser.

    It follows from the secret alone, so that it outlives a restart, and gives nothing of it away.
    """
    return sealed(secret, "token")


def holds_token(secret: str, headers: Headers) -> bool:
    """Whether a request carries the token of a page that was given to its browser."""
    sent = values(headers, TOKEN_HEADER)
    return bool(secret) and len(sent) == 1 and hmac.compare_digest(sent[0].encode(), token(secret).encode())


def sealed(secret: str, name: str) -> str:
    """A name for something of a browser that no other browser can come by, whatever names it tries."""
    return hmac.new(secret.encode(), name.encode("utf-8", "surrogatepass"), sha256).hexdigest()[:40]


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


def address(scope: Scope) -> str:
    """The address a request came from, behind our proxies once the guard has heard them; "" where it is not known."""
    client = scope.get("client")
    return str(client[0]) if client else ""
