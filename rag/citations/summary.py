"""Findings of the check of an answer, for page, export and command line alike. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.ledger import Citation, Claim, Ledger, Match, Quote, Support
from rag.messages import Language, label, reason, text

SEPARATOR = " · "
REMARKS = (Support.ALTERED, Support.CLOSE, Support.CITED, Support.NOT_FOUND, Support.NONE)
"""Kinds of support that the one-line summary counts beside the sentences that are quoted word for word."""


class CitationCheck(StrEnum):
    """Result of checking a citation's quotes."""

    EXACT = "exact"
    CLOSE = "close"
    ALTERED = "altered"
    """The quotes stand there, but the sentence names a figure that none of them has."""
    MISSING = "missing"
    UNQUOTED = "unquoted"
    """It cites a context, but gives no quote."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A valid citation with its check; `quotes` are positions in the ledger's quotes that stand in its context."""

    number: int
    check: CitationCheck
    quotes: tuple[int, ...] = ()


def was_checked(ledger: Ledger) -> bool:
    """True if there is anything to tell; answers from before quotes were checked have nothing."""
    return bool(ledger.claims or ledger.quotes)


def cited(ledger: Ledger) -> tuple[Cited, ...]:
    """The valid citations in order of the answer; none where nothing was checked."""
    if not was_checked(ledger):
        return ()
    altered = [claim for claim in ledger.claims if claim.support is Support.ALTERED]
    return tuple(_cited(ledger.quotes, c, altered) for c in ledger.citations if c.valid)


def without_source(ledger: Ledger) -> tuple[Claim, ...]:
    """Sentences with nothing behind them: they cite nothing, or only what was not sent."""
    sent = {c.number for c in ledger.citations if c.valid}
    return tuple(claim for claim in ledger.claims if not sent.intersection(claim.numbers) and not _has(claim))


def tally(claims: Sequence[Claim]) -> Counter[Support]:
    """Number of sentences by kind of support."""
    return Counter(claim.support for claim in claims)


def summary(ledger: Ledger, language: Language) -> str:
    """One line: the number of sentences quoted word for word, and of each kind in `REMARKS`; "" without claims."""
    if not ledger.claims:
        return ""
    counts = tally(ledger.claims)
    total = len(ledger.claims)
    said = [text(reason("support.summary", quoted=counts[Support.QUOTED], total=total), language)]
    said += [text(reason(f"support.count_{s}", count=counts[s]), language) for s in REMARKS if counts[s]]
    return SEPARATOR.join(said)


class Trust(StrEnum):
    """How an answer stands up to its sources as a whole."""

    GOOD = "good"
    """Every sentence has a source that says it, so far as words can tell."""
    PART = "part"
    POOR = "poor"
    """A quote was not found, or a figure is another one."""


def trust(ledger: Ledger) -> Trust:
    """The trust in an answer that claims something."""
    counts = tally(ledger.claims)
    if counts[Support.ALTERED] or counts[Support.NOT_FOUND]:
        return Trust.POOR
    return Trust.PART if counts[Support.NONE] or counts[Support.CITED] else Trust.GOOD


def in_short(ledger: Ledger, language: Language) -> str:
    """The fewest words on how far an answer can be trusted; "" without claims."""
    if not ledger.claims:
        return ""
    counts, total = tally(ledger.claims), len(ledger.claims)
    if counts[Support.QUOTED] == total:
        return label("support.all_quoted", language)
    check = counts[Support.ALTERED] + counts[Support.NOT_FOUND]
    backed = total - check - counts[Support.NONE]
    how = "support.all_backed" if backed == total else "support.backed"
    said = [text(reason(how, backed=backed, total=total), language)]
    said += [text(reason("support.to_check", count=check), language)] if check else []
    return SEPARATOR.join(said)


def quotes_of(ledger: Ledger, number: int) -> list[tuple[int, Quote]]:
    """The quotes that name a context, each with its position in the ledger."""
    return [(position, quote) for position, quote in enumerate(ledger.quotes) if quote.number == number]


def cited_for(ledger: Ledger, number: int) -> str:
    """The first sentence that cites a context, with its citations; "" for none."""
    return next((ledger.answer[c.start : c.end] for c in ledger.claims if number in c.numbers), "")


def unsent(ledger: Ledger) -> list[Quote]:
    """Quotes that name a context which was not sent, so that no passage can show them."""
    sent = len(ledger.contexts)
    return [quote for quote in ledger.quotes if not 1 <= quote.number <= sent]


def remark(quote: Quote, language: Language) -> str:
    """The check's remark on a quote, in a few words."""
    if quote.match is Match.EXACT:
        return label("support.quote_exact", language)
    if quote.match is Match.CLOSE:
        return text(reason("support.quote_close", percent=f"{int(100 * quote.similarity)}%"), language)
    if quote.elsewhere:
        return text(reason("support.quote_elsewhere", number=quote.elsewhere), language)
    return label("support.quote_missing", language)


def _cited(quotes: Sequence[Quote], citation: Citation, altered: Sequence[Claim]) -> Cited:
    own = [(p, q) for p, q in enumerate(quotes) if (q.at, q.number) == (citation.end, citation.number)]
    found = tuple(p for p, q in own if q.match is not Match.MISSING)
    matches = {q.match for _, q in own}
    if found and Match.MISSING not in matches and any(c.start < citation.end <= c.end for c in altered):
        return Cited(citation.number, CitationCheck.ALTERED, found)
    for match, check in (
        (Match.MISSING, CitationCheck.MISSING),
        (Match.CLOSE, CitationCheck.CLOSE),
        (Match.EXACT, CitationCheck.EXACT),
    ):
        if match in matches:
            return Cited(citation.number, check, found)
    return Cited(citation.number, CitationCheck.UNQUOTED)


def _has(claim: Claim) -> bool:
    return claim.support not in (Support.NONE, Support.NOT_FOUND)
