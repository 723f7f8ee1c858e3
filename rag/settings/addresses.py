"""Parsers and checks of settings that hold addresses: networks of proxies, and the path the page is under."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network

from rag.errors import SettingsError
from rag.messages import reason

Network = IPv4Network | IPv6Network

_ROOT_PATH = re.compile(r"(/(?!\.+(/|$))[A-Za-z0-9._~-]+)*")


def networks(name: str, written: str) -> tuple[Network, ...]:
    """The networks of a comma-separated setting; a single address is a network of one.

    Raises SettingsError naming the setting and the part that is neither.
    """
    found: list[Network] = []
    for part in (part.strip() for part in written.split(",")):
        try:
            found += [ip_network(part, strict=False)] if part else []
        except ValueError as e:
            raise SettingsError(reason("settings.network", name=name, value=part)) from e
    return tuple(found)


def root_path(name: str, written: str) -> str:
    """The path below which the page is found: "" at the top, else with a slash before and none behind.

    Raises SettingsError naming the setting and its value.
    """
    path = f"/{written.strip().strip('/')}".rstrip("/")
    if not _ROOT_PATH.fullmatch(path):
        raise SettingsError(reason("settings.path", name=name, value=written))
    return path
