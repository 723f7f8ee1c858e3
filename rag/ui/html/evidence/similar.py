"""Notes in the panel on passages that repeat each other or disagree as versions of one document. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evidence.answer_diff import DiffPiece, words
from rag.ledger import Search, contexts_of
from rag.messages import Language
from rag.retrieval.source_names import source_of
from rag.types import Candidate, Conflict

from ..markup import esc, icon, path, source, t, why
from .flow import anchor


def similar(c: Candidate, searches: Sequence[Search], language: Language, *, turn: int) -> str:
    """The passages that were collapsed into `c`, with the places where they stand; "" for none."""
    twins = [(s.number, twin) for s in searches for twin in s.candidates if twin.similar_to == c.stored.id]
    if not twins:
        return ""
    rows = "".join(
        f'<li><a href="#{anchor(twin, turn, search)}">{source(twin.stored, language)} '
        f'<span class="path">{path(twin.stored.chunk.heading_path)}</span></a> '
        f"<small>{_place(twin, language)}</small></li>"
        for search, twin in twins
    )
    return (
        f'<details class="similar" id="similar-{turn}-{c.number}">'
        f"<summary>{t('duplicates.similar', language, count=len(twins))}</summary><ul>{rows}</ul></details>"
    )


def _place(c: Candidate, language: Language) -> str:
    chunk = c.stored.chunk
    return t("position", language, start=chunk.start, end=chunk.end, index=chunk.index + 1)


def conflicts(searches: Sequence[Search], language: Language, *, turn: int) -> str:
    """A quiet banner for every two versions of a document among the contexts; "" for none."""
    known = {c.stored.id: c for c in contexts_of(searches)}
    return "".join(
        _conflict(one, known[one.first], known[one.second], language, turn=turn)
        for search in searches
        for one in (search.retrieval.conflicts if search.retrieval else ())
        if one.first in known and one.second in known
    )


def _conflict(one: Conflict, first: Candidate, second: Candidate, language: Language, *, turn: int) -> str:
    values = one.why.values
    left, right = str(values.get("left", "")), str(values.get("right", ""))
    body = f"<p>{why(one.why, language)}</p>"
    if left and right:
        cut = words(left, right)
        body = f"<dl>{_said(first, cut[0], language, turn)}{_said(second, cut[1], language, turn)}</dl>"
    elif "text" in values:
        teller = first if values.get("only") == source_of(first.stored) else second
        silent = second if teller is first else first
        only = (DiffPiece(str(values["text"]), True),)
        body = f"<dl>{_said(teller, only, language, turn)}{_said(silent, (DiffPiece('–'),), language, turn)}</dl>"
    elif one.why.code == "duplicates.versions":
        body = f"<dl>{_said(first, (), language, turn)}{_said(second, (), language, turn)}</dl>"
    return (
        f'<aside class="conflict" aria-label="{t("duplicates.conflict", language)}">{icon("warning", size=16)}'
        f"<div><h3>{t('duplicates.conflict', language)}</h3>{body}</div></aside>"
    )


def _said(c: Candidate, pieces: Sequence[DiffPiece], language: Language, turn: int) -> str:
    text = "".join(f"<mark>{esc(p.text)}</mark>" if p.differs and p.text.strip() else esc(p.text) for p in pieces)
    return (
        f'<div><dt><a href="#{anchor(c, turn)}">[{c.number}] {source(c.stored, language)}</a></dt><dd>{text}</dd></div>'
    )
