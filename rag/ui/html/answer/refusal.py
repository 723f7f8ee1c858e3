"""A question that was not answered: what came nearest and what it lacks, other searches, and answering all the same."""

from __future__ import annotations

from collections.abc import Sequence

from rag.ledger import Outcome
from rag.messages import Language
from rag.retrieval.suggestions import lacking, rewordings
from rag.types import Candidate, Retrieval

from ...state.turn import Turn
from ..markup import esc, path, source, t, why

NEAR_MISSES = 3
WORDS = 6
"""Missing words named; a passage that lacks more has nothing to do with the question."""


def ways_on(one: Turn, language: Language) -> str:
    """What a refused question offers; nothing where the search was not what failed."""
    if one.outcome is not Outcome.ABSTAINED or one.retrieval is None or one.reason is None:
        return ""
    if one.reason.code not in ("stages.abstained", "stages.nothing_matches"):
        return ""
    return _misses(one, one.retrieval, language) + _others(one, one.retrieval, language) + _anyway(one, language)


def _misses(one: Turn, retrieval: Retrieval, language: Language) -> str:
    """The best candidates, linked to their cards."""
    best = _judged(retrieval)[:NEAR_MISSES]
    if not best:
        return ""
    rows = "".join(
        f'<li><div><a href="#ev-{one.number}-r{c.rank}">{source(c.stored, language)} '
        f'<span class="path">{path(c.stored.chunk.heading_path)}</span></a>{_lacks(one.question, c, language)}</div>'
        f"<b>{c.probability:.3f}</b></li>"
        for c in best
    )
    return f'<div class="misses"><p>{t("near_misses", language)}</p><ul>{rows}</ul></div>'


def _judged(retrieval: Retrieval) -> list[Candidate]:
    return [c for c in retrieval.candidates if c.probability is not None]


def _lacks(question: str, c: Candidate, language: Language) -> str:
    said = [why(c.dropped, language)] if c.dropped else []
    missing = lacking(question, c.stored.chunk.embedded_text)
    if missing:
        words = ", ".join(f"<q>{esc(word)}</q>" for word in missing[:WORDS])
        more = t("refusal.more", language, count=len(missing) - WORDS) if len(missing) > WORDS else ""
        said.append(f"{t('refusal.without', language)} {words}{more}")
    return f"<small>{' · '.join(said)}</small>" if said else ""


def _others(one: Turn, retrieval: Retrieval, language: Language) -> str:
    """Other searches; one click asks again with it."""
    offered: Sequence[str] = rewordings(one.question, retrieval.candidates)
    offered = [other for other in offered if other.casefold() != retrieval.query.casefold()]
    if not offered:
        return ""
    rows = "".join(
        f'<li><button type="button" class="reword" data-act="search-this" data-turn="{one.number}" '
        f'data-query="{esc(other)}">{esc(other)}</button></li>'
        for other in offered
    )
    return f'<div class="rewordings"><p>{t("refusal.instead", language)}</p><ul>{rows}</ul></div>'


def _anyway(one: Turn, language: Language) -> str:
    """Only where there is something to answer from."""
    banned = one.retrieval.options.banned if one.retrieval else ()
    if one.retrieval is None or not any(c.stored.id not in banned for c in _judged(one.retrieval)):
        return ""
    return (
        f'<p class="anyway"><button type="button" class="quiet" data-act="anyway" data-turn="{one.number}">'
        f"{t('refusal.anyway', language)}</button> <small>{t('refusal.anyway_about', language)}</small></p>"
    )
