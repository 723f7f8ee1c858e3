"""The characters of a passage to mark for a question: its words, and the sentence that holds most of them. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from .scripts import UNSPACED
from .sentences import Form, sentences
from .terms import query_terms, terms

Span = tuple[int, int]
"""Characters `[start, end)`."""

_WORD = re.compile(rf"(?P<run>[{UNSPACED}]+)|(?:(?![{UNSPACED}])[^\W_])+")


def term_spans(query: str, text: str) -> list[Span]:
    """Words of `text` that full-text search would match with the query, in order, neighbours joined.

    Inflected forms count; in scripts without blanks pairs of characters do, single ones only where the query has
    nothing longer.
    """
    asked = frozenset(query_terms(query))
    pairs_only = any(len(term) == 2 and not term.isascii() for term in asked)
    spans: list[Span] = []
    for word in _WORD.finditer(text):
        if word["run"]:
            found = _in_run(word.group(), asked, pairs_only=pairs_only)
        else:
            found = [(0, len(word.group()))] if asked.intersection(terms(word.group())) else []
        spans += [(word.start() + start, word.start() + end) for start, end in found]
    return _joined(spans)


def best_sentence(query: str, text: str) -> Span | None:
    """The sentence, code block or table that holds most of the query's words, the rare ones counting more.

    The first of equals; None where no word of the query occurs outside headings.
    """
    asked = query_terms(query)
    pieces = [piece for piece in sentences(text) if piece.form is not Form.HEADING]
    held = [frozenset(terms(text[piece.start : piece.end])) for piece in pieces]
    weights = rarity(asked, held)
    scores = [sum(weights[term] for term in asked if term in found) for found in held]
    if not any(scores):
        return None
    best = pieces[max(range(len(pieces)), key=scores.__getitem__)]
    return best.start, best.end


def rarity(asked: Sequence[str], held: Sequence[frozenset[str]]) -> dict[str, float]:
    """Weight of each term by how few of the texts, given as the terms they hold, have it: BM25's idf."""
    count = len(held)
    frequency = {term: sum(term in found for found in held) for term in asked}
    return {term: math.log(1 + (count - n + 0.5) / (n + 0.5)) for term, n in frequency.items()}


def _in_run(run: str, asked: frozenset[str], *, pairs_only: bool) -> list[Span]:
    pairs = [(i, i + 2) for i in range(len(run) - 1) if asked.intersection(_longest(run[i : i + 2]))]
    if pairs or pairs_only:
        return pairs
    return [(i, i + 1) for i, character in enumerate(run) if asked.intersection(terms(character))]


def _longest(pair: str) -> list[str]:
    return [term for term in terms(pair) if len(term) > 1]


def _joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
