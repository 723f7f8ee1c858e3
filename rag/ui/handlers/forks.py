"""Handlers for other ways on from a step of an answer: each begins a branch that reuses the steps before."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr

from rag.errors import RagError
from rag.ledger import Ledger, Request
from rag.messages import reason
from rag.types.steps import AnswerStep, StepAuthor, StepFork, StepKind

from ..html.answer.forks import CHOSEN_KINDS
from ..state.options import what_if
from ..state.turn import Turn
from ..views import Chat
from .chat import Handlers
from .guard import guarded
from .visitor import Visitor, number_in, question_in, text_in

COUNTED = (StepKind.LIST, StepKind.TABULATE)


class Forks:
    """Handlers of the buttons within the steps of an answer."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers

    @guarded
    def fork(self, request: gr.Request, event: gr.EventData, tab: str) -> Chat:
        """Take another step in the place of one: the `kind`, `query` and `document` of the event."""
        who = Visitor.of(tab, request)
        turn, ledger, step = self._step(who, event)
        query, document = question_in(text_in(event, "query")), text_in(event, "document")
        kind = next((kind for kind in CHOSEN_KINDS if kind == text_in(event, "kind")), None)
        if kind is None or not query:
            raise RagError(reason("steps.nothing_to_search"))
        documents = (document,) if document and kind is StepKind.SEARCH else ()
        if step.number == 1 and kind is StepKind.SEARCH:
            options = replace(turn.options, documents=documents or turn.options.documents)
            return self._put(who, turn, Request(turn.question, options=options, search_query=query))
        purpose = step.purpose if kind is StepKind.SEARCH else ""
        wanted = AnswerStep(0, kind, StepAuthor.READER, step.why, 0, query, purpose, documents)
        return self._put(who, turn, self._from(ledger, turn, step, wanted))

    @guarded
    def again(self, request: gr.Request, event: gr.EventData, tab: str) -> Chat:
        """Take a step again, and what follows it."""
        who = Visitor.of(tab, request)
        turn, ledger, step = self._step(who, event)
        if step.number == 1:
            return self._put(who, turn, Request(turn.question, options=turn.options, search_query=turn.search_query))
        if not step.search:
            raise RagError(reason("steps.nothing_to_search"))
        told = step.arguments or step.kind not in COUNTED or not step.query
        # in older records what they ask is told by the question alone, their query only says what came of it
        wanted = step if told else replace(step, query="", documents=(), table=None)
        return self._put(who, turn, self._from(ledger, turn, step, wanted))

    @guarded
    def leave_out(self, request: gr.Request, event: gr.EventData, tab: str) -> Chat:
        """Answer without what a step found."""
        who = Visitor.of(tab, request)
        turn, ledger, step = self._step(who, event)
        if step.number == 1 or not step.search:
            raise RagError(reason("steps.needed"))
        fork = StepFork(tuple(one.number for one in ledger.steps if one.number != step.number))
        return self._put(who, turn, Request(turn.question, options=ledger.options, given=ledger, fork=fork))

    @guarded
    def choose_passage(self, request: gr.Request, event: gr.EventData, tab: str) -> Chat:
        """Answer with a passage that a step found whatever its score, or without it: the `verdict` of the event."""
        who = Visitor.of(tab, request)
        turn, ledger = self._answered(who, event)
        chunk, verdict = text_in(event, "chunk"), text_in(event, "verdict")
        main = ledger.main.options
        others = {name: [id for id in getattr(main, name) if id != chunk] for name in ("pinned", "banned")}
        if verdict not in others or chunk not in {c.stored.id for c in ledger.candidates}:
            raise RagError(reason("steps.gone"))
        options = what_if(others | {verdict: [*others[verdict], chunk]}, turn.searches)
        return self._put(who, turn, Request(turn.question, options=options, given=ledger))

    def _from(self, ledger: Ledger, turn: Turn, step: AnswerStep, wanted: AnswerStep) -> Request:
        """The question again, from the steps before `step`, with the `wanted` one in its place."""
        kept = tuple(one.number for one in ledger.steps if one.number < step.number)
        fork = StepFork(kept, wanted, instead=step.number)
        return Request(turn.question, options=ledger.options, given=ledger, fork=fork)

    def _put(self, who: Visitor, turn: Turn, request: Request) -> Chat:
        put: Chat = self.handlers.put(who, request, replacing=turn.number)
        return put

    def _answered(self, who: Visitor, event: gr.EventData) -> tuple[Turn, Ledger]:
        turn = self.handlers.turn_of(who, event)
        if turn.ledger is None or not turn.searches:
            raise RagError(reason("ui.turn_gone"))
        return turn, turn.ledger

    def _step(self, who: Visitor, event: gr.EventData) -> tuple[Turn, Ledger, AnswerStep]:
        """The step an event names. Raises RagError where the answer has no such step."""
        turn, ledger = self._answered(who, event)
        wanted = number_in(event, "step")
        step = next((one for one in ledger.steps if one.number == wanted), None)
        if step is None:
            raise RagError(reason("steps.gone"))
        return turn, ledger, step
