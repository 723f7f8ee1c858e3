"""Questions and passages for the gate: real text, from the handbook that ships with the product."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

from rag import ASSETS
from rag.text.terms import query_terms, terms

PASSAGES = 8
"""Per question: the sections that share most words with it, as a first stage would offer them."""
LONGEST = 600
"""Characters of a passage: enough to judge, short enough for a check of minutes."""


@dataclass(frozen=True, slots=True)
class GateSet:
    """One question and its candidate passages."""

    query: str
    passages: tuple[str, ...]


def gate_sets(assets: Path = ASSETS) -> list[GateSet]:
    """All sets, languages alternating."""
    questions = tomllib.loads((assets / "gate.toml").read_text(encoding="utf-8"))
    by_language = [
        _of_language(asked, _sections(assets / "handbook" / language)) for language, asked in questions.items()
    ]
    return [found for found in chain.from_iterable(zip_longest(*by_language)) if found]


def digest(sets: Sequence[GateSet]) -> str:
    """Changes with any word of any set."""
    return hashlib.sha256(repr(list(sets)).encode()).hexdigest()


def _sections(folder: Path) -> list[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md")))
    return [section.strip()[:LONGEST] for section in re.split(r"(?m)^(?=#{1,2} )", text) if section.strip()]


def _of_language(questions: Sequence[str], sections: Sequence[str]) -> list[GateSet]:
    words = [set(terms(section)) for section in sections]
    return [_set(question, sections, words) for question in questions]


def _set(question: str, sections: Sequence[str], words: Sequence[set[str]]) -> GateSet:
    asked = set(query_terms(question))
    best = sorted(range(len(sections)), key=lambda i: (-len(asked & words[i]), i))[:PASSAGES]
    return GateSet(question, tuple(sections[i] for i in best))
