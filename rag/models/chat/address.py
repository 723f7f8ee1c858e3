"""Addresses of language models that somebody enters on the page: https, or http within one's own network.

An address in the settings is the operator's, and is not looked at here.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from rag.errors import ChatChoiceRefused
from rag.messages import reason

from .failures import shown_url

LONGEST = 500
"""Characters of an address."""
Address = IPv4Address | IPv6Address
Resolve = Callable[[str], Iterable[str]]
LINKS = ("169.254.0.0/16", "fe80::/10")
CLOUDS = ("fd00:ec2::254/128", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32")
METADATA = tuple(map(ip_network, (*LINKS, *CLOUDS)))
"""Where clouds tell a machine its own secrets, and the rest of the links' own networks."""
METADATA_NAMES = ("metadata.google.internal", "metadata", "instance-data")
SHARED = ip_network("100.64.0.0/10")
"""Networks between hosts of one operator, as Tailscale uses them."""


def resolved(host: str) -> Iterable[str]:
    """The addresses a name stands for; none where nobody knows it here, as behind a proxy."""
    with contextlib.suppress(OSError, UnicodeError):
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    return ()


def check(url: str, *, resolve: Resolve = resolved) -> None:
    """Raises ChatChoiceRefused for an address that requests may not go to."""
    try:
        if len(url) > LONGEST:
            raise ValueError("too long")
        parts = urlsplit(url)
        shown_url(url)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError as e:
        raise ChatChoiceRefused(reason("chat_server.bad_url", url=url[:100])) from e
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ChatChoiceRefused(reason("chat_server.url_with_user"))
    found = [_plain(address) for address in ([host] if _is_address(host) else resolve(host))]
    if host in METADATA_NAMES or any(map(_forbidden, found)):
        raise ChatChoiceRefused(reason("chat_server.forbidden", host=host))
    if parts.scheme == "http" and not _at_home(host, found):
        raise ChatChoiceRefused(reason("chat_server.not_https", host=host))


def _is_address(host: str) -> bool:
    try:
        return bool(ip_address(host.partition("%")[0]))
    except ValueError:
        return False


def _plain(address: str) -> Address:
    """The address, without a zone, and that of IPv4 where IPv6 only wraps it."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        return found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1] or _translated(found) or found
    return found


def _translated(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address behind one of a NAT64."""
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in ip_network("64:ff9b::/96") else None


def _forbidden(address: Address) -> bool:
    if any(address in network for network in METADATA if network.version == address.version):
        return True
    return address.is_multicast or address.is_unspecified or (address.is_reserved and not address.is_loopback)


def _at_home(host: str, found: Iterable[Address]) -> bool:
    """True if every address of a host is on this machine or in a private network."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    known = list(found)
    return bool(known) and all(a.is_loopback or a.is_private or (a.version == 4 and a in SHARED) for a in known)
