"""Reasons why a question found nothing to answer from. Pure but for the list of documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.ledger import Search
from rag.messages import Reason, reason
from rag.types import Document, RetrievalOptions


def why_nothing(
    searches: Sequence[Search], options: RetrievalOptions, *, documents: Callable[[], Sequence[Document]]
) -> Reason:
    """The strongest sign first: a name that stands nowhere, words that do, passages that are not near enough."""
    outcomes = [search.retrieval for search in searches if search.retrieval]
    for found in outcomes:
        if found.nowhere and found.nearest:
            return reason("stages.name_nowhere_near", names=", ".join(found.nowhere), nearest=found.nearest)
        if found.nowhere:
            return reason("stages.name_nowhere", names=", ".join(found.nowhere))
    judged = [c.probability for found in outcomes for c in found.candidates if c.probability is not None]
    if not judged:
        return reason("stages.nothing_matches") if documents() else reason("stages.no_documents")
    values = {"threshold": options.threshold, "probability": max(judged)}
    if unknown := dict.fromkeys(word for found in outcomes for word in found.unknown):
        return reason("stages.abstained_unknown", words=", ".join(unknown), **values)
    return reason("stages.abstained", **values)
