"""Handlers of the document list: filter, sort, page, enable, disable, re-ingest, delete, undo. Plain functions.

The documents belong to everybody; the filter and order of the list belong to the tab. A browser needs to know nothing
but the names it was shown.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr
from markupsafe import Markup

from rag.errors import RagError
from rag.knowledge.listing import SORTS, STATES, Listing, matches
from rag.messages import reason
from rag.service import Service

from ..state.session import Chosen, Session, Sessions
from ..views import Ingesting, Views
from .guard import guarded
from .visitor import Visitor, number_in, switch_in, text_in, texts_in

MOST_PICKED = 1000
"""Most documents a browser may name at once; more are selected by the filter they match."""
MOST_CHOSEN = 200
"""Most single documents a conversation may be narrowed to: they are kept with every answer."""
FILTERS = ("words", "folder", "tag", "kind", "state", "since", "until")
LONGEST = 1024
"""Most characters of a filter; no name is longer."""


DAY = re.compile(r"\d{4}-\d\d-\d\d")


class DocumentsUpdate(NamedTuple):
    """Updates of the page; each field is one component."""

    table: Markup
    scope: Markup


class Documents:
    """Handlers of the document list; one instance per page."""

    def __init__(self, service: Service, sessions: Sessions, views: Views) -> None:
        self.service = service
        self.sessions = sessions
        self.views = views

    @guarded
    def look(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show the list with other words, filter, order or page; fields the event does not name stay as they are."""
        who = Visitor.of(tab, request)
        session = self.sessions.update(who.key, lambda s: replace(s, listing=_after(s.listing, event)))
        return self.views.table(session, who.language)

    @guarded
    def enable(self, request: gr.Request, event: gr.EventData, tab: str) -> DocumentsUpdate:
        """Enable or disable the selected documents for searches."""
        who = Visitor.of(tab, request)
        session = self.sessions.get(who.key)
        names, enabled = self._picked(session, event), switch_in(event, "enabled")
        self.service.documents.enable(who.actor, names, enabled, base=session.base)
        return self._shown(session, who)

    @guarded
    def delete(self, request: gr.Request, event: gr.EventData, tab: str) -> DocumentsUpdate:
        """Delete the selected documents; this can be undone for some minutes."""
        who = Visitor.of(tab, request)
        session = self.sessions.get(who.key)
        names = self._picked(session, event)
        deleted = self.service.documents.bury(who.actor, names, base=session.base) if names else 0
        if not deleted and (not names or tuple(names) != session.buried):  # these are gone already at a second click
            raise RagError(reason("ui.document_gone", name=names[0] if names else ""))
        session = self.sessions.update(who.key, lambda s: replace(s, buried=tuple(names)))
        return self._shown(session, who)

    @guarded
    def reingest(self, request: gr.Request, event: gr.EventData, tab: str) -> Ingesting:
        """Ingest the selected documents again from their kept files, as a job."""
        who = Visitor.of(tab, request)
        session = self.sessions.get(who.key)
        names = self._picked(session, event)
        if not names:
            raise RagError(reason("ui.document_gone", name=""))
        base = session.base or self.views.default_base(who.actor)
        self.service.jobs.reingest(who.actor, names, base=base)
        return self.views.ingesting(self.sessions.slot(who.key), who.language)

    @guarded
    def undo(self, request: gr.Request, tab: str) -> DocumentsUpdate:
        """Restore the documents deleted last. Raises RagError when it is too late."""
        who = Visitor.of(tab, request)
        session = self.sessions.get(who.key)
        restored = self.service.documents.restore(who.actor, session.buried, base=session.base)
        session = self.sessions.update(who.key, lambda s: replace(s, buried=()))
        if not restored:
            raise RagError(reason("library.too_late"))
        return self._shown(session, who)

    @guarded
    def ask_only(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Narrow the conversation to the selected documents."""
        who = Visitor.of(tab, request)
        session = self.sessions.get(who.key)
        names = self._picked(session, event)
        if len(names) > MOST_CHOSEN:
            raise RagError(reason("library.too_many_chosen", count=len(names), most=MOST_CHOSEN))
        id = session.base or self.views.default_base(who.actor)
        scope = Chosen.part(id, names) if names else session.scope
        session = self.sessions.update(who.key, lambda s: replace(s, scope=scope))
        return self.views.scope(session, who.language)

    def _picked(self, session: Session, event: gr.EventData) -> list[str]:
        """Names of the documents the event selects: those it lists, or all that match the filter.

        Raises RagError when the browser showed another knowledge base: there the names may be those of other documents.
        """
        if (base := text_in(event, "base")) and base != self.views.base(session).id:
            raise RagError(reason("library.other_base"))
        if switch_in(event, "all"):
            found = matches(self.service.documents.all(session.actor, base=session.base), session.listing)
            return [document.name for document in found]
        return texts_in(event, "names", MOST_PICKED) or [name for name in [text_in(event, "name")] if name]

    def _shown(self, session: Session, who: Visitor) -> DocumentsUpdate:
        return DocumentsUpdate(self.views.table(session, who.language), self.views.scope(session, who.language))


def _after(listing: Listing, event: gr.EventData) -> Listing:
    """The listing once a browser's event has changed it. A new filter or order begins on the first page."""
    said = {name for name in ("page", "sort", *FILTERS) if getattr(event, name, None) is not None}
    if "page" in said:
        return replace(listing, page=number_in(event, "page") or 1)
    listing = replace(listing, page=1)
    if "sort" in said and (sort := text_in(event, "sort")) in SORTS:
        return replace(listing, sort=sort, descending=sort == listing.sort and not listing.descending)
    changed: dict[str, Any] = {name: text_in(event, name)[:LONGEST] for name in FILTERS if name in said}
    if changed.get("state", "") not in ("", *STATES):
        del changed["state"]
    for name in ("since", "until"):
        if changed.get(name) and not DAY.fullmatch(changed[name]):
            del changed[name]
    return replace(listing, **changed)
