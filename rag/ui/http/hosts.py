"""Under which host names the page answers, which pages count as its own, and what is believed of proxies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from rag.addresses import Network

from .asgi import Headers, Scope, values

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
ANYWHERE = frozenset({"", "0.0.0.0", "::"})
"""What a page listens on to be reached at all addresses of the machine; nobody's name."""

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
"""Headers in which proxies speak of the request they had: everybody can write them."""
LONGEST_HOST = 255

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\s:@/\\\[\]]+)(:[0-9]+)?")
_ORIGIN = re.compile(r"https?://(?P<host>[^\s@/\\?#]+)")


def allowed_hosts(bound: str, named: Iterable[str]) -> frozenset[str]:
    """The host names a page listening on `bound` answers to, those `named` in the settings among them.

    A page must not answer to the name of another site: whoever owns that name can let it point to this machine, and the
    reader's browser then takes both for one site (DNS rebinding). That holds on loopback as on the network.
    """
    own = {_bare(bound)} - ANYWHERE
    return LOOPBACK | own | named_hosts(named)


def named_hosts(named: Iterable[str]) -> frozenset[str]:
    """The names of `RAG_ALLOWED_HOSTS`, also where one is written as an address of a page or with its port."""
    return frozenset(_name(name) for name in named if name.strip())


def host_of(headers: Headers) -> str:
    """The host a request names, as it was sent; "" for none or several."""
    sent = values(headers, b"host")
    return sent[0] if len(sent) == 1 and len(sent[0]) <= LONGEST_HOST else ""


def addressed_to(hosts: frozenset[str], headers: Headers, *, server: str = "") -> bool:
    """Whether a request names one of `hosts`, on whatever port, and no other beside it.

    `server` is the address at which the connection arrived. A request that names just that address is answered too:
    rebinding needs a name, and where the address stands in place of one, no foreign name was asked.
    """
    found = _HOST.fullmatch(host_of(headers))
    if found is None:
        return False
    name = _bare(found["name"])
    address = _address(name)
    return name in hosts or (address is not None and address == _address(server))


def same_origin(headers: Headers, *, named: frozenset[str] = frozenset()) -> bool:
    """Whether a request that changes something comes from our own page. Browsers name the origin of every such request.

    A page under a host `named` in the settings is ours whatever its port, as a proxy may pass the host on without it;
    one on another port of localhost is somebody else's.
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
    """The proxies whose word on a request counts: what everybody else says about forwarding is taken out."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)

    def heard(self, scope: Scope) -> Scope:
        """The request as it reached the first of our proxies: host, scheme and client are those it had there."""
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
        """Whether what stands at that address is one of our proxies."""
        address = _address(host)
        return address is not None and any(address in network for network in self._networks)


def _first(scope: Scope, name: bytes) -> list[str]:
    """The first of the values of a header, none or one: the outermost proxy's."""
    sent = ",".join(values(scope["headers"], name)).split(",")[0].strip()
    return [sent] if sent else []


def _name(written: str) -> str:
    """The host of what an administrator wrote: a name, one with a port, or the address of a page."""
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
