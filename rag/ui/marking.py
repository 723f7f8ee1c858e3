"""One click on a card marks it right or wrong evidence. Everything a browser sends is looked up in its own answers."""

from __future__ import annotations

import gradio as gr

from rag.evidence.marks import Verdict, mark_of

from ..errors import RagError
from ..messages import reason
from .handlers.chat import Handlers
from .handlers.guard import guarded
from .handlers.visitor import Visitor, text_in


class Marking:
    """What the buttons of a card do."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers

    @guarded
    def mark(self, request: gr.Request, event: gr.EventData, tab: str) -> str:
        """Mark a passage, or take the mark back; the panel as it is then."""
        who = Visitor.of(tab, request)
        ledger = self.handlers.turn_of(who, event).ledger
        verdict = text_in(event, "verdict")
        if ledger is None or verdict not in tuple(Verdict):
            raise RagError(reason("ui.turn_gone"))
        marked = mark_of(ledger, text_in(event, "chunk"), Verdict(verdict))
        self.handlers.service.marks.toggle(who.owner, marked)
        return self.handlers.views.evidence(self.handlers.sessions.get(who.key), who.language)
