"""Sender of a request, read from ASGI: the browser's secret, its page's token, the signed-in user and the address."""

from __future__ import annotations

from starlette.requests import cookie_parser

from rag.accounts.browser import TOKEN_HEADER, is_token, secret_in

from .asgi import Headers, Scope, values

USER = "plainsight.user"
"""Key of the signed-in user in a request's scope. No client can write there."""


def secret_of(headers: Headers) -> str:
    """The secret of the browser that sent a request; "" when it keeps no cookies."""
    return secret_in(cookies_of(headers))


def cookies_of(headers: Headers) -> dict[str, str]:
    """The cookies of a request; malformed ones are left out."""
    return cookie_parser("; ".join(values(headers, b"cookie")))


def holds_token(secret: str, headers: Headers) -> bool:
    """True if a request carries the token of a page that was given to its browser."""
    return is_token(secret, values(headers, TOKEN_HEADER))


def user(scope: Scope) -> str:
    """The signed-in user of a request that the guard let through; "" where nobody signs in."""
    return str(scope.get(USER, ""))


def address(scope: Scope) -> str:
    """The address a request came from, behind our proxies once the guard has heard them; "" where it is not known."""
    client = scope.get("client")
    return str(client[0]) if client else ""
