"""Handlers that choose the scope of a conversation. Plain functions, as in `chat`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import gradio as gr
from markupsafe import Markup

from rag.errors import RagError
from rag.knowledge.catalog import MOST_BASES
from rag.messages import reason, text
from rag.service import Service
from rag.types import Narrowing

from ..html.library import scope as scope_view
from ..state.session import Chosen, Sessions
from ..views import SKIP, Views
from .documents import LONGEST, MOST_CHOSEN
from .guard import guarded
from .visitor import Visitor, number_in, records_in, switch_in, text_in, texts, texts_in

MOST_OF_A_KIND = 500
"""Most folders and documents, or tags, of one knowledge base that a browser may name in one scope."""


class Scoping:
    """Handlers for the scope; one instance per page."""

    def __init__(self, service: Service, sessions: Sessions, views: Views) -> None:
        self.service = service
        self.sessions = sessions
        self.views = views

    @guarded
    def show(self, request: gr.Request, tab: str) -> Markup:
        """Show the sheet in which the scope is chosen."""
        who = Visitor.of(tab, request)
        return scope_view.choosing(self.views.shelves(self.sessions.get(who.key)), who.language)

    @guarded
    def find(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show the documents of one knowledge base that match the typed words, without those already ticked."""
        who = Visitor.of(tab, request)
        base, words = text_in(event, "base"), text_in(event, "words")[:LONGEST]
        ticked = texts_in(event, "ticked", MOST_OF_A_KIND)
        documents = self.service.documents.all(who.actor, base=base)
        return scope_view.found(base, documents, words, ticked, number_in(event, "number"), who.language)

    @guarded
    def apply(self, request: gr.Request, event: gr.EventData, tab: str) -> tuple[Markup, Markup]:
        """Set the scope that was chosen, or the default one; returns the chip and the sheet, "" when that closes."""
        who = Visitor.of(tab, request)
        scope = Chosen() if switch_in(event, "all") else self._chosen(who, event)
        if scope is None:
            shelves = self.views.shelves(self.sessions.get(who.key))
            refused = text(reason("library.scope_nothing"), who.language)
            return SKIP, scope_view.choosing(shelves, who.language, said=refused)
        session = self.sessions.update(who.key, lambda s: replace(s, scope=scope))
        return self.views.scope(session, who.language), Markup()

    def _chosen(self, who: Visitor, event: gr.EventData) -> Chosen | None:
        """The scope of the event, limited to knowledge bases that exist; None where none is chosen."""
        known = [base.id for base in self.service.knowledge_bases.all(who.actor)]
        parts: dict[str, Narrowing] = {}
        for record in records_in(event, "parts", MOST_BASES):
            id = record.get("base")
            if isinstance(id, str) and id in known:
                documents = tuple(texts(record.get("documents"), MOST_OF_A_KIND))
                _bound([name for name in documents if not name.endswith("/")])
                parts[id] = Narrowing(id, documents, tuple(texts(record.get("tags"), MOST_OF_A_KIND)))
        if not parts:
            return None
        narrowed = tuple(part for part in parts.values() if part.documents or part.tags)
        if list(parts) == known[:1] and not narrowed:
            return Chosen()
        return Chosen(tuple(id for id in known if id in parts), narrowed)


def _bound(names: Sequence[str]) -> None:
    """Raise RagError for more single documents than may be kept with an answer."""
    if len(names) > MOST_CHOSEN:
        raise RagError(reason("library.too_many_chosen", count=len(names), most=MOST_CHOSEN))
