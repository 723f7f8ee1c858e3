"""Searches that show committed revisions only: over-fetch, look the documents up in the registry, drop the rest.

While a document is being replaced both its revisions have rows. Hits of the one that does not count are dropped; when
the change fell between search and look-up, the search is repeated, so a document is never missing from results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..lexical import query_terms
from ..types import Hit, Vectors
from . import limits
from .connection import Connection
from .filters import one_of
from .registry import NAMES_PER_QUERY, Consistency, Registry
from .rows import CHUNK_FIELDS, stored_chunk
from .schema import DENSE, FILTERED_LITE_EF, SPARSE

SPARE_HITS = 16
"""Hits asked for beyond the limit, to stand in for the few that may have to be dropped."""

WIDER = 4
ATTEMPTS = 12

Row = Mapping[str, Any]
"""A hit as Milvus gives it: `entity` and `distance`."""


class Search:
    """The searches of one collection."""

    def __init__(self, connection: Connection, collection: str, registry: Registry, *, ef: int) -> None:
        self._connection = connection
        self._collection = collection
        self._registry = registry
        self._ef = ef
        """Search width of HNSW; 0 for an exact index."""

    def dense(self, vector: Vectors, *, limit: int, documents: Sequence[str]) -> list[Hit]:
        """Nearest chunks by inner product."""

        def params(fetch: int, filtered: bool) -> dict[str, Any]:
            if not self._ef:
                return {"metric_type": "IP", "params": {}}
            least = FILTERED_LITE_EF if filtered and self._connection.is_lite else self._ef
            return {"metric_type": "IP", "params": {"ef": max(least, self._ef, fetch)}}

        return self._hits(DENSE, vector[0], params, limit=limit, documents=documents)

    def full_text(self, query: str, *, limit: int, documents: Sequence[str]) -> list[Hit]:
        """Best chunks by BM25 over the query's terms; none when it has no term."""
        terms = query_terms(query)
        if not terms:
            return []
        return self._hits(
            SPARSE,
            " ".join(terms),
            lambda fetch, filtered: {"metric_type": "BM25", "params": {}},
            limit=limit,
            documents=documents,
        )

    def _hits(
        self,
        field: str,
        data: Any,
        params: Callable[[int, bool], dict[str, Any]],
        *,
        limit: int,
        documents: Sequence[str],
    ) -> list[Hit]:
        names = [name for name in dict.fromkeys(documents) if limits.is_unicode(name)]
        if limit < 1 or (documents and not names):
            return []
        filters = [one_of("document", some) for some in limits.groups(names, NAMES_PER_QUERY)] or [""]

        def once(fetch: int, consistency: Consistency) -> list[Row]:
            return [
                row
                for expression in filters
                for row in self._connection.call(
                    "search",
                    collection_name=self._collection,
                    data=[data],
                    anns_field=field,
                    limit=fetch,
                    filter=expression,
                    output_fields=list(CHUNK_FIELDS),
                    search_params=params(fetch, bool(expression)),
                    consistency_level=consistency,
                )[0]
            ]

        found = self._committed(once, limit)
        # Milvus Lite gives BM25 as a negative distance, servers as a positive score.
        scored = [(abs(row["distance"]) if field == SPARSE else row["distance"], row["entity"]) for row in found]
        scored.sort(key=lambda pair: (-pair[0], pair[1]["document"], pair[1]["chunk"]))
        return [Hit(stored_chunk(row), rank, float(score)) for rank, (score, row) in enumerate(scored[:limit], start=1)]

    def _committed(self, once: Callable[[int, Consistency], list[Row]], limit: int) -> list[Row]:
        """Rows of committed revisions, at least `limit` of them where there are that many.

        Reads are cheap first and strongly consistent once a hit had to be dropped: another process may be at work.
        """
        consistency: Consistency = "Session"
        fetch = min(limit + SPARE_HITS, limits.MOST_HITS)
        dropped_before: frozenset[tuple[str, str]] | None = None
        kept: list[Row] = []
        for _ in range(ATTEMPTS):
            with self._connection.reading():
                rows = once(fetch, consistency)
                names = {row["entity"]["document"] for row in rows}
                entries = self._registry.entries(names, consistency=consistency)
            current = {name: entry.document.sha256 for name, entry in entries.items()}
            kept = [row for row in rows if current.get(row["entity"]["document"]) == row["entity"]["sha256"]]
            dropped = frozenset((row["entity"]["document"], row["entity"]["sha256"]) for row in rows) - current.items()
            if len(kept) < limit and len(rows) >= fetch and fetch < limits.MOST_HITS:
                fetch = min(fetch * WIDER, limits.MOST_HITS)
            elif not dropped or self._connection.embedded or dropped == dropped_before:
                break
            dropped_before, consistency = dropped, "Strong"
        return kept
