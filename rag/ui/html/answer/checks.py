"""The check of an answer against its sources: the line under the answer, and the quotes in the cards."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from rag.citations.summary import CitationCheck, in_short, quotes_of, remark, tally, trust, unsent
from rag.ledger import Ledger, Match, Quote, Support
from rag.messages import Language

from ...state.turn import Turn
from ..markup import button, html, joined, t
from ..reading.passage import clipped, in_words

SHOWN = 160
"""Characters of a quote shown in a card's foot; the passage has the whole quote marked."""

SIGNS = {
    Support.QUOTED: CitationCheck.EXACT,
    Support.CLOSE: CitationCheck.CLOSE,
    Support.ALTERED: CitationCheck.ALTERED,
    Support.CITED: CitationCheck.UNQUOTED,
    Support.NOT_FOUND: CitationCheck.MISSING,
}
"""Kind of support -> its chip in the explanation; a sentence without source has a word instead."""
CHECKS = {Match.EXACT: CitationCheck.EXACT, Match.CLOSE: CitationCheck.CLOSE, Match.MISSING: CitationCheck.MISSING}


def under_answer(one: Turn, language: Language, *, made: Markup | None = None, more: Markup | None = None) -> Markup:
    """One line of trust that opens to the meaning of the answer's marks; "" where there is nothing to tell.

    `made` is a word on how the answer was made, for the line; `more` stands below the marks.
    """
    ledger = one.ledger
    line = in_short(ledger, language) if ledger else ""
    told = _told(ledger, language) if ledger and line else Markup()
    if not (line or more):
        return Markup()
    grade = html('<span class="trust {}">{}</span>')(trust(ledger), line) if ledger and line else Markup()
    said = joined([each for each in (grade, made) if each]) or html("<span>{}</span>")(t("answer_details", language))
    return html(
        '<details class="checks" id="checks-{}"><summary>{}</summary><div class="checks-body">{}{}</div></details>'
    )(one.number, said, told, more or Markup())


def _told(ledger: Ledger, language: Language) -> Markup:
    return html("<p>{}</p>{}{}")(t("support.about", language), _legend(ledger, language), _unsent(ledger, language))


def card_quotes(one: Turn, number: int | None, language: Language) -> Markup:
    """The quotes that name a card's passage, each with its check; those found there can be shown in it."""
    found = quotes_of(one.ledger, number) if one.ledger and number else []
    if not found:
        return Markup()
    same: dict[Quote, list[int]] = {}  # several sentences may rest on one quote
    for position, quote in found:
        same.setdefault(replace(quote, at=0), []).append(position)
    rows = joined(_row(one, " ".join(map(str, positions)), quote, language) for quote, positions in same.items())
    return html('<ul class="card-quotes" aria-label="{}">{}</ul>')(t("support.quotes", language), rows)


def _legend(ledger: Ledger, language: Language) -> Markup:
    counts = tally(ledger.claims)
    rows = joined(
        html("<li>{}<span>{}</span><b>{}</b></li>")(
            _sign(support, language), t(f"support.about_{support}", language), counts[support]
        )
        for support in Support
        if counts[support]
    )
    return html('<ul class="legend">{}</ul>')(rows)


def _sign(support: Support, language: Language) -> Markup:
    if support is Support.NONE:
        return html('<span class="no-source" aria-hidden="true">{}</span>')(t("support.no_source", language))
    return html('<span class="chip {}" aria-hidden="true">1</span>')(SIGNS[support])


def _unsent(ledger: Ledger, language: Language) -> Markup:
    said = {q: t("support.unsent", language, number=q.number, remark=remark(q, language)) for q in unsent(ledger)}
    rows = joined(html("<li><q>{}</q> {}</li>")(_words(quote), told) for quote, told in said.items())
    return html('<ul class="unsent">{}</ul>')(rows) if rows else rows


def _row(one: Turn, positions: str, quote: Quote, language: Language) -> Markup:
    check = CHECKS[quote.match]
    words = html("<q>{}</q>")(_words(quote))
    said = html('<span class="remark">{}</span>')(remark(quote, language))
    if quote.match is Match.MISSING:
        return html('<li class="{}"><span class="words">{}</span>{}</li>')(check, words, said)
    card, hint = f"ev-{one.number}-{quote.number}", t("support.show_quote", language)
    shown = button("words", "show-quote", words, title=hint, quotes=positions, card=card)
    return html('<li class="{}">{}{}</li>')(check, shown, said)


def _words(quote: Quote) -> str:
    return clipped(in_words(quote.text), SHOWN)
