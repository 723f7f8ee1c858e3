"""Who a request is from, read from ASGI: the browser's secret, the token of its page, and the signed-in user."""

from __future__ import annotations

from starlette.requests import cookie_parser

from rag.accounts.browser import TOKEN_HEADER, is_token, secret_in

from .asgi import Headers, Scope, values

USER = "plainsight.user"
"""Where a request's scope names the signed-in user. No client can write there."""


def secret_of(headers: Headers) -> str:
    """The secret of the browser a request came from; "" when it keeps no cookies."""
    return secret_in(cookies_of(headers))


def cookies_of(headers: Headers) -> dict[str, str]:
    """The cookies of a request; malformed ones are left out."""
    return cookie_parser("; ".join(values(headers, b"cookie")))


def holds_token(secret: str, headers: Headers) -> bool:
    """Whether a request carries the token of a page that was given to its browser."""
    return is_token(secret, values(headers, TOKEN_HEADER))


def user(scope: Scope) -> str:
    """The signed-in user of a request that the guard let through; "" where nobody signs in."""
    return str(scope.get(USER, ""))


def address(scope: Scope) -> str:
    """The address a request came from, behind our proxies once the guard has heard them; "" where it is not known."""
    client = scope.get("client")
    return str(client[0]) if client else ""
