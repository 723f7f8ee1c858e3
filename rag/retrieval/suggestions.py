"""Words of a question that a passage lacks, and other searches to try, made without a model. Pure.

The rarity of a word is counted among the candidates alone: they are at hand, and they are what the search mistook for
an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from rag.text.terms import telling_words, terms
from rag.types import Candidate

MOST = 3
"""Rewordings offered: more is a list to study, not a way on."""
LOOKED_AT = 10
"""Candidates whose words are considered."""
COMMON_SHARE = 0.5
"""A word that more of the candidates hold than this does not tell them apart."""
SHORTEST_CORRECTED = 4
LONG_WORD = 8
"""Characters from which a word with two slips of the pen is still taken for the same; below, with one."""


def lacking(question: str, passage: str) -> tuple[str, ...]:
    """The telling words of `question`, as written, that `passage` does not hold in any form."""
    held = _terms_of(passage)
    return tuple(piece for word in telling_words(question) for piece in _lacks(word, held))


def rewordings(question: str, candidates: Sequence[Candidate]) -> tuple[str, ...]:
    """Up to three other searches for `question`, given what the first one found, best first; none when none helps."""
    near = candidates[:LOOKED_AT]
    passages = [c.stored.chunk.embedded_text for c in near]
    tried = {_plain(question)}
    offered: list[str] = []
    spelled = _corrected(question, passages) or question
    for other in (spelled, _rare(spelled, passages), _with_heading(spelled, near)):
        if other and _plain(other) not in tried:
            tried.add(_plain(other))
            offered.append(other)
    return tuple(offered[:MOST])


def _lacks(word: str, held: Set[str]) -> list[str]:
    """The parts of one word that are not held: a spaced word as a whole, of a run of characters those not covered."""
    own = terms(word)
    if not own or own[0] in held or (len(own) > 1 and word.isascii() and set(own[1:]) <= held):
        return []
    if word.isascii() or not any(term in word for term in own if len(term) == 2):
        return [] if set(own) <= held else [word]
    covered = [False] * len(word)
    for start in range(len(word) - 1):
        if word[start : start + 2] in held:
            covered[start] = covered[start + 1] = True
    missing = "".join(" " if is_covered else letter for letter, is_covered in zip(word, covered, strict=True)).split()
    return [part for part in missing if len(part) > 1]


def _corrected(question: str, passages: Iterable[str]) -> str:
    """The question with words that no candidate holds replaced by close ones that some do; "" when none is."""
    known = {word.lower() for passage in passages for word in _words_of(passage)}
    held = frozenset(term for word in known for term in terms(word))
    corrected = question
    for word in telling_words(question):
        if not word.isascii() or len(word) < SHORTEST_CORRECTED or not _lacks(word, held):
            continue
        slips = 2 if len(word) >= LONG_WORD else 1
        found = process.extractOne(word.lower(), known, scorer=OSA.distance, score_cutoff=slips)
        if found is not None:
            corrected = _replaced(corrected, word, found[0])
    return corrected if corrected != question else ""


def _replaced(text: str, word: str, other: str) -> str:
    return re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", lambda _: other, text)


def _rare(question: str, passages: Sequence[str]) -> str:
    """The question's telling words alone; of those only what few candidates hold, where there is such a word."""
    words = telling_words(question)
    held = [_terms_of(passage) for passage in passages]
    counts = {word: sum(not _lacks(word, terms_held) for terms_held in held) for word in words}
    telling = [word for word in words if 0 < counts[word] <= COMMON_SHARE * len(held)]
    return " ".join(telling or words)


def _with_heading(question: str, candidates: Iterable[Candidate]) -> str:
    """The question with the heading of the nearest passage that has a word of it and adds one to it."""
    words = telling_words(question)
    for candidate in candidates:
        held = _terms_of(candidate.stored.chunk.embedded_text)
        if words and all(_lacks(word, held) for word in words):
            continue  # near by nothing that could be named: its heading would lead away
        for heading in reversed(candidate.stored.chunk.heading_path):
            if lacking(heading, question):
                return f"{question.rstrip('?？!！.。 ')} {' '.join(heading.split())}"
    return ""


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


@lru_cache(maxsize=512)
def _terms_of(passage: str) -> frozenset[str]:
    return frozenset(terms(passage))


@lru_cache(maxsize=512)
def _words_of(passage: str) -> tuple[str, ...]:
    return tuple(word for word in telling_words(passage) if word.isascii() and len(word) >= SHORTEST_CORRECTED)
