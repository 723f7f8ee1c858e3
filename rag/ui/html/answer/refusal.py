"""A question that was not answered: what came nearest and what it lacks, other searches, and answering all the same."""

from __future__ import annotations

from collections.abc import Sequence

from rag.ledger import Outcome, nearest
from rag.messages import Language
from rag.retrieval.suggestions import lacking, rewordings
from rag.types import Candidate

from ...state.turn import Turn
from ..evidence.flow import anchor
from ..markup import esc, path, source, t, why

REFUSALS = (
    "stages.abstained",
    "stages.abstained_unknown",
    "stages.nothing_matches",
    "stages.name_nowhere",
    "stages.name_nowhere_near",
)
"""Reasons of an answer whose search found nothing to answer from."""
NEAR_MISSES = 3
WORDS = 6
"""Number of missing words named; a passage that lacks more has nothing to do with the question."""


def ways_on(one: Turn, language: Language) -> str:
    """Offers after a refused question; "" where the search was not what failed."""
    if one.outcome is not Outcome.ABSTAINED or not one.searches or one.reason is None:
        return ""
    if one.reason.code not in REFUSALS:
        return ""
    return _misses(one, language) + _others(one, language) + _anyway(one, language)


def _misses(one: Turn, language: Language) -> str:
    """The best candidates, linked to their cards."""
    best = _judged(one)[:NEAR_MISSES]
    if not best:
        return ""
    rows = "".join(
        f'<li><div><a href="#{anchor(c, one.number, _finder(one, c))}">{source(c.stored, language)} '
        f'<span class="path">{path(c.stored.chunk.heading_path)}</span></a>{_lacks(one.question, c, language)}</div>'
        f"<b>{c.probability:.3f}</b></li>"
        for c in best
    )
    return f'<div class="misses"><p>{t("near_misses", language)}</p><ul>{rows}</ul></div>'


def _judged(one: Turn) -> list[Candidate]:
    return [c for c in nearest(one.searches) if c.probability is not None]


def _finder(one: Turn, c: Candidate) -> int:
    """Number of the search whose card shows a candidate."""
    return next(search.number for search in one.searches if any(c is each for each in search.candidates))


def _lacks(question: str, c: Candidate, language: Language) -> str:
    said = [why(c.dropped, language)] if c.dropped else []
    missing = lacking(question, c.stored.chunk.embedded_text)
    if missing:
        words = ", ".join(f"<q>{esc(word)}</q>" for word in missing[:WORDS])
        more = t("refusal.more", language, count=len(missing) - WORDS) if len(missing) > WORDS else ""
        said.append(f"{t('refusal.without', language)} {words}{more}")
    return f"<small>{' · '.join(said)}</small>" if said else ""


def _others(one: Turn, language: Language) -> str:
    """Other searches to try; a click on one asks again with it."""
    offered: Sequence[str] = rewordings(one.question, nearest(one.searches))
    made = {search.query.casefold() for search in one.searches}
    offered = [other for other in offered if other.casefold() not in made]
    if not offered:
        return ""
    rows = "".join(
        f'<li><button type="button" class="reword" data-act="search-this" data-turn="{one.number}" '
        f'data-query="{esc(other)}">{esc(other)}</button></li>'
        for other in offered
    )
    return f'<div class="rewordings"><p>{t("refusal.instead", language)}</p><ul>{rows}</ul></div>'


def _anyway(one: Turn, language: Language) -> str:
    """A button that answers all the same; "" where there is no candidate to answer from."""
    banned = {id for search in one.searches for id in search.options.banned}
    if not any(c.stored.id not in banned for c in _judged(one)):
        return ""
    return (
        f'<p class="anyway"><button type="button" class="quiet" data-act="anyway" data-turn="{one.number}">'
        f"{t('refusal.anyway', language)}</button> <small>{t('refusal.anyway_about', language)}</small></p>"
    )
