"""Documents that words name by their title. Pure.

A title names a document where it stands in the words whole, and is long enough not to stand there by chance, or is all
of the words; of titles within each other the longest names one. A title that several documents have names none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from rag.text.scripts import IDEOGRAPHS
from rag.types import Document

LONGEST = 300
"""Characters of words that are looked through."""
LEAST_WORDS = 2
LEAST_CHARACTERS = 4
"""Of a title in a script without blanks."""
REMEMBERED = 20_000
"""Titles whose words are remembered."""
_IDEOGRAPH = re.compile(rf"[{IDEOGRAPHS}]")
_LETTER = rf"(?:(?![{IDEOGRAPHS}])[^\W_])"
_WORDS = re.compile(rf"[{IDEOGRAPHS}]|{_LETTER}+(?:[.'+#]{_LETTER}+)*[+#]*")
Words = tuple[str, ...]
"""Words, and characters of scripts without blanks."""


def titled(words: str, documents: Sequence[Document]) -> list[Document]:
    """The documents that are named, in the order of `words`."""
    said = words_of(words[:LONGEST])
    by_title: dict[Words, list[Document]] = {}
    for document in documents:
        own = words_of(document.title)
        if own and len(own) <= len(said):
            by_title.setdefault(own, []).append(document)
    lengths = sorted({len(own) for own in by_title if _telling(own) or own == said}, reverse=True)
    taken = [False] * len(said)
    found: list[tuple[int, Document]] = []
    for length in lengths:
        for start in range(len(said) - length + 1):
            own = said[start : start + length]
            named = by_title.get(own, [])
            if named and (_telling(own) or own == said) and not any(taken[start : start + length]):
                taken[start : start + length] = [True] * length
                found += [(start, named[0])] if len(named) == 1 else []
    return [document for _, document in sorted(found, key=lambda one: one[0])]


def without_titles(words: str, documents: Sequence[Document]) -> str:
    """The words less the titles of these documents, as far as they stand there letter by letter."""
    for document in documents:
        at = words.casefold().find(document.title.casefold())
        words = f"{words[:at]} {words[at + len(document.title) :]}" if at >= 0 and document.title else words
    return words


@lru_cache(maxsize=REMEMBERED)
def words_of(text: str) -> Words:
    """What tells two titles apart: the words in order, whatever their case and what stands between them."""
    return tuple(_WORDS.findall(unicodedata.normalize("NFKC", text).casefold()))


def _telling(own: Words) -> bool:
    wide = sum(_IDEOGRAPH.match(word) is not None for word in own)
    return wide >= LEAST_CHARACTERS or len(own) - wide >= LEAST_WORDS or (wide > 1 and len(own) > wide)
