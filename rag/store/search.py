"""Searches that show committed revisions only: over-fetch, look the documents up in the registry, drop the rest.

Documents that are disabled or deleted are named to Milvus as not to be searched, as long as they are not too many;
the look-up drops them in any case.

While a document is being replaced both its revisions have rows. Hits of the one that does not count are dropped; when
the change fell between search and look-up, the search is repeated, so a document is never missing from results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from rag.text.terms import query_terms

from ..errors import StoreError
from ..messages import Reason
from ..types import DenseRank, Hit, Vectors
from ..types import within as in_scope
from . import limits
from .connection import Connection
from .filters import any_of, below, both, none_of, one_of
from .indexes import SearchParams
from .registry import NAMES_PER_QUERY, Consistency, Registry
from .rows import CHUNK_FIELDS, public, stored_chunk
from .schema import DENSE, SPARSE

SPARE_HITS = 16
"""Hits asked for beyond the limit, to stand in for the few that may have to be dropped."""

WIDER = 4
ATTEMPTS = 12

PLACE_FIELDS = ("id", "document", "sha256", "chunk")
"""Fields that tell a chunk from others and whether it counts, without its text."""

Row = Mapping[str, Any]
"""A hit as Milvus gives it: `entity` and `distance`."""

Scored = tuple[float, Mapping[str, Any]]
"""Score and fields of a hit, as `rows.public` gives them."""


class CollectionSearch:
    """The searches of one collection."""

    def __init__(
        self,
        connection: Connection,
        collection: str,
        registry: Registry,
        params: SearchParams,
        fields: Sequence[str] = CHUNK_FIELDS,
        *,
        dimension: int,
        full_text_missing: Reason | None,
    ) -> None:
        """`fields` are those of a chunk that the collection has; `full_text_missing` says why words find nothing."""
        self._dimension = dimension
        self._full_text_missing = full_text_missing
        self._connection = connection
        self._collection = collection
        self._registry = registry
        self._params = params
        self._fields = fields

    def dense(self, vector: Vectors, *, limit: int, documents: Sequence[str]) -> list[Hit]:
        """Nearest chunks by inner product."""
        return _as_hits(self._dense(vector, self._fields, limit=limit, documents=documents))

    def standings(
        self, vector: Vectors, ids: Sequence[str], *, depth: int, documents: Sequence[str]
    ) -> dict[str, DenseRank]:
        """Score and rank of the chunks with these ids; those that do not count are missing.

        One search as deep as asked gives ranks; what it did not return is scored from its vector. A score that
        belongs above the last one returned was missed by an approximate index, and gets the rank it should have had.
        """
        found = self._dense(vector, PLACE_FIELDS, limit=depth, documents=documents)
        returned = {row["id"]: DenseRank(score, rank, True) for rank, (score, row) in enumerate(found, start=1)}
        standings = {key: returned[key] for key in ids if key in returned}
        scores = np.array([-score for score, _ in found])
        for row in self._rows_of([key for key in ids if key not in returned]):
            score = float(vector[0] @ np.asarray(row[DENSE], np.float32))
            rank = int(np.searchsorted(scores, -score, side="right")) + 1
            within = rank <= depth and (rank <= len(found) or len(found) < depth)
            searched = in_scope(row["document"], documents)
            standings[row["id"]] = DenseRank(score, rank if within and searched else None, False)
        return standings

    def _rows_of(self, ids: Sequence[str]) -> list[Mapping[str, Any]]:
        """Rows with their vectors of those `ids` that belong to a committed revision."""
        rows: list[Mapping[str, Any]] = []
        for some in limits.groups(list(dict.fromkeys(ids)), NAMES_PER_QUERY):
            with self._connection.reading():
                found = self._connection.call(
                    "query",
                    collection_name=self._collection,
                    filter=one_of("id", some),
                    output_fields=[*PLACE_FIELDS, DENSE],
                    limit=len(some),
                    consistency_level="Session",
                )
                entries = self._registry.entries(row["document"] for row in found)
            rows += [
                public(row, entry.document.sha256)
                for row in found
                if (entry := entries.get(row["document"])) and entry.searched and entry.revision == row["sha256"]
            ]
        return rows

    def _dense(self, vector: Vectors, fields: Sequence[str], *, limit: int, documents: Sequence[str]) -> list[Scored]:
        limits.check_hits(limit)
        limits.check_vectors(vector, rows=1, dimension=self._dimension)
        return self._scored(DENSE, vector[0], self._params, fields, limit=limit, documents=documents)

    def full_text(self, query: str, *, limit: int, documents: Sequence[str]) -> list[Hit]:
        """Best chunks by BM25 over the query's terms; none when it has no term."""
        return self.terms(query_terms(query), limit=limit, documents=documents)

    def terms(self, terms: Sequence[str], *, limit: int, documents: Sequence[str]) -> list[Hit]:
        """Best chunks by BM25 over these terms."""
        limits.check_hits(limit)
        if self._full_text_missing:
            raise StoreError(self._full_text_missing)
        if not terms:
            return []
        return _as_hits(
            self._scored(
                SPARSE,
                " ".join(terms),
                lambda fetch, filtered: {"metric_type": "BM25", "params": {}},
                self._fields,
                limit=limit,
                documents=documents,
            )
        )

    def _scored(
        self,
        field: str,
        data: Any,
        params: SearchParams,
        fields: Sequence[str],
        *,
        limit: int,
        documents: Sequence[str],
    ) -> list[Scored]:
        """Committed rows with their scores, best first, equal ones in a fixed order."""
        names = [name for name in dict.fromkeys(documents) if limits.is_unicode(name)]
        if limit < 1 or (documents and not names):
            return []
        hidden = self._registry.hidden()
        searched = none_of("document", hidden) if hidden else ""
        filters = [both(_among(some), searched) for some in limits.groups(names, NAMES_PER_QUERY)] or [searched]

        def once(fetch: int, consistency: Consistency) -> list[Row]:
            found = [
                row
                for expression in filters
                for row in self._connection.call(
                    "search",
                    collection_name=self._collection,
                    data=[data],
                    anns_field=field,
                    limit=fetch,
                    filter=expression,
                    output_fields=list(fields),
                    search_params=params(fetch, bool(expression)),
                    consistency_level=consistency,
                )[0]
            ]
            # a folder of one group may hold a document of another
            return list({row["entity"]["id"]: row for row in found}.values())

        found = self._committed(once, limit)
        # Milvus Lite gives BM25 as a negative distance, servers as a positive score.
        scored = [(abs(score) if field == SPARSE else score, row) for score, row in found]
        scored.sort(key=lambda pair: (-pair[0], pair[1]["document"], pair[1]["chunk"]))
        return [(float(score), row) for score, row in scored[:limit]]

    def _committed(self, once: Callable[[int, Consistency], list[Row]], limit: int) -> list[Scored]:
        """Rows of committed revisions with their distances, at least `limit` of them where there are that many.

        Reads are cheap first and strongly consistent once a hit had to be dropped: another process may be at work.
        """
        consistency: Consistency = "Session"
        fetch = min(limit + SPARE_HITS, limits.MOST_HITS)
        dropped_before: frozenset[tuple[str, str]] | None = None
        kept: list[Scored] = []
        for _ in range(ATTEMPTS):
            with self._connection.reading():
                rows = once(fetch, consistency)
                names = {row["entity"]["document"] for row in rows}
                entries = self._registry.entries(names, consistency=consistency)
            current = {name: entry.revision for name, entry in entries.items()}
            searched = {name: entry.document.sha256 for name, entry in entries.items() if entry.searched}
            counting = [row for row in rows if current.get(row["entity"]["document"]) == row["entity"]["sha256"]]
            kept = [
                (row["distance"], public(row["entity"], searched[name]))
                for row in counting
                if (name := row["entity"]["document"]) in searched
            ]
            dropped = frozenset((row["entity"]["document"], row["entity"]["sha256"]) for row in rows) - current.items()
            if len(kept) < limit and len(rows) >= fetch and fetch < limits.MOST_HITS:
                fetch = min(fetch * WIDER, limits.MOST_HITS)
            elif not dropped or self._connection.embedded or dropped == dropped_before:
                break
            dropped_before, consistency = dropped, "Strong"
        return kept


def _as_hits(scored: Sequence[Scored]) -> list[Hit]:
    return [Hit(stored_chunk(row), rank, score) for rank, (score, row) in enumerate(scored, start=1)]


def _among(documents: Sequence[str]) -> str:
    """Rows of the documents, or of a folder for a name that ends in "/"."""
    names = [name for name in documents if not name.endswith("/")]
    folders = [below("document", folder) for folder in documents if folder.endswith("/")]
    return any_of(one_of("document", names) if names else "", *folders)
