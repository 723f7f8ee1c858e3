"""Addresses at which the page finds the original of a document: the file it was made of."""

from __future__ import annotations

from urllib.parse import urlencode

from .markup import esc

ORIGINAL = "original"
"""The path that serves originals."""


def address(document: str, base: str) -> str:
    """Relative address of the file of a document in the knowledge base with that id; ready for an attribute."""
    return esc(f"{ORIGINAL}?{urlencode({'name': document, 'base': base})}")
