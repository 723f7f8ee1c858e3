"""Documents and their contents to the profile of a knowledge base. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, islice, pairwise

from rag.documents.contents.leads import LinkPlaces
from rag.retrieval.duplicates import Kinship, family, kinship
from rag.types import Document
from rag.types.contents import AlikeDocuments, Counts, DocumentContents, KnowledgeProfile

from ..listing import folders

MOST = 15
"""Values told of each kind."""
MOST_SKETCHES = 200
MOST_ALIKE = 30
LEAST_SHARED = 0.5
"""Share of passages in common from which two documents are told to be alike."""
COMMONPLACE = 20
"""Documents that have one passage in common, from which it says nothing of any two of them."""
MOST_RELATIVES = 12
"""Versions of one document that are compared with each other."""


def profile_of(documents: Sequence[Document], contents: Mapping[str, DocumentContents]) -> KnowledgeProfile:
    """The profile of `documents`; the `contents` of some may not be known."""
    read = [contents[d.name] for d in documents if d.name in contents]
    dates = sorted(document.date for document in documents if document.date)
    sketches = sorted((t for c in read for t in c.tables), key=lambda t: (-t.rows, t.document))
    headings = Counter(heading for c in read for heading in c.headings)
    edges, dangling = _edges([d.name for d in documents], contents)
    return KnowledgeProfile(
        documents=len(documents),
        read=len(read),
        chunks=sum(document.chunks for document in documents),
        tokens=sum(document.tokens for document in documents),
        kinds=_counts(document.kind for document in documents),
        languages=_counts(document.language for document in documents),
        folders=tuple(sorted(folders(documents), key=lambda one: (-one[1], one[0])))[:MOST],
        tags=_counts(tag for document in documents for tag in document.tags),
        fields=_counts(key for document in documents for key, _ in document.fields or ()),
        dated=len(dates),
        dates=(dates[0], dates[-1]) if dates else ("", ""),
        headings=headings.total(),
        common_headings=tuple((heading, count) for heading, count in _most(headings) if count > 1),
        tables=len(sketches),
        documents_with_tables=len({sketch.document for sketch in sketches}),
        sketches=tuple(sketches[:MOST_SKETCHES]),
        links=len(edges),
        dangling=dangling,
        linked=_counts(target for _, target in edges),
        alike=tuple(islice(_alike(documents, contents), MOST_ALIKE)),
    )


def _counts(values: Iterable[str]) -> Counts:
    return _most(Counter(values))


def _most(counted: Counter[str]) -> Counts:
    return tuple(sorted(counted.items(), key=lambda one: (-one[1], one[0])))[:MOST]


def _edges(names: Sequence[str], contents: Mapping[str, DocumentContents]) -> tuple[set[tuple[str, str]], int]:
    """Which document links to which, and how many links lead to none."""
    places = LinkPlaces(names)
    edges: set[tuple[str, str]] = set()
    dangling = 0
    for name, held in contents.items():
        for target in held.links:
            if (leads_to := places.of(target, name)) and leads_to != name:
                edges.add((name, leads_to))
            dangling += not leads_to
    return edges, dangling


def _alike(documents: Sequence[Document], contents: Mapping[str, DocumentContents]) -> Iterator[AlikeDocuments]:
    """Pairs that share most of their passages, then versions of one document that do not."""
    shared: Counter[tuple[str, str]] = Counter()
    for names in _by_print(contents).values():
        if len(names) <= COMMONPLACE:
            shared.update(combinations(sorted(names), 2))
    told: set[tuple[str, str]] = set()
    for (one, other), count in sorted(shared.items(), key=lambda pair: (-pair[1], pair[0])):
        share = count / min(len(contents[one].prints), len(contents[other].prints))
        if share >= LEAST_SHARED:
            told.add((one, other))
            yield AlikeDocuments(one, other, share, kinship(one, other) is not Kinship.NONE)
    for one, other in _relatives(documents):
        if (one, other) not in told:
            fewest = min((len(contents[n].prints) for n in (one, other) if n in contents), default=0)
            yield AlikeDocuments(one, other, shared[one, other] / fewest if fewest else 0.0, True)


def _by_print(contents: Mapping[str, DocumentContents]) -> Mapping[int, list[str]]:
    having: dict[int, list[str]] = defaultdict(list)
    for name, held in contents.items():
        for mark in held.prints:
            having[mark].append(name)
    return having


def _relatives(documents: Sequence[Document]) -> Iterator[tuple[str, str]]:
    """Neighbours among the versions of one document, in order of their names."""
    families: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for document in documents:
        if own := family(document.name):
            families[own].append(document.name)
    for names in families.values():
        ordered = sorted(names)[:MOST_RELATIVES]
        yield from ((one, other) for one, other in pairwise(ordered) if kinship(one, other) is Kinship.VERSIONS)
