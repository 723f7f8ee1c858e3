"""A question's words against those of the documents: one that stands nowhere, and nearly is one that does, is a slip.

The index itself is asked, so there is no list of words to keep: whether a term is there, and which of all words one
slip away are. Corrected is only what can be one word alone; names of things (codes, numbers) never are, nor are scripts
written without blanks.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from rag.messages import Reason, reason
from rag.protocols import Searchable
from rag.text.identifiers import naming
from rag.text.scripts import UNSPACED
from rag.text.terms import query_terms, stem, telling_words, terms
from rag.types import Hit

SHORTEST = 5
"""Letters from which a word is corrected: shorter ones are near to too many."""
LONGEST = 32
"""Letters up to which: a longer one is no slip of the pen, and has thousands of neighbours."""
LONGEST_RUN = 64
"""Characters of a word, or of a run without blanks, that is looked up."""
MOST_WORDS = 40
"""Words of a question that is looked at; a longer one is a text that was pasted."""
LONG_WORD = 6
"""Letters from which a word with two slips of the pen is still taken for the same; below, with one."""
CLEARLY = 3
"""Times as often the nearest word stands in the passages looked at as any other that is as near."""
LOOKED_AT = 50
"""Passages whose words are considered."""
UNKNOWN_TOKENS = 3
"""Tokens of a word that a model does not know."""
NAMED_SHARE = 0.25
"""Least share of the passages that write a word as a name for it to be what a word in capitals was meant to be."""
MOST_CORRECTED = 3
"""Words of a question that are corrected; a text with more is in another language."""

CountTokens = Callable[[Sequence[str]], Sequence[int]]

_LETTERS = re.compile(rf"(?:(?![{UNSPACED}])[^\W\d_])+")
_OTHER_LETTERS = {"CYRILLIC": "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґ", "GREEK": "αβγδεζηθικλμνξοπρστυφχψως"}
_LATIN = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Spelled:
    """A query as it is searched, and what was corrected in it: each word as typed and as it stands in the documents."""

    query: str
    corrections: tuple[tuple[str, str], ...] = ()

    @property
    def why(self) -> Reason | None:
        """The corrections in words; None where there is none."""
        if not self.corrections:
            return None
        typed, meant = zip(*self.corrections, strict=True)
        return reason("stages.spelled", typed=", ".join(typed), meant=", ".join(meant))


def spelled(query: str, store: Searchable, documents: Sequence[str] = (), *, count_tokens: CountTokens) -> Spelled:
    """The query with its slips corrected; as it is where full text cannot be searched. Raises StoreError.

    `count_tokens` is a model's: what it has as one token, or in no more than what stands in the documents, is a word of
    its own, which the documents happen not to have.
    """
    words = _correctable(query)
    if not words or store.full_text_missing() is not None:
        return Spelled(query)
    unknown = absent(words, store, documents)
    if len(unknown) > MOST_CORRECTED:
        return Spelled(query)
    corrections: list[tuple[str, str]] = []
    for word in unknown:
        first = query.startswith(word)  # its capital says nothing
        other = _correction(word[0].lower() + word[1:] if first else word, query, store, documents)
        if other and _is_slip(word, other, count_tokens):
            capital = first and word[0].isupper()
            corrections.append((word, other[0].upper() + other[1:] if capital else other))
    for word, other in corrections:
        query = re.sub(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", other, query)
    return Spelled(query, tuple(corrections))


def absent(words: Sequence[str], store: Searchable, documents: Sequence[str] = ()) -> tuple[str, ...]:
    """Those of the words that stand in no passage that is searched, in any form; of many the first are looked up.

    Raises StoreError.
    """
    asked = {word: _telling_terms(word) for word in words[:MOST_WORDS] if len(word) <= LONGEST_RUN}
    every = list(dict.fromkeys(term for own in asked.values() for term in own))
    seen = _held(store.search_terms(every, limit=len(words) + 1, documents=documents))
    return tuple(
        word
        for word, own in asked.items()
        if own and not seen.intersection(own) and not store.search_terms(own, limit=1, documents=documents)
    )


def _telling_terms(word: str) -> list[str]:
    """The terms of a word; of a run of characters the pairs, for single ones stand everywhere."""
    own = terms(word)
    return [term for term in own if term.isascii() or len(term) > 1] or own


def _correctable(query: str) -> list[str]:
    words = telling_words(query)
    if len(words) > MOST_WORDS:
        return []
    named = " ".join(name.text for name in naming(query))
    return [
        word
        for word in words
        if SHORTEST <= len(word) <= LONGEST and _LETTERS.fullmatch(word) and not word.isupper() and word not in named
    ]


def _correction(word: str, query: str, store: Searchable, documents: Sequence[str]) -> str:
    """The one word of the documents that `word` was meant to be; "" where none is, or more than one may be."""
    for near in (_one_slip_from(stem(word.casefold())), [t for other in _one_slip_from(word) for t in terms(other)]):
        hits = store.search_terms(list(dict.fromkeys(near)), limit=LOOKED_AT, documents=documents)
        if found := _nearest(word, hits, slips=1):
            return found
    rest = [term for term in query_terms(query) if term not in terms(word)]
    if len(word) < LONG_WORD or not rest:
        return ""
    return _nearest(word, store.search_terms(rest, limit=LOOKED_AT, documents=documents), slips=2)


def _is_slip(word: str, other: str, count_tokens: CountTokens) -> bool:
    own, others = count_tokens([word, other])
    unknown = own >= UNKNOWN_TOKENS
    near = OSA.distance(word.casefold(), other.casefold()) == 1
    return own > 1 and (own > others or unknown) and (near or unknown)


def _nearest(word: str, hits: Iterable[Hit], *, slips: int) -> str:
    folded = word.casefold()
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for hit in hits:
        for form in set(_LETTERS.findall(hit.stored.chunk.embedded_text)):
            if abs(len(form) - len(word)) <= slips and _may_be(folded, form, slips) and telling_words(form):
                forms["".join(terms(form))][form] += 1
    ranked = sorted(((_distance(folded, some), -some.total(), term) for term, some in forms.items()))
    if not ranked:
        return ""
    distance, count, term = ranked[0]
    if len(ranked) > 1 and ranked[1][0] == distance and count > CLEARLY * ranked[1][1]:
        return ""
    return _written(word, forms[term])


def _may_be(folded: str, form: str, slips: int) -> bool:
    """True if a word is near enough, and begins alike: few slips are at the first letter."""
    other = form.casefold()
    alike = other[0] == folded[0] or other[:2] == folded[1::-1]
    return alike and OSA.distance(folded, other, score_cutoff=slips) <= slips


def _distance(folded: str, forms: Iterable[str]) -> int:
    return min(OSA.distance(folded, form.casefold()) for form in forms)


def _written(word: str, forms: Counter[str]) -> str:
    """The nearest of a word's forms, written as the documents do; "" for a name, in capitals, that they write small."""
    folded = word.casefold()
    distance = _distance(folded, forms)
    counted = Counter({form: n for form, n in forms.items() if OSA.distance(folded, form.casefold()) == distance})
    form = counted.most_common(1)[0][0]
    names = sum(n for each, n in counted.items() if each[0].isupper())
    if word[0].isupper():
        return form if NAMED_SHARE * counted.total() <= names else ""
    return form.lower() if form.lower() in counted else form


def _one_slip_from(word: str) -> list[str]:
    """All words one slip away: a letter more, less, other, or two changed over."""
    folded = word.casefold()
    script = unicodedata.name(folded[0], "").partition(" ")[0]
    letters = _OTHER_LETTERS.get(script, _LATIN)
    parts = [(folded[:i], folded[i:]) for i in range(len(folded) + 1)]
    less = [a + b[1:] for a, b in parts if b]
    over = [a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1]
    other = [a + c + b[1:] for a, b in parts if b for c in letters]
    more = [a + c + b for a, b in parts for c in letters]
    return [*less, *over, *other, *more]


def _held(hits: Iterable[Hit]) -> frozenset[str]:
    return frozenset(term for hit in hits for term in terms(hit.stored.chunk.whole_text))
