"""A question that was not answered: what came nearest and what it lacks, other searches, and answering all the same."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rag.ledger import Outcome, nearest
from rag.messages import Language
from rag.retrieval.suggestions import lacking, rewordings
from rag.types import Candidate

from ...state.turn import Turn
from ..evidence.flow import anchor
from ..markup import button, html, joined, t, where, why

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


def ways_on(one: Turn, language: Language) -> Markup:
    """Offers after a refused question; "" where the search was not what failed."""
    if one.outcome is not Outcome.ABSTAINED or not one.searches or one.reason is None:
        return Markup()
    if one.reason.code not in REFUSALS:
        return Markup()
    return _misses(one, language) + _others(one, language) + _anyway(one, language)


def _misses(one: Turn, language: Language) -> Markup:
    """The best candidates, linked to their cards."""
    best = _judged(one)[:NEAR_MISSES]
    if not best:
        return Markup()
    rows = joined(_miss(one, c, language) for c in best)
    return html('<div class="misses"><p>{}</p><ul>{}</ul></div>')(t("near_misses", language), rows)


def _miss(one: Turn, c: Candidate, language: Language) -> Markup:
    link = html('<a href="#{}">{}</a>')(anchor(c, one.number, _finder(one, c)), where(c.stored, language))
    return html("<li><div>{}{}</div><b>{}</b></li>")(link, _lacks(one.question, c, language), f"{c.probability:.3f}")


def _judged(one: Turn) -> list[Candidate]:
    return [c for c in nearest(one.searches) if c.probability is not None]


def _finder(one: Turn, c: Candidate) -> int:
    """Number of the search whose card shows a candidate."""
    return next(search.number for search in one.searches if any(c is each for each in search.candidates))


def _lacks(question: str, c: Candidate, language: Language) -> Markup:
    said = [why(c.dropped, language)] if c.dropped else []
    missing = [word for word in lacking(question, c.stored.chunk.embedded_text) if not any(word in s for s in said)]
    if missing:
        words = joined((html("<q>{}</q>")(word) for word in missing[:WORDS]), ", ")
        more = t("refusal.more", language, count=len(missing) - WORDS) if len(missing) > WORDS else ""
        said.append(html("{} {}{}")(t("refusal.without", language), words, more))
    return html("<small>{}</small>")(joined(said, " · ")) if said else Markup()


def _others(one: Turn, language: Language) -> Markup:
    """Other searches to try; a click on one asks again with it."""
    offered: Sequence[str] = rewordings(one.question, nearest(one.searches))
    made = {search.query.casefold() for search in one.searches}
    offered = [other for other in offered if other.casefold() not in made]
    if not offered:
        return Markup()
    rows = joined(
        html("<li>{}</li>")(button("reword", "search-this", other, turn=one.number, query=other)) for other in offered
    )
    return html('<div class="rewordings"><p>{}</p><ul>{}</ul></div>')(t("refusal.instead", language), rows)


def _anyway(one: Turn, language: Language) -> Markup:
    """A button that answers all the same; "" where there is no candidate to answer from."""
    banned = {id for search in one.searches for id in search.options.banned}
    if not any(c.stored.id not in banned for c in _judged(one)):
        return Markup()
    anyway = button("quiet", "anyway", t("refusal.anyway", language), turn=one.number)
    return html('<p class="anyway">{} <small>{}</small></p>')(anyway, t("refusal.anyway_about", language))
