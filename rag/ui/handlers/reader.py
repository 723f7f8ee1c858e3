"""Handlers for reading: a document beside an answer, why a passage was not sent, and another answer with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from markupsafe import Markup

from rag.errors import RagError
from rag.evidence.document_view import reading
from rag.evidence.whynot import changed
from rag.evidence.whynot.passages import MOST_PASTED
from rag.knowledge.knowledge_base import shown
from rag.ledger import Ledger, Request
from rag.messages import reason

from ..html.evidence import whynot as whynot_view
from ..html.reading import viewer as viewer_view
from ..html.reading.viewer import ViewTarget
from ..state.turn import Turn
from ..views import Chat
from .chat import Handlers
from .guard import guarded
from .visitor import Visitor, number_in, text_in


class ReaderHandlers:
    """Handlers for reading; one instance per page. Asks questions through the chat's handlers."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers
        self.service = handlers.service

    @guarded
    def open_document(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show a document in the sheet, for the question of `turn` if the event names one, at its `chunk` or `part`."""
        who = Visitor.of(tab, request)
        name, base = text_in(event, "name"), text_in(event, "base")
        turn = self._turn(who, event)
        ledger = turn.ledger if turn else None
        citing = self.service.conversations.citing(who.actor, name)
        read = reading(name, base, self.service.documents.chunks(who.actor, name, base=base), ledger, citing)
        if not read.places:
            raise RagError(reason("ui.document_gone", name=name))
        target = ViewTarget(text_in(event, "chunk"), number_in(event, "part"))
        score = ledger.models["reranker"].score_name if ledger and "reranker" in ledger.models else ""
        number, named = turn.number if turn else 0, self._base_name(who, base, ledger)
        original = self.service.documents.has_original(who.actor, read.places[0].stored.sha256)
        return viewer_view.viewer(
            read, number, target, who.language, score_name=score, base_name=named, original=original
        )

    @guarded
    def ask_why(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show the form that takes a sentence and tells why its passage was not sent."""
        who = Visitor.of(tab, request)
        turn, ledger = self._answered(who, event)
        return whynot_view.form(ledger, turn.number, who.language)

    @guarded
    def why_not(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show why a chunk, or the passage of a pasted sentence, was not sent."""
        who = Visitor.of(tab, request)
        turn, ledger = self._answered(who, event)
        chunk, pasted = text_in(event, "chunk"), text_in(event, "text")[:MOST_PASTED]
        found = self.service.why_not(
            who.actor, ledger, text=pasted, chunk=chunk, base=text_in(event, "base"), document=text_in(event, "name")
        )
        told = whynot_view.verdict(found, ledger, turn.number, who.language)
        return whynot_view.form(ledger, turn.number, who.language, pasted=pasted, found=told)

    @guarded
    def try_remedy(self, request: gr.Request, event: gr.EventData, tab: str) -> tuple[Any, ...]:
        """Ask again with the changes of the event, as another branch beside the answer; closes the sheet."""
        who = Visitor.of(tab, request)
        turn, ledger = self._answered(who, event)
        sent = getattr(event, "changes", None)
        options = changed(ledger.options, sent if isinstance(sent, Mapping) else {})
        if options == ledger.options:
            raise RagError(reason("whynot.no_change"))
        given = getattr(event, "given", False) is True
        edited = "" if given or ledger.main.query == ledger.question else ledger.main.query
        asked = Request(turn.question, options=options, given=ledger if given else None, search_query=edited)
        chat: Chat = self.handlers.put(who, asked, replacing=turn.number)
        return *chat, Markup()

    def _base_name(self, who: Visitor, id: str, ledger: Ledger | None) -> str:
        """Name of a knowledge base; "" where there is only one, and the name in the ledger for one that is gone."""
        bases = self.service.knowledge_bases.all(who.actor)
        then = ledger.collections if ledger and len(ledger.collections) > 1 else {}
        now = {base.id: shown(base) for base in bases} if len(bases) > 1 else {}
        return now.get(id or bases[0].id) or then.get(id, "")

    def _turn(self, who: Visitor, event: gr.EventData) -> Turn | None:
        """The turn an event names; None where it names none, as from the documents page."""
        return self.handlers.turn_of(who, event) if number_in(event, "turn") else None

    def _answered(self, who: Visitor, event: gr.EventData) -> tuple[Turn, Ledger]:
        turn = self.handlers.turn_of(who, event)
        if turn.ledger is None:
            raise RagError(reason("ui.turn_gone"))
        return turn, turn.ledger
