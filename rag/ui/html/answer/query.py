"""The query of an answer, its author, and the form to change it; drawn alike under the answer and in the panel."""

from __future__ import annotations

from typing import Literal

from markupsafe import Markup

from rag.ledger import Author, Outcome, Search
from rag.messages import Language

from ...state.turn import Turn
from ..markup import button, html, icon, t

Place = Literal["answer", "panel"]
LONGEST = 8000
"""Characters of a search query; as many as a question may have."""


def number(search: int, language: Language) -> Markup:
    """Name of a search, for an answer that has several."""
    return t("searches.number", language, number=search)


def named(search: Search | None, of: int, language: Language) -> Markup:
    """Name of search number `of` with its query and, if known, its purpose; the name alone where `search` is None."""
    if search is None:
        return number(of, language)
    purpose = html(' <small class="purpose">{}</small>')(search.purpose) if search.purpose else ""
    return html("{}: <q>{}</q>{}")(number(of, language), search.query, purpose)


def line(one: Turn, language: Language, *, place: Place) -> Markup:
    """The search of a turn, shown only if its query is not the question as typed.

    The form to change the query stands under the answer if the query is shown there, else in the panel.
    """
    query = _query(one)
    if not query:
        return Markup()
    told = Markup() if query == one.question.strip() else _told(one, query, language)
    if not told and (place == "answer" or not one.done):
        return Markup()
    shown = html('<div class="query">{}{}{}</div>')
    if told and (place == "panel" or not one.done):
        return shown(told, "", "")
    return shown(told, _edit(one, query, language, place), _exact(one, query, language))


def _query(one: Turn) -> str:
    """The query of the first search; "" where nothing was searched for."""
    if one.outcome is Outcome.SMALL_TALK or not one.searches:
        return ""
    return one.searches[0].query.strip()


def _told(one: Turn, query: str, language: Language) -> Markup:
    author = html(" <small>{}</small>")(t(f"query.by_{one.ledger.main.author}", language)) if one.ledger else ""
    return html('<p class="ev-query">{}<span>{} <q>{}</q>{}</span></p>')(
        icon("search", size=14), t("searched_for", language), query, author
    )


def _edit(one: Turn, query: str, language: Language, place: Place) -> Markup:
    search = button("quiet", "search-this", t("query.search", language), turn=one.number)
    return html(
        '<details class="query-edit" id="query-{}-{}"><summary>{}</summary><span class="query-form">'
        '<input type="text" class="query-field" value="{}" maxlength="{}" aria-label="{}">{}</span></details>'
    )(place, one.number, t("query.change", language), query, LONGEST, t("query.field", language), search)


def _exact(one: Turn, query: str, language: Language) -> Markup:
    """A button that searches for the question as typed; "" if the user worded the query or it equals the question."""
    if one.ledger is None or one.ledger.main.author in (Author.USER, Author.EDITED) or query == one.question.strip():
        return Markup()
    exact = t("query.exact", language)
    return button("query-exact", "search-this", exact, turn=one.number, query=one.question)
