"""The kinds of steps a language model may choose: for each, when it is possible, what it takes, and how that is read.

A kind is one entry of `KINDS`. It is a function of the moment: an `Offer`, or the reason why there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rag.messages import FIRST, Reason, reason, text
from rag.types.steps import ChartKind, StepAuthor, StepKind

from .arguments import SIGNS, number_in, query_from, tabulated
from .cells import Operation
from .days import of_span
from .listing import ORDERS, DocumentQuery, chosen
from .offers import Field, Kind, Offer, Said
from .parts import LONGEST as LONGEST_NAME
from .planner import StepChoice
from .results import described
from .showing import comparable, drawable
from .view import View

MOST_WITHIN = 200
"""Documents that a search can be narrowed to."""
LONGEST_QUERY = 300
CUTS = ("1", "3", "5", "10", "20")
_DATE = re.compile(r"[12]\d{3}(?:-[01]\d(?:-[0-3]\d)?)?")
QUERY = Field("query", "words to search for that stand alone, different from the queries already made")


def search(view: View) -> Offer | Reason:
    fields = (QUERY, *_narrowing(view, MOST_WITHIN))

    def choose(said: Said) -> StepChoice | str:
        query, within = said["query"], _within(view, said)
        if not any(c.isalnum() for c in query) or len(query) > LONGEST_QUERY:
            return f'"query" must be words to search for, at most {LONGEST_QUERY} characters.'
        choice = _choice(StepKind.SEARCH, view, query=query, purpose=query[:LONGEST_NAME])
        if within == DocumentQuery():
            return choice
        names = [document.name for document in chosen(within, view.documents)]
        if not 0 < len(names) <= MOST_WITHIN:
            return f"{len(names)} documents are of all that. Narrow the search in another way, or not at all."
        return replace(choice, documents=tuple(names), narrowed=within)

    about = "look for what is missing with other words, or in a part of the documents only"
    return Offer(StepKind.SEARCH, about, reason("steps.offers_search"), fields, choose)


def read(view: View) -> Offer | Reason:
    given = (("document", "links", view.links), ("section", "sections", view.sections))
    fields = [Field(name, f'for "read": a handle of "{of}"', tuple(handles)) for name, of, handles in given if handles]
    if not fields:
        return reason("steps.nothing_to_read")

    def choose(said: Said) -> StepChoice | str:
        query = said["query"][:LONGEST_QUERY]
        wanted = query if any(c.isalnum() for c in query) else view.state.question
        if of := view.sections.get(said.get("section", "")):
            return _choice(
                StepKind.READ, view, query=wanted, documents=(of.document,), section=of.heading,
                passages=tuple(of.passages),
            )  # fmt: skip
        lead = view.links.get(said.get("document", ""))
        if lead is None:
            return f'"read" needs one of {", ".join((*view.links, *view.sections))}.'
        return _choice(StepKind.READ, view, query=wanted, purpose=lead.label, documents=(lead.document,))

    shown = reason("steps.offers_read", links=len(view.links), sections=len(view.sections))
    about = "look into a linked document, or read on in the section of a passage, that promises what is missing"
    return Offer(StepKind.READ, about, shown, (QUERY, *fields), choose)


def listing(view: View) -> Offer | Reason:
    if not view.state.readable or not view.documents:
        return reason("steps.nothing_to_list")
    dates = (Field("since", "a date such as 2024-05, or nothing"), Field("until", "the same")) if view.dated else ()
    orders = tuple(order for order in ORDERS if view.dated or order not in ("newest", "oldest"))
    fields = (
        *_narrowing(view), *dates, Field("order", "which come first", orders),
        Field("most", "how many of the first; nothing for all", CUTS),
    )  # fmt: skip

    def choose(said: Said) -> StepChoice | str:
        spans = {name: said.get(name, "") for name in ("since", "until")}
        if wrong := [name for name, said in spans.items() if said and not (_DATE.fullmatch(said) and of_span(said))]:
            return f'"{wrong[0]}" must be a date such as 2024-05-31, or "".'
        since, until = (of_span(spans["since"]) or ("", ""))[0], (of_span(spans["until"]) or ("", ""))[1]
        query = replace(_within(view, said), since=since, until=until, order=said["order"], most=int(said["most"] or 0))
        return _choice(StepKind.LIST, view, query=str(query), listing=query)

    about = "list or count documents by folder, kind, tag or date, when the question asks which or how many there are"
    return Offer(StepKind.LIST, about, reason("steps.offers_list", count=len(view.documents)), fields, choose)


def tabulate(view: View) -> Offer | Reason:
    columns = tuple(view.columns)
    if not columns:
        return reason("steps.no_tables")
    fields = (
        Field("table", 'for "tabulate": a handle of "tables"', tuple(view.tables)),
        Field("operation", "what of its rows", tuple(map(str, Operation))),
        Field("column", "the column that is counted or told", columns),
        Field("where", "the column that rows are chosen by, or nothing", columns),
        Field("sign", "how that column is to lie to the value", ("=", *SIGNS)),
        Field("value", "the cell or the number of the rows that are wanted"),
        Field("group", "the column whose values are told apart, or nothing", columns),
    )

    def choose(said: Said) -> StepChoice | str:
        source = view.tables.get(said["table"])
        if source is None:
            return f'"table" must be one of {", ".join(view.tables)}.'
        places = {name: view.columns.get(said[name], (said["table"], -1)) for name in ("column", "where", "group")}
        if strange := [name for name, (of, _) in places.items() if of != said["table"]]:
            return f'"{strange[0]}" is no column of {said["table"]}.'
        column, where, group = (places[name][1] for name in ("column", "where", "group"))
        limits, operation = [], Operation(said["operation"] or Operation.VALUE)
        if where >= 0 and said["sign"] not in ("", "="):
            limit = number_in(said["value"])
            if limit is None or column not in (where, -1 if operation is Operation.COUNT else where):
                return '"value" must be a number, and "column" the same as "where", for a sign other than "=".'
            limits, column, where = [(said["sign"], limit)], where, -1
        filters = [(where, said["value"])] if where >= 0 else []
        asked = tabulated(source, operation, column, filters=filters, limits=limits, group=group)
        if isinstance(asked, Reason):
            return text(asked, FIRST)
        of = () if source.of_documents else (source.document,)
        return _choice(StepKind.TABULATE, view, query=described(asked), documents=of, tabulation=asked)

    about = "count exactly with the rows of a table, or look up a cell, when a table has the figure that is asked for"
    return Offer(StepKind.TABULATE, about, reason("steps.offers_tabulate", count=len(view.tables)), fields, choose)


def compare(view: View) -> Offer | Reason:
    found = comparable(view.state)
    if found is None:
        return reason("steps.no_sides")

    def choose(said: Said) -> StepChoice | str:
        return replace(found, author=StepAuthor.MODEL, parent=len(view.state.steps))

    about = "set what was found for both sides of a comparison side by side, or two versions of a document"
    return Offer(StepKind.COMPARE, about, found.why, (), choose)


def chart(view: View) -> Offer | Reason:
    found = drawable(view.state)
    if found is None:
        return reason("steps.nothing_to_draw")
    fields = (Field("chart", 'for "chart": its kind, or nothing', tuple(map(str, ChartKind))),)

    def choose(said: Said) -> StepChoice | str:
        wanted = drawable(view.state, ChartKind(said["chart"]) if said["chart"] else None)
        if wanted is None:
            return "The table has too few columns of numbers for that."
        return replace(wanted, author=StepAuthor.MODEL, parent=len(view.state.steps))

    about = "draw the table that was counted, when the question asks for a chart"
    return Offer(StepKind.CHART, about, found.why, fields, choose)


MISSING = Field("missing", 'for an end: what of the question nothing tells, in its language; else ""')


def answer(view: View) -> Offer | Reason:
    if not view.contexts:
        return reason("steps.nothing_to_answer_from")
    shown = reason("steps.answers", count=len(view.contexts))
    return Offer(StepKind.ANSWER, "what was found covers the question", shown, (MISSING,), _end(StepKind.ANSWER, view))


def give_up(view: View) -> Offer | Reason:
    if view.contexts:
        return reason("steps.something_to_answer_from")
    shown = reason("steps.gives_up")
    return Offer(StepKind.GIVE_UP, "nothing answers the question", shown, (MISSING,), _end(StepKind.GIVE_UP, view))


KINDS: Mapping[StepKind, Kind] = {
    StepKind.SEARCH: search,
    StepKind.READ: read,
    StepKind.LIST: listing,
    StepKind.TABULATE: tabulate,
    StepKind.CHART: chart,
    StepKind.COMPARE: compare,
    StepKind.ANSWER: answer,
    StepKind.GIVE_UP: give_up,
}
"""In the order in which they are offered; one is added by its function here and its words in `assets/text/`."""


def _narrowing(view: View, most: int = 0) -> Sequence[Field]:
    """Fields that keep to a folder, a kind or a tag; with `most`, only to those of so few documents."""
    given = {"folder": view.folders, "kind": view.kinds, "tag": view.tags}
    return [
        Field(name, f"a handle of {name}s to keep to, or nothing", tuple(handles))
        for name, values in given.items()
        if (handles := [h for h, value in values.items() if not most or _few(view, name, value, most)])
    ]


def _few(view: View, name: str, value: str, most: int) -> bool:
    query = query_from(((name, value),))
    return len(chosen(query, view.documents)) <= most


def _within(view: View, said: Said) -> DocumentQuery:
    folder, kind, tag = (said.get(name, "") for name in ("folder", "kind", "tag"))
    return DocumentQuery(folder=view.folders.get(folder, ""), kind=view.kinds.get(kind, ""), tag=view.tags.get(tag, ""))


def _choice(kind: StepKind, view: View, **values: Any) -> StepChoice:
    return StepChoice(
        kind, StepAuthor.MODEL, reason("steps.model_says", text=""), parent=len(view.state.steps), **values
    )


def _end(kind: StepKind, view: View) -> Callable[[Said], StepChoice | str]:
    return lambda said: _choice(kind, view)
