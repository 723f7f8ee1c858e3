"""The check of an answer against its sources: the line under the answer, and the quotes in the cards."""

from __future__ import annotations

from rag.citations.summary import CitationCheck, quotes_of, remark, summary, tally, unsent
from rag.ledger import Ledger, Match, Quote, Support
from rag.messages import Language

from ...state.turn import Turn
from ..markup import esc, t

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


def under_answer(one: Turn, language: Language) -> str:
    """One line that opens to the meaning of its marks; "" where the answer claims nothing."""
    line = summary(one.ledger, language) if one.ledger else ""
    if not line or one.ledger is None:
        return ""
    return (
        f'<details class="checks" id="checks-{one.number}"><summary>{esc(line)}</summary>'
        f'<div class="checks-body"><p>{t("support.about", language)}</p>{_legend(one.ledger, language)}'
        f"{_unsent(one.ledger, language)}</div></details>"
    )


def card_quotes(one: Turn, number: int | None, language: Language) -> str:
    """The quotes that name a card's passage, each with its check; those found there can be shown in it."""
    found = quotes_of(one.ledger, number) if one.ledger and number else []
    if not found:
        return ""
    rows = "".join(_row(one, position, quote, language) for position, quote in found)
    return f'<ul class="card-quotes" aria-label="{t("support.quotes", language)}">{rows}</ul>'


def _legend(ledger: Ledger, language: Language) -> str:
    counts = tally(ledger.claims)
    rows = "".join(
        f"<li>{_sign(support, language)}<span>{t(f'support.about_{support}', language)}</span>"
        f"<b>{counts[support]}</b></li>"
        for support in Support
        if counts[support]
    )
    return f'<ul class="legend">{rows}</ul>'


def _sign(support: Support, language: Language) -> str:
    if support is Support.NONE:
        return f'<span class="no-source" aria-hidden="true">{t("support.no_source", language)}</span>'
    return f'<span class="chip {SIGNS[support]}" aria-hidden="true">1</span>'


def _unsent(ledger: Ledger, language: Language) -> str:
    rows = "".join(
        f"<li><q>{esc(_clipped(quote.text))}</q> "
        f"{t('support.unsent', language, number=quote.number, remark=remark(quote, language))}</li>"
        for quote in unsent(ledger)
    )
    return f'<ul class="unsent">{rows}</ul>' if rows else ""


def _row(one: Turn, position: int, quote: Quote, language: Language) -> str:
    check = CHECKS[quote.match]
    words = f"<q>{esc(_clipped(quote.text))}</q>"
    said = f'<span class="remark">{esc(remark(quote, language))}</span>'
    if quote.match is Match.MISSING:
        return f'<li class="{check}"><span class="words">{words}</span>{said}</li>'
    return (
        f'<li class="{check}"><button type="button" class="words" data-act="show-quote" data-quotes="{position}" '
        f'data-card="ev-{one.number}-{quote.number}" title="{t("support.show_quote", language)}">{words}</button>'
        f"{said}</li>"
    )


def _clipped(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
