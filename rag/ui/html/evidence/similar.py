"""Notes in the panel on passages that repeat each other or disagree as versions of one document. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rag.ledger import Search, contexts_of
from rag.messages import Language
from rag.retrieval.source_names import source_of
from rag.text.differences import DiffPiece, words
from rag.types import Candidate, Conflict

from ..markup import esc, html, icon, joined, source, t, where, why
from .flow import anchor


def similar(c: Candidate, searches: Sequence[Search], language: Language, *, turn: int) -> Markup:
    """The passages that were collapsed into `c`, with the places where they stand; "" for none."""
    twins = [(s.number, twin) for s in searches for twin in s.candidates if twin.similar_to == c.stored.id]
    if not twins:
        return Markup()
    rows = joined(
        html('<li><a href="#{}">{}</a> <small>{}</small></li>')(
            anchor(twin, turn, search), where(twin.stored, language), _place(twin, language)
        )
        for search, twin in twins
    )
    said = t("duplicates.similar", language, count=len(twins))
    shown = html('<details class="similar" id="similar-{}-{}"><summary>{}</summary><ul>{}</ul></details>')
    return shown(turn, c.number or 0, said, rows)


def _place(c: Candidate, language: Language) -> Markup:
    chunk = c.stored.chunk
    return t("position", language, start=chunk.start, end=chunk.end, index=chunk.index + 1)


def conflicts(searches: Sequence[Search], language: Language, *, turn: int) -> Markup:
    """A quiet banner for every two versions of a document among the contexts; "" for none."""
    known = {c.stored.id: c for c in contexts_of(searches)}
    return joined(
        _conflict(one, known[one.first], known[one.second], language, turn=turn)
        for search in searches
        for one in (search.retrieval.conflicts if search.retrieval else ())
        if one.first in known and one.second in known
    )


def _conflict(one: Conflict, first: Candidate, second: Candidate, language: Language, *, turn: int) -> Markup:
    values = one.why.values
    left, right = str(values.get("left", "")), str(values.get("right", ""))
    pair = html("<dl>{}{}</dl>")
    body = html("<p>{}</p>")(why(one.why, language))
    if left and right:
        cut = words(left, right)
        body = pair(_said(first, cut[0], language, turn), _said(second, cut[1], language, turn))
    elif "text" in values:
        teller = first if values.get("only") == source_of(first.stored) else second
        silent = second if teller is first else first
        only = (DiffPiece(str(values["text"]), True),)
        body = pair(_said(teller, only, language, turn), _said(silent, (DiffPiece("–"),), language, turn))
    elif one.why.code == "duplicates.versions":
        body = pair(_said(first, (), language, turn), _said(second, (), language, turn))
    told = html('<aside class="conflict" aria-label="{said}">{}<div><h3>{said}</h3>{}</div></aside>')
    return told(icon("warning", size=16), body, said=t("duplicates.conflict", language))


def _said(c: Candidate, pieces: Sequence[DiffPiece], language: Language, turn: int) -> Markup:
    text = joined(html("<mark>{}</mark>")(p.text) if p.differs and p.text.strip() else esc(p.text) for p in pieces)
    link = html('<a href="#{}">[{}] {}</a>')(anchor(c, turn), c.number or 0, source(c.stored, language))
    return html("<div><dt>{}</dt><dd>{}</dd></div>")(link, text)
