"""The query of an answer, its author, and the form to change it; drawn alike under the answer and in the panel."""

from __future__ import annotations

from typing import Literal

from rag.ledger import Author, Outcome, Search
from rag.messages import Language

from ...state.turn import Turn
from ..markup import esc, icon, t

Place = Literal["answer", "panel"]
LONGEST = 8000
"""Characters of a search query; as many as a question may have."""


def number(search: int, language: Language) -> str:
    """Name of a search, for an answer that has several."""
    return t("searches.number", language, number=search)


def named(search: Search | None, of: int, language: Language) -> str:
    """Name of search number `of` with its query and, if known, its purpose; the name alone where `search` is None."""
    if search is None:
        return number(of, language)
    purpose = f' <small class="purpose">{esc(search.purpose)}</small>' if search.purpose else ""
    return f"{number(of, language)}: <q>{esc(search.query)}</q>{purpose}"


def line(one: Turn, language: Language, *, place: Place) -> str:
    """The search of a turn, shown only if its query is not the question as typed.

    The form to change the query stands under the answer if the query is shown there, else in the panel.
    """
    query = _query(one)
    if not query:
        return ""
    told = "" if query == one.question.strip() else _told(one, query, language)
    if not one.done:
        return f'<div class="query">{told}</div>' if told else ""
    if not told and place == "answer":
        return ""
    if told and place == "panel":
        return f'<div class="query">{told}</div>'
    return f'<div class="query">{told}{_edit(one, query, language, place)}{_exact(one, query, language)}</div>'


def _query(one: Turn) -> str:
    """The query of the first search; "" where nothing was searched for."""
    if one.outcome is Outcome.SMALL_TALK or not one.searches:
        return ""
    return one.searches[0].query.strip()


def _told(one: Turn, query: str, language: Language) -> str:
    author = f" <small>{t(f'query.by_{one.ledger.main.author}', language)}</small>" if one.ledger else ""
    return (
        f'<p class="ev-query">{icon("search", size=14)}<span>{t("searched_for", language)} '
        f"<q>{esc(query)}</q>{author}</span></p>"
    )


def _edit(one: Turn, query: str, language: Language, place: Place) -> str:
    return (
        f'<details class="query-edit" id="query-{place}-{one.number}"><summary>{t("query.change", language)}</summary>'
        f'<span class="query-form"><input type="text" class="query-field" value="{esc(query)}" maxlength="{LONGEST}" '
        f'aria-label="{t("query.field", language)}">'
        f'<button type="button" class="quiet" data-act="search-this" data-turn="{one.number}">'
        f"{t('query.search', language)}</button></span></details>"
    )


def _exact(one: Turn, query: str, language: Language) -> str:
    """A button that searches for the question as typed; "" if the user worded the query or it equals the question."""
    if one.ledger is None or one.ledger.main.author in (Author.USER, Author.EDITED) or query == one.question.strip():
        return ""
    return (
        f'<button type="button" class="query-exact" data-act="search-this" data-turn="{one.number}" '
        f'data-query="{esc(one.question)}">{t("query.exact", language)}</button>'
    )
