"""The signed-in user, as the proxy in front of the product names them in a header."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST_USER = 256


def named_user(header: bytes, headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The user a proxy names in `header`; "" where it names none, or several: then one of them was not the proxy's."""
    sent = [v for k, v in headers if k.lower() == header]
    if len(sent) != 1:
        return ""
    try:
        named = sent[0].decode("utf-8").strip()
    except UnicodeDecodeError:
        named = sent[0].decode("latin-1").strip()
    return named if len(named) <= LONGEST_USER and named.isprintable() else ""
