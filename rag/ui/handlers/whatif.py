"""Handlers for rank flow, what-if and comparison, which use the scores an answer already has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from markupsafe import Markup

from rag.errors import RagError
from rag.ledger import Ledger, Request, Search
from rag.messages import reason
from rag.options import ShownIn, of
from rag.retrieval.merging import reselected

from ..html.evidence import compare, flow, whatif
from ..html.markup import button, t
from ..state.options import what_if
from ..state.turn import Turn
from .chat import Handlers
from .guard import guarded
from .visitor import Visitor, number_in, text_in

CONTROLS = (*(option.name for option in of(shown=ShownIn.WHAT_IF)), "pinned", "banned")
"""Names of the controls the sheet sends; every other option stays as it was."""


class WhatIf:
    """Handlers of one page. They never search or score: `reselected` only orders the candidates of an answer."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers

    @guarded
    def show_flow(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show the rank flow of an answer in the sheet; that of one search, where the event names one."""
        who = Visitor.of(tab, request)
        turn = self.handlers.turn_of(who, event)
        opening = button("quiet", "whatif", t("whatif.open", who.language), turn=turn.number)
        tools = opening if turn.ledger else Markup()
        searches, one = _searches(turn), number_in(event, "search")
        shown = [search for search in searches if search.number == one] or searches
        return flow.flow_sheet(shown, who.language, turn=turn.number, tools=tools)

    @guarded
    def show(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show the what-if sheet, with the controls set to the answer's options."""
        who = Visitor.of(tab, request)
        turn = self.handlers.turn_of(who, event)
        _ledger(turn)
        return whatif.whatif_sheet(_searches(turn), who.language, turn=turn.number)

    @guarded
    def preview(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Preview how the answer's candidates would be ordered and selected under the settings of the event."""
        who = Visitor.of(tab, request)
        turn = self.handlers.turn_of(who, event)
        actual = _searches(turn)
        again = reselected(actual, what_if(_sent(event), actual))
        number = number_in(event, "number")
        return whatif.preview(actual, again, who.language, turn=turn.number, number=number)

    @guarded
    def answer(self, request: gr.Request, event: gr.EventData, tab: str) -> tuple[Any, ...]:
        """Answer again from the same candidates, as a new branch, and show it beside the earlier answer."""
        who = Visitor.of(tab, request)
        turn = self.handlers.turn_of(who, event)
        ledger = _ledger(turn)
        options = what_if(_sent(event), _searches(turn))
        chat = self.handlers.put(who, Request(turn.question, options=options, given=ledger), replacing=turn.number)
        last = self.handlers.sessions.get(who.key).last
        assert last is not None
        return (*chat, compare.pending(ledger, options, who.language, turn=last.number))

    @guarded
    def compare(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show an answer beside the one before it, or beside the kept answer `with` of the event."""
        who = Visitor.of(tab, request)
        turn = self.handlers.turn_of(who, event)
        after = _ledger(turn)
        others = [one for one in turn.siblings if one != after.id]
        wanted = text_in(event, "with")
        if not others or (wanted and wanted not in others):
            raise RagError(reason("whatif.not_there"))
        before = self._kept(who, wanted or _previous(turn.siblings, after.id))
        return compare.comparison(before, after, who.language, turn=turn.number, siblings=turn.siblings)

    def _kept(self, who: Visitor, answer: str) -> Ledger:
        return self.handlers.service.conversations.answer(who.actor, answer)


def _sent(event: gr.EventData) -> Mapping[str, Any]:
    return {name: getattr(event, name, None) for name in CONTROLS}


def _previous(siblings: tuple[str, ...], answer: str) -> str:
    """Id of the sibling before `answer`; of the one after it where there is none."""
    place = siblings.index(answer) if answer in siblings else len(siblings)
    return siblings[place - 1] if place else siblings[1]


def _searches(turn: Turn) -> tuple[Search, ...]:
    if not turn.searches:
        raise RagError(reason("ui.turn_gone"))
    return turn.searches


def _ledger(turn: Turn) -> Ledger:
    if turn.ledger is None:
        raise RagError(reason("ui.turn_gone"))
    return turn.ledger
