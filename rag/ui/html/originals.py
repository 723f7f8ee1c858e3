"""Addresses at which the page finds the original of a document: the file it was made of."""

from __future__ import annotations

from urllib.parse import urlencode

ORIGINAL = "original"
"""The path that serves originals."""


def address(document: str, base: str) -> str:
    """Relative address of the file of a document in the knowledge base with that id."""
    return f"{ORIGINAL}?{urlencode({'name': document, 'base': base})}"
