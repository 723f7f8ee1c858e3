"""The questions a new conversation suggests: those the sample handbook answers."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache

from rag import ASSETS
from rag.messages import Language

QUESTIONS = ASSETS / "handbook" / "questions.toml"
OWN_LANGUAGE = 3
"""Suggestions in the reader's language; one more shows that the other works as well."""


@cache
def _questions() -> dict[str, list[dict[str, str]]]:
    return tomllib.loads(QUESTIONS.read_text(encoding="utf-8"))


def examples(language: Language) -> list[tuple[str, Language]]:
    """Questions with the language each is in."""
    other: Language = "en" if language == "zh" else "zh"
    mine = [(row["question"], language) for row in _questions()[language][:OWN_LANGUAGE]]
    return [*mine, (_questions()[other][0]["question"], other)]


def fit(names: Iterable[str]) -> bool:
    """Whether the handbook is among the documents, or there are none yet."""
    pages = tuple({row["page"] for rows in _questions().values() for row in rows})
    known = list(names)
    return not known or any(name.endswith(pages) for name in known)
