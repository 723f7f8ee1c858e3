"""Checks of host names, of the origin of requests, and of the headers of proxies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from rag.settings.addresses import Network

from .asgi import Headers, Scope, values

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ANYWHERE = frozenset({"", "0.0.0.0", "::"})
"""Addresses to listen on for all addresses of the machine; none is a host name."""

FORWARDED = frozenset(
    {
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
        b"x-forwarded-server",
        b"x-gradio-server",
        b"x-real-ip",
    }
)
"""Headers in which proxies describe the request they received: everybody can write them."""
LONGEST_HOST = 255

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\s:@/\\\[\]]+)(:[0-9]+)?")
_ORIGIN = re.compile(r"https?://(?P<host>[^\s@/\\?#]+)")


def allowed_hosts(bound: str, named: Iterable[str]) -> frozenset[str]:
    """The host names that a page listening on `bound` answers to, including those `named` in the settings.

    A page must not answer to the name of another site: the owner of that name can let it point to this machine, and the
    reader's browser then takes both for one site (DNS rebinding). This holds on loopback as on the network.
    """
    own = {_bare(bound)} - ANYWHERE
    return LOOPBACK | own | named_hosts(named)


def named_hosts(named: Iterable[str]) -> frozenset[str]:
    """The host names of `RAG_ALLOWED_HOSTS`, even where one is written as the address of a page or with its port."""
    return frozenset(_name(name) for name in named if name.strip())


def host_of(headers: Headers) -> str:
    """The Host header of a request as it was sent; "" for none, several or one that is too long."""
    sent = values(headers, b"host")
    return sent[0] if len(sent) == 1 and len(sent[0]) <= LONGEST_HOST else ""


def addressed_to(hosts: frozenset[str], headers: Headers, *, server: str = "") -> bool:
    """True if a request names one of `hosts`, on any port, and no other host.

    `server` is the address at which the connection arrived. A request that names exactly that address is answered too:
    rebinding needs a name, and a request for the address uses none.
    """
    found = _HOST.fullmatch(host_of(headers))
    if found is None:
        return False
    name = _bare(found["name"])
    address = _address(name)
    return name in hosts or (address is not None and address == _address(server))


def same_origin(headers: Headers, *, named: frozenset[str] = frozenset()) -> bool:
    """True if a request that changes something comes from our own page. Browsers name the origin of each such request.

    A page under a host `named` in the settings is ours on any port, as a proxy may pass the host on without its port;
    a page on another port of localhost is not ours.
    """
    origins = values(headers, b"origin")
    sites = values(headers, b"sec-fetch-site")
    if len(origins) != 1 or any(site not in ("same-origin", "none") for site in sites):
        return False
    origin = _ORIGIN.fullmatch(origins[0])
    if origin is None:
        return False
    found = _HOST.fullmatch(origin["host"])
    own = found is not None and _bare(found["name"]) in named - LOOPBACK
    return own or origin["host"].lower() == host_of(headers).lower()


class Proxies:
    """The trusted proxies: forwarding headers from anybody else are removed."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)

    def heard(self, scope: Scope) -> Scope:
        """The request as it reached the first of our proxies: with the host, scheme and client it had there."""
        headers = [(k, v) for k, v in scope["headers"] if k.lower() not in FORWARDED]
        client = scope.get("client")
        if not client or not self.trusts(client[0]):
            return {**scope, "headers": headers}
        heard = {**scope, "headers": headers}
        for host in _first(scope, b"x-forwarded-host"):
            kept = [(k, v) for k, v in headers if k.lower() != b"host"]
            heard["headers"] = [*kept, (b"host", host.encode("latin-1"))]
        for scheme in _first(scope, b"x-forwarded-proto"):
            if scheme in ("http", "https"):
                heard["scheme"] = scheme if scope["type"] == "http" else scheme.replace("http", "ws")
        hops = [hop.strip() for sent in values(scope["headers"], b"x-forwarded-for") for hop in sent.split(",")]
        foreign = [hop for hop in hops if hop and not self.trusts(hop)]
        if foreign:  # each proxy adds at the end whom it had the request from: what stands before is hearsay
            heard["client"] = (foreign[-1], 0)
        return heard

    def trusts(self, host: str) -> bool:
        """True if that address is one of our proxies."""
        address = _address(host)
        return address is not None and any(address in network for network in self._networks)


def _first(scope: Scope, name: bytes) -> list[str]:
    """The first value of a header, as a list of one or none: that of the outermost proxy."""
    sent = ",".join(values(scope["headers"], name)).split(",")[0].strip()
    return [sent] if sent else []


def _name(written: str) -> str:
    """The host in a setting: written as a name, a name with a port, or the address of a page."""
    bare = _bare(written)
    if _address(bare) is not None:
        return bare
    try:
        return urlsplit(written.strip() if "//" in written else f"//{written.strip()}").hostname or bare
    except ValueError:
        return bare


def _bare(host: str) -> str:
    return host.strip().lower().removeprefix("[").removesuffix("]").removesuffix(".")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
