"""Handlers for indexes: build a new one beside the old, compare, switch, delete. Plain functions."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import gradio as gr
from markupsafe import Markup

from rag.accounts.actor import Actor
from rag.errors import RagError
from rag.evaluation.index_comparison import saved_questions
from rag.events import Cancel
from rag.knowledge.jobs.job import JobKind
from rag.messages import Language, reason
from rag.service import Service

from ..html.library import indexes as view
from ..i18n import language
from ..state.session import Sessions
from ..views import Views
from .guard import guarded
from .visitor import Visitor, actor_of, text_in


class Exchanged(NamedTuple):
    """Updates of the page once another index is the live one; each field is one component."""

    notice: Markup
    table: Markup
    scope: Markup


class Reindexes:
    """Handlers for indexes, which belong to everybody; one instance per page. Ids of knowledge bases are looked up."""

    def __init__(self, service: Service, sessions: Sessions, views: Views) -> None:
        self.service = service
        self.sessions = sessions
        self.views = views

    def notice(self, actor: Actor, lang: Language) -> Markup:
        """The notice about the indexes, preceded by the warning about documents that are missing in them."""
        jobs, missing = self.service.jobs.all(actor), self.service.knowledge_bases.missing(actor)
        building = {job.collection for job in jobs if job.kind is JobKind.REINDEX and not job.ended}
        return view.missing(missing, lang) + view.notice(self.service.indexes.notable(actor), building, lang)

    @guarded
    def show(self, request: gr.Request) -> Markup:
        """Show the notice, on opening and whenever jobs have ended."""
        return self._noticed(request)

    @guarded
    def build(self, request: gr.Request, event: gr.EventData) -> Markup:
        """Begin or continue a new index beside the live one."""
        actor = actor_of(request)
        self.service.jobs.reindex(actor, self._base(actor, event))
        return self._noticed(request)

    @guarded
    def switch(self, request: gr.Request, event: gr.EventData, tab: str) -> Exchanged:
        """Make the new index the live one."""
        who = Visitor.of(tab, request)
        self.service.indexes.switch(who.actor, base := self._base(who.actor, event))
        return self._exchanged(base, who)

    @guarded
    def back(self, request: gr.Request, event: gr.EventData, tab: str) -> Exchanged:
        """Make the earlier index the live one again."""
        who = Visitor.of(tab, request)
        self.service.indexes.back(who.actor, base := self._base(who.actor, event))
        return self._exchanged(base, who)

    @guarded
    def delete(self, request: gr.Request, event: gr.EventData) -> Markup:
        """Delete the earlier index."""
        actor = actor_of(request)
        self.service.indexes.delete_former(actor, self._base(actor, event))
        return self._noticed(request)

    @guarded
    def compare(self, request: gr.Request, event: gr.EventData) -> Markup:
        """Compare the old and the new index on the questions for which the visitor marked evidence."""
        actor = actor_of(request)
        questions = saved_questions(self.service.marks.all(actor))
        if not questions:
            raise RagError(reason("reindexing.no_marks"))
        found = self.service.indexes.compare(actor, self._base(actor, event), questions, cancel=Cancel())
        return view.comparison(found, language(request))

    def _exchanged(self, base: str, who: Visitor) -> Exchanged:
        """Updates after a switch. Documents deleted last were in the other index: they cannot be restored here."""
        session = self.sessions.get(who.key)
        if (session.base or self.views.default_base(who.actor)) == base:
            session = self.sessions.update(who.key, lambda s: replace(s, buried=()))
        table, scope = self.views.table(session, who.language), self.views.scope(session, who.language)
        return Exchanged(self.notice(who.actor, who.language), table, scope)

    def _noticed(self, request: gr.Request) -> Markup:
        return self.notice(actor_of(request), language(request))

    def _base(self, actor: Actor, event: gr.EventData) -> str:
        return self.service.knowledge_bases.base(actor, text_in(event, "base")).id
