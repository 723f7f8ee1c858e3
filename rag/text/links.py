"""Addresses behind links, shortened for models: a reader sees the words of a link, and so does a search. Pure."""

from __future__ import annotations

import re

LONG = 48
"""Number of characters from which an address is shortened: the usual ones of a documentation stay."""

_ADDRESS = re.compile(
    rf"(\]\(<?|^ {{0,3}}\[[^\]\n]{{1,200}}\]:[ \t]{{0,4}}<?|\b(?:href|src)=[\"'])([^\s()<>\"']{{{LONG},}})",
    re.MULTILINE,
)


def without_long_addresses(text: str) -> str:
    """`text` with the long addresses of its links and pictures cut to where they lead, or to the file's name."""
    return _ADDRESS.sub(lambda found: found[1] + _short(found[2]), text)


def _short(address: str) -> str:
    scheme, found, rest = address.partition("://")
    if found and scheme.isalpha():
        return f"{rest.partition('/')[0].partition('?')[0][:LONG]}/…"
    return f"…/{address.partition('?')[0].rpartition('/')[2][:LONG]}"
