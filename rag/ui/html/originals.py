"""Where the file a document was made of is found, seen from the page."""

from __future__ import annotations

from urllib.parse import urlencode

from .markup import esc

ORIGINAL = "original"
"""The path that hands files out."""


def address(document: str, base: str) -> str:
    """Relative address of the file of a document in the knowledge base with that id; ready for an attribute."""
    return esc(f"{ORIGINAL}?{urlencode({'name': document, 'base': base})}")
