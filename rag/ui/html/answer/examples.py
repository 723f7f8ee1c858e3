"""The questions a new conversation suggests: those the sample handbook answers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache

from rag import ASSETS
from rag.messages import FIRST, SHIPPED, Language

HANDBOOK = ASSETS / "handbook"
OWN_LANGUAGE = 3
"""Number of suggestions in the reader's language; one more shows that another language works as well."""


@cache
def _questions() -> dict[Language, list[dict[str, str]]]:
    """Language -> rows, for every language that has a handbook."""
    paths = {language: HANDBOOK / language / "questions.toml" for language in SHIPPED.languages}
    return {
        language: tomllib.loads(path.read_text(encoding="utf-8"))["question"]
        for language, path in paths.items()
        if path.exists()
    }


def examples(language: Language) -> list[tuple[str, Language]]:
    """Questions with the language each is in."""
    known = list(_questions())
    own = language if language in known else FIRST
    other = known[(known.index(own) + 1) % len(known)]
    mine = [(row["text"], own) for row in _questions()[own][:OWN_LANGUAGE]]
    return [*mine, (_questions()[other][0]["text"], other)]


@cache
def _pages() -> tuple[str, ...]:
    return tuple(path.name for path in HANDBOOK.glob("*/*.md"))


def fit(names: Iterable[str]) -> bool:
    """True if there are no documents but pages of the handbook."""
    return all(name.endswith(_pages()) for name in names)
