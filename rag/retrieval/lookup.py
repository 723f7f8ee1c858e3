"""Names in a query, such as codes, versions and numbered articles, against passages: found, and put first.

To a model near names are near: 2.4.1 is as good as 2.4.10. So a passage that has exactly the one that was asked for
comes before all others, and where none has it that is said instead of an answer about another one. Whether none has it
is asked of the whole index, by full text; where that is missing nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.protocols import Searchable
from rag.text.codes import Weight
from rag.text.identifiers import Identifier, IdentifierKind, holds, mentions, naming, others, search_terms
from rag.types import Candidate, Hit, Named, StoredChunk

from .names import NOTHING, MissingNames, nearest_name
from .spelling import absent
from .suggestions import lacking

LOOKED_UP = 20
"""Hits for the terms of a name that are held against it."""
LOOKED_THROUGH = 100
"""The same before a name is said to stand nowhere."""
MOST_KEPT = 20
"""Other names of one passage that are kept with it; a change log has hundreds."""
MOST_UNKNOWN = 6
"""Words that the index is asked about; a question with more is not about these documents."""
SHORTEST_BEGIN, LONGEST_END = 4, 3
"""Letters that two forms of one word have in common, and those of an ending."""
FEW = 6
"""Passages that may have a name for it to tell them apart; what more have says little."""


@dataclass(frozen=True, slots=True)
class NameSearch:
    """The candidates of a query with what they have of its names, those that were only found by one at the end."""

    candidates: tuple[Candidate, ...]
    found: int = 0
    """Number of candidates that no other search had found."""
    missing: MissingNames = NOTHING


def look_up(
    query: str, candidates: Sequence[Candidate], store: Searchable, documents: Sequence[str] = ()
) -> NameSearch:
    """Hold candidates against the names of a query, and find the passages that have one. Raises StoreError."""
    names = naming(query)
    if store.full_text_missing() is not None:
        return NameSearch(_marked(names, candidates))
    known = {c.stored.id: c for c in candidates}
    lost: dict[Identifier, list[str]] = {}
    for name in names:
        if any(c.full_text and holds(name, text(c.stored)) for c in known.values()):
            continue  # full text ranks what has so rare a term
        hits = _hits(name, store, documents)
        for hit in [hit for hit in hits if holds(name, text(hit.stored))][:FEW]:
            known.setdefault(hit.stored.id, Candidate(hit.stored))
        if not any(mentions(name, text(c.stored)) for c in known.values()):
            near = [text(c.stored) for c in known.values()] + [text(hit.stored) for hit in hits]
            lost[name] = [other for passage in near for other in others(name, passage)]
    gone = [name for name in lost if _is_missed(name, names, lost) and not _mentioned(name, store, documents)]
    nearest = nearest_name(_said(gone[0]), lost[gone[0]]) if gone else ""
    found = len(known) - len(candidates)
    return NameSearch(
        _marked(names, known.values()),
        found,
        MissingNames(
            tuple(name.text for name in gone), nearest, _unknown(query, names, known.values(), store, documents)
        ),
    )


def text(stored: StoredChunk) -> str:
    """Text of a passage in which names are looked for."""
    return stored.chunk.embedded_text


def _hits(name: Identifier, store: Searchable, documents: Sequence[str]) -> list[Hit]:
    """What full text finds by the terms of a name: by the surest that find one that holds it, else by the last."""
    hits: list[Hit] = []
    for terms in search_terms(name):
        hits = store.search_terms(terms, limit=LOOKED_UP, documents=documents)
        if any(holds(name, text(hit.stored)) for hit in hits):
            break
    return hits


def _mentioned(name: Identifier, store: Searchable, documents: Sequence[str]) -> bool:
    """True if any passage has a name, or what may be meant by it, as far as full text can tell."""
    hits = store.search_terms(search_terms(name)[-1], limit=LOOKED_THROUGH, documents=documents)
    return any(mentions(name, hit.stored.chunk.whole_text) for hit in hits)


def _marked(names: Sequence[Identifier], candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    candidates = tuple(candidates)
    having = {name.value: [holds(name, text(c.stored)) for c in candidates] for name in names}
    few = {name.value for name in names if sum(having[name.value]) <= FEW}
    marked: list[Candidate] = []
    for at, c in enumerate(candidates):
        own = [name for name in names if having[name.value][at]]
        if not own:
            instead = tuple(dict.fromkeys(other for name in names for other in others(name, text(c.stored))))
            marked.append(replace(c, named=Named.OTHER if instead else Named.NOT, names=instead[:MOST_KEPT]))
            continue
        telling = [name for name in own if name.value in few]
        firm = any(name.weight is not Weight.DETAIL for name in telling)
        named = Named.NAME if firm else Named.DETAIL if telling else Named.COMMON
        marked.append(replace(c, named=named, names=tuple(name.text for name in own)))
    return tuple(marked)


def _is_missed(name: Identifier, names: Sequence[Identifier], lost: Mapping[Identifier, Sequence[str]]) -> bool:
    """True if there is no answer without a name: it names a thing, and no other of its kind in the query is there."""
    if name.weight is Weight.DETAIL or (name.weight is Weight.NAME_AMONG_OTHERS and not lost[name]):
        return False
    alike = [each for each in names if each.kind is name.kind and each.weight is not Weight.DETAIL]
    return all(each in lost for each in alike if name.kind is IdentifierKind.WORD or each.form == name.form)


def _said(name: Identifier) -> str:
    """A name as others are held against it: a version is one with or without the word before it."""
    return name.value if name.kind is IdentifierKind.VERSION else name.text


def _unknown(
    query: str, names: Sequence[Identifier], near: Iterable[Candidate], store: Searchable, documents: Sequence[str]
) -> tuple[str, ...]:
    """The telling words, other than names, that no passage has: neither a candidate nor any other in the index."""
    named = " ".join(name.text for name in names)
    passages = " ".join(c.stored.chunk.whole_text for c in near)
    words = [word for word in lacking(query, passages) if word not in named]
    begun = set(re.findall(r"[^\W\d_]+", passages.casefold()))
    new = [word for word in words if not _in_another_form(word, begun)]
    return absent(new[:MOST_UNKNOWN], store, documents)


def _in_another_form(word: str, there: Iterable[str]) -> bool:
    """True if a word that begins as this one does is there: an ending says little, and no language's are known here."""
    begin = word.casefold()[: max(SHORTEST_BEGIN, len(word) - LONGEST_END)]
    return word.isalpha() and len(word) >= SHORTEST_BEGIN and any(other.startswith(begin) for other in there)
