"""Selection of the candidates that become contexts, and the reason of every one that does not. Pure.

The same rules serve the answer and the question "what if?": `reselect` applies other options to candidates that were
found and judged before, so that nothing is searched or scored again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.messages import Reason, reason
from rag.types import Candidate, Fusion, Named, RerankLimits, Retrieval, RetrievalOptions, logit, sigmoid

from .duplicates import conflicts, first_repeated
from .fusion import fuse_again
from .names import DOUBT, FITS, NOTHING, MissingNames, doubted, led
from .source_names import source_of

LEAST_NAMED = {Named.NAME: 0.03, Named.DETAIL: FITS}
"""Least probability of a passage that is kept for what it has of the query's names, where the threshold is higher. Of
questions by a name alone ("what does article 10 say?") the right passage had 0.04 to 0.17, offline."""


def settled(
    query: str,
    options: RetrievalOptions,
    judged: Sequence[Candidate],
    fusion: Fusion,
    *,
    missing: MissingNames = NOTHING,
) -> Retrieval:
    """The outcome for candidates in final order: selected, and the kept ones compared with each other.

    Where names in the query are `missing`, nothing found is about them. At a threshold of 0 what comes nearest is
    wanted all the same.
    """
    if missing.names and options.threshold > 0:
        lost = reason("stages.without_name", names=", ".join(missing.names))
        judged = [replace(c, dropped=lost) for c in judged]
    if doubt := doubted(query, missing.words):
        judged = [_doubtful(c, options, doubt) for c in judged]
    selected = tuple(select(judged, options))
    kept = conflicts([c for c in selected if c.kept])
    return Retrieval(query, options, selected, fusion, kept, missing.names, missing.nearest, missing.words)


def select(candidates: Sequence[Candidate], options: RetrievalOptions) -> list[Candidate]:
    """Rank everything in the given order, number what is kept from 1, and give every drop its reason.

    Pinned candidates come first and are kept whatever their probability; banned ones are never kept. What says the
    same as one kept before it is collapsed into that one, so that no context is spent on a repetition.
    """
    pinned = sorted(
        (c for c in candidates if c.stored.id in options.pinned),
        key=lambda c: options.pinned.index(c.stored.id),
    )
    ordered = pinned + [c for c in candidates if c.stored.id not in options.pinned]
    selected: list[Candidate] = []
    kept: list[Candidate] = []
    for rank, candidate in enumerate(ordered, 1):
        why, twin = _drop(candidate, options), None
        if why is None and candidate.stored.id not in options.pinned:
            twin = first_repeated(candidate, kept)
            why = repetition(twin) if twin else _surplus(len(kept), options)
        if why is None:
            kept.append(candidate)
        number = None if why else len(kept)
        similar_to = twin.stored.id if twin else ""
        selected.append(replace(candidate, rank=rank, number=number, dropped=why, similar_to=similar_to))
    return selected


def by_log_odds(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Judged candidates by log-odds, those not judged after them in their fused order; names first. Stable."""
    judged = [c for c in candidates if c.log_odds is not None]
    unjudged = [c for c in candidates if c.log_odds is None]
    return led(sorted(judged, key=lambda c: -(c.log_odds or 0.0)) + unjudged)


def in_reach(fused: Sequence[Candidate], limit: int) -> tuple[list[Candidate], list[Candidate]]:
    """The candidates the reranker is given, and those beyond `limit` with that as their reason."""
    beyond = reason("stages.beyond_candidates", limit=limit)
    ordered = led(fused)
    return ordered[:limit], [replace(c, dropped=beyond) for c in ordered[limit:]]


def cut_among(head: Sequence[Candidate], options: RetrievalOptions) -> RerankLimits:
    """Limits of what `select` will keep of these candidates, as far as can be said before they are judged.

    Pinned ones may take places from the best, banned ones and repetitions may leave theirs to the next.
    """
    named = {c.stored.id for c in head if c.named is Named.NAME}
    pinned = (set(options.pinned) | named) - set(options.banned)
    firm = [c for c in head if c.stored.id in pinned]
    left_out = sum(
        c.stored.id in options.banned or first_repeated(c, [*firm, *head[:i]]) is not None
        for i, c in enumerate(head)
        if c.stored.id not in pinned
    )
    fewest = max(0, options.contexts - len(pinned))
    return RerankLimits(fewest, logit(options.threshold), options.contexts + left_out - fewest)


def reselect(retrieval: Retrieval, options: RetrievalOptions) -> Retrieval:
    """Outcome `retrieval` would have had with other weights, limits, threshold, pins and bans.

    The candidates and their scores stay as they are: one that was not found or not judged then is not now either.
    """
    fusion = replace(
        retrieval.fusion,
        dense_weight=_scaled(retrieval.fusion.dense_weight, retrieval.options.dense_weight, options.dense_weight),
        full_text_weight=options.full_text_weight,
    )
    fresh = [replace(c, rank=None, number=None, dropped=None) for c in retrieval.candidates]
    head, beyond = in_reach(fuse_again(fresh, fusion), options.candidates)
    if not options.rerank:
        head = [replace(c, log_odds=None) for c in head]
    return settled(
        retrieval.query,
        options,
        by_log_odds(head) + beyond,
        fusion,
        missing=MissingNames(retrieval.nowhere, retrieval.nearest, retrieval.unknown),
    )


def _scaled(used: float, asked_then: float, asked_now: float) -> float:
    """A weight asked for now; 0 where it was taken out then, as for a language the model does not know."""
    return 0.0 if asked_then and not used else asked_now


def _doubtful(c: Candidate, options: RetrievalOptions, names: Sequence[str]) -> Candidate:
    """A candidate of a query with names that stand nowhere: it must be better than others to be kept."""
    least = sigmoid(logit(options.threshold) + DOUBT) if options.threshold else 0.0
    if c.dropped or c.probability is None or c.probability < options.threshold or c.probability >= least:
        return c
    said = ", ".join(names)
    return replace(c, dropped=reason("stages.doubtful", probability=c.probability, threshold=least, words=said))


def _drop(candidate: Candidate, options: RetrievalOptions) -> Reason | None:
    """Reason why a candidate is not kept, whatever else is kept; None when it may be."""
    if candidate.stored.id in options.banned:
        return reason("stages.banned")
    if candidate.stored.id in options.pinned:
        return None
    if candidate.dropped:
        return candidate.dropped
    probability = candidate.probability
    if probability is not None and probability < min(options.threshold, LEAST_NAMED.get(candidate.named, 1.0)):
        return reason("stages.below_threshold", probability=probability, threshold=options.threshold)
    return None


def repetition(twin: Candidate) -> Reason:
    """Reason why a passage that says the same as `twin` is not kept."""
    return reason("duplicates.repeats", document=source_of(twin.stored))


def _surplus(kept: int, options: RetrievalOptions) -> Reason | None:
    return reason("stages.beyond_contexts", limit=options.contexts) if kept >= options.contexts else None
