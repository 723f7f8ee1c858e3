"""Handlers for knowledge bases: look at another, make, set up, delete. Plain functions as elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import gradio as gr
from markupsafe import Markup

from rag.errors import LibraryError, RagError
from rag.events import Cancel
from rag.knowledge.knowledge_base import OWN, KnowledgeBase, with_values
from rag.messages import text
from rag.service import Service

from ..html.library import library as library_view
from ..html.library import profile as profile_view
from ..state.session import Chosen, Sessions
from ..views import SKIP, Views
from .guard import guarded
from .visitor import Visitor, text_in

FIELDS = ("name", "description", "language", *OWN)
LONGEST = 4000
"""Most characters read of a field; the catalogue says what is too long for it."""


class BasesUpdate(NamedTuple):
    """Updates of the page; each field is one component."""

    tools: Markup = SKIP
    table: Markup = SKIP
    scope: Markup = SKIP
    sheet: Markup = SKIP
    progress: Markup = SKIP


class Bases:
    """Handlers for knowledge bases; one instance per page."""

    def __init__(self, service: Service, sessions: Sessions, views: Views) -> None:
        self.service = service
        self.sessions = sessions
        self.views = views

    @guarded
    def switch(self, request: gr.Request, event: gr.EventData, tab: str) -> BasesUpdate:
        """Look at the documents of another knowledge base."""
        return self._at(Visitor.of(tab, request), text_in(event, "base"))

    @guarded
    def new(self, request: gr.Request, tab: str) -> Markup:
        """The sheet for a new knowledge base."""
        return library_view.new(Visitor.of(tab, request).language)

    @guarded
    def create(self, request: gr.Request, event: gr.EventData, tab: str) -> BasesUpdate:
        """Make a knowledge base and look at it; if it cannot be made, the sheet says why."""
        who, name = Visitor.of(tab, request), text_in(event, "name")[:LONGEST]
        try:
            made = self.service.knowledge_bases.create(
                who.actor, name, description=text_in(event, "description")[:LONGEST]
            )
        except LibraryError as e:
            problem = text(e.reason, who.language)
            return BasesUpdate(sheet=library_view.new(who.language, entered=name, problem=problem))
        return self._at(who, made.id)._replace(sheet=Markup())

    @guarded
    def edit(self, request: gr.Request, tab: str) -> Markup:
        """The sheet that sets up the knowledge base looked at."""
        who = Visitor.of(tab, request)
        return self._sheet(self.views.base(self.sessions.get(who.key)), who)

    @guarded
    def profile(self, request: gr.Request, tab: str) -> Markup:
        """The sheet that tells what the knowledge base looked at is made of."""
        who = Visitor.of(tab, request)
        base = self.views.base(self.sessions.get(who.key))
        made_of = self.service.knowledge_bases.profile(who.actor, base.id, cancel=Cancel())
        return profile_view.sheet_of(made_of, base, who.language)

    @guarded
    def save(self, request: gr.Request, event: gr.EventData, tab: str) -> BasesUpdate:
        """Save the values of the sheet; if they cannot be saved, the sheet says why."""
        who = Visitor.of(tab, request)
        base = self.views.base(self.sessions.get(who.key))
        try:
            values = {name: text_in(event, name)[:LONGEST] for name in FIELDS}
            self.service.knowledge_bases.change(who.actor, with_values(base, values))
        except RagError as e:
            return BasesUpdate(sheet=self._sheet(base, who, problem=text(e.reason, who.language)))
        return self._at(who, base.id)._replace(sheet=Markup())

    @guarded
    def delete(self, request: gr.Request, event: gr.EventData, tab: str) -> BasesUpdate:
        """Delete the knowledge base looked at, once its name was typed; the job list says which jobs ended with it."""
        who = Visitor.of(tab, request)
        base = self.views.base(self.sessions.get(who.key))
        try:
            self.service.knowledge_bases.delete(who.actor, base.id, typed=text_in(event, "typed")[:LONGEST])
        except LibraryError as e:
            return BasesUpdate(sheet=self._sheet(base, who, problem=text(e.reason, who.language)))
        self.sessions.update(who.key, lambda s: replace(s, scope=_without(s.scope, base.id)))
        return self._at(who, "")._replace(sheet=Markup())

    def _sheet(self, base: KnowledgeBase, who: Visitor, *, problem: str = "") -> Markup:
        is_default = base.id == self.views.default_base(who.actor)
        filled = self.views.filled(who.actor, base.id)
        return library_view.edit(base, who.language, is_default=is_default, filled=filled, problem=problem)

    def _at(self, who: Visitor, id: str) -> BasesUpdate:
        session = self.sessions.update(who.key, lambda s: s.looking_at(id))
        tools, table = self.views.shelf(session, who.language)
        scope, progress = self.views.scope(session, who.language), self.views.progress(session, who.language)
        return BasesUpdate(tools, table, scope, progress=progress)


def _without(scope: Chosen, id: str) -> Chosen:
    return Chosen(
        tuple(each for each in scope.collections if each != id),
        tuple(part for part in scope.narrowed if part.collection != id),
    )
