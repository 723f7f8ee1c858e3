"""Keeps an open page up to date with changes by others: another tab, another app over the same data, the command line.

The timer compares the edition the page was told of last with the current one. Where they differ, the page asks for its
contents anew as soon as the reader is not working on them (`noticing.js`). No connection is held open for this: while
a job runs somewhere, the timer is faster.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from rag.knowledge.listing import Listing
from rag.service import Service

from ..html import status as status_view
from ..i18n import language
from ..state.session import Session, Sessions
from ..views import SKIP, Ingesting, Views
from .guard import guarded
from .visitor import Visitor, actor_of, switch_in

LOADING_SECONDS, JOBS_SECONDS, IDLE_SECONDS = 1.0, 2.0, 15.0
"""Seconds between two looks: while models load, while a job runs, and otherwise."""


class PageUpdate(NamedTuple):
    """Updates of the page after a look; each field is one component."""

    pill: Markup
    models: Markup
    timer: Any
    news: Any


class Refresh:
    """Handlers that keep a page up to date; one instance per page."""

    def __init__(self, service: Service, sessions: Sessions, views: Views) -> None:
        self.service = service
        self.sessions = sessions
        self.views = views

    @guarded
    def look(self, request: gr.Request, shown: str, told: str) -> PageUpdate:
        """The pill and the models panel, how soon to look again, and the edition unless the page was `told` of it."""
        actor, lang = actor_of(request), language(request)
        status, edition = self.service.status(actor), self.views.edition(actor)
        pill = status_view.pill(status, lang, user=actor.name)
        pace = JOBS_SECONDS if self.service.jobs.active(actor) else IDLE_SECONDS
        timer = gr.Timer(pace if status_view.settled(status) else LOADING_SECONDS)
        news = gr.skip() if edition == told else edition
        if pill == shown:
            return PageUpdate(SKIP, SKIP, timer, news)
        return PageUpdate(pill, status_view.parts(status, lang), timer, news)

    @guarded
    def notice(self, request: gr.Request, event: gr.EventData, tab: str) -> Ingesting:
        """Show the current jobs and documents; nothing where a call already follows the jobs, as it ends with the same.

        While a job runs, the list is sent only if the event asks for `list`; without `head` the list's head stays.
        """
        who = Visitor.of(tab, request)
        slot = self.sessions.slot(who.key)
        if slot.followers:
            return Ingesting()
        session = self.sessions.update(who.key, self._still)
        shown = self.views.ingesting(slot, who.language)
        if self.service.jobs.active(who.actor) and not switch_in(event, "list"):
            return shown
        tools, table = self.views.shelf(session, who.language)
        shown = shown._replace(table=table, scope=self.views.scope(session, who.language))
        return shown._replace(tools=tools) if switch_in(event, "head") else shown

    def _still(self, session: Session) -> Session:
        """The session; if its knowledge base is gone, with the default one in its place."""
        if session.base in ("", *(base.id for base in self.service.knowledge_bases.all(session.actor))):
            return session
        return replace(session, base="", listing=Listing(), buried=())
