"""Handlers of the chat page: plain functions of (inputs, request) that return the updates of the page.

Knows no layout. A caller is identified by cookie and tab id alone; everything a browser sends is checked here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import gradio as gr
from markupsafe import Markup

from rag.errors import KeepingError, RagError
from rag.events import Judging
from rag.ledger import Request
from rag.messages import Language, reason
from rag.options import applied
from rag.service import Service
from rag.types import RetrievalOptions

from ..html import shell
from ..html import status as status_view
from ..html.answer import transcript
from ..html.evidence import record as record_view
from ..i18n import language
from ..state.options import kept_choices
from ..state.question_queue import QuestionQueue, QueueBounds
from ..state.runs import STOP_PATIENCE, drawn
from ..state.session import Session, Sessions, Slot
from ..state.turn import Turn
from ..views import SKIP, Chat, Views, busy, free
from .answer_runs import AnswerRuns, ended
from .catching_up import caught_up
from .guard import guarded
from .visitor import Visitor, key_of, number_in, question_in, text_in


class Handlers:
    """Handlers of the chat page; one instance per page. Holds the service and the sessions, nothing of any visitor."""

    def __init__(self, service: Service, sessions: Sessions, views: Views) -> None:
        self.service = service
        self.sessions = sessions
        self.views = views
        self.desk = QuestionQueue(QueueBounds(of_visitor=service.settings.questions_per_visitor))
        self.runs = AnswerRuns(service, sessions, self.desk)

    # ---- opening ----------------------------------------------------------------------------------------------------

    @guarded
    def open(self, request: gr.Request, tab: str, talk: str = "", addressed: str = "") -> tuple[Any, ...]:
        """Show a page that was loaded: the conversation the tab already had, and the jobs that run.

        `talk` is the id of the conversation the tab remembers: a restarted server forgets tabs, not conversations.
        `addressed` is the id in the page's address, which takes the place of whatever the tab had.
        """
        who = Visitor.of(tab, request)
        edition = self.views.edition(who.actor)
        session = self.sessions.slot(who.key, who.address).session
        if isinstance(addressed, str) and addressed not in ("", session.conversation):
            self.leave(who)
            self._resumed(who, addressed)
        elif not session.turns and not session.conversation:
            self._resumed(who, talk)
        status, lang = self.service.status(who.actor), who.language
        return (
            tab,
            *self.views.chat(self.sessions.slot(who.key), lang),
            self.views.progress(self.sessions.get(who.key), lang),
            *self.views.shelf(self.sessions.get(who.key), lang),
            self.views.scope(self.sessions.get(who.key), lang),
            edition,
            status_view.pill(status, lang, user=who.actor.name),
            status_view.parts(status, lang),
        )

    def _resumed(self, who: Visitor, talk: str) -> Session:
        """The session with the conversation `talk`; an empty one where that is gone, or never was the visitor's."""
        if not isinstance(talk, str) or not talk:
            return self.sessions.get(who.key)
        try:
            title = self.service.conversations.title(who.actor, talk)
            thread = self.service.conversations.thread(who.actor, talk)
        except KeepingError:
            return self.sessions.update(who.key, Session.cleared)
        return self.sessions.update(who.key, lambda s: s.resumed(talk, title, thread))

    # ---- asking -----------------------------------------------------------------------------------------------------

    @guarded
    def ask(self, request: gr.Request, question: str, tab: str, kept: Any = None) -> Chat:
        """Ask the question in the composer: a new one, or a changed one in place of an earlier one."""
        who = Visitor.of(tab, request)
        editing = self.sessions.get(who.key).editing
        return self.put(who, Request(question, options=self.options(who, kept)), replacing=editing)

    @guarded
    def example(self, request: gr.Request, event: gr.EventData, tab: str, kept: Any = None) -> Chat:
        """Ask the example question that was clicked."""
        who, question = Visitor.of(tab, request), text_in(event, "text")
        return self.put(who, Request(question, options=self.options(who, kept)))

    @guarded
    def retry(self, request: gr.Request, event: gr.EventData, tab: str, kept: Any = None) -> Chat:
        """Ask an earlier question again, with the current settings; `query` of the event is the search query."""
        who = Visitor.of(tab, request)
        turn = self.turn_of(who, event)
        asked = Request(
            turn.question, options=self.options(who, kept), search_query=question_in(text_in(event, "query"))
        )
        return self.put(who, asked, replacing=turn.number)

    @guarded
    def answer_anyway(self, request: gr.Request, event: gr.EventData, tab: str) -> Chat:
        """Answer from the best candidates of a question that was refused, whatever their probability."""
        who = Visitor.of(tab, request)
        turn = self.turn_of(who, event)
        options = replace(turn.options, threshold=0.0)
        return self.put(who, Request(turn.question, options=options, given=turn.ledger), replacing=turn.number)

    def turn_of(self, who: Visitor, event: gr.EventData) -> Turn:
        """The turn an event names, with its ledger. Raises RagError when it is not in the visitor's conversation."""
        turn = self.sessions.get(who.key).turn(number_in(event, "turn"))
        if turn is None:
            raise RagError(reason("ui.turn_gone"))
        return self.views.kept.whole(who.actor, turn)

    def options(self, who: Visitor, kept: Any) -> RetrievalOptions:
        """The options of the visitor's questions: their scope, the settings of its knowledge base, and over those their
        own choices, as the browser keeps them."""
        scope = self.sessions.get(who.key).scope
        chosen = kept_choices(kept, self.service.settings.retrieval)
        return scope.over(applied(self.service.knowledge_bases.defaults(who.actor, scope.collections), reader=chosen))

    def put(self, who: Visitor, request: Request, *, replacing: int = 0) -> Chat:
        """Ask a question as a new last turn, or in the place of turn `replacing`. Does nothing without a question."""
        question = question_in(request.question)
        if not question:
            return Chat()
        request = replace(request, question=question)
        slot = self.sessions.slot(who.key, who.address)
        check_free(slot)
        if not replacing:
            caught_up(self.service, self.sessions, who)
        ticket = self.desk.enter(who.actor.owner or who.key, who.address)
        waiting = not self.service.status(who.actor).ready
        ingesting = self.service.jobs.active(who.actor)
        session = self.sessions.update(
            who.key,
            lambda s: s.asked(
                request.question,
                request.options,
                replacing=replacing,
                waiting=waiting,
                ingesting=ingesting,
                search_query=request.search_query,
            ),
        )
        assert session.last is not None
        asked = replace(request, history=session.history(session.last.number))
        slot.answering = self.runs.begin(who, session, asked, ticket)
        return self.views.chat(slot, who.language)._replace(box=busy())

    @guarded
    async def follow(self, request: gr.Request, tab: str) -> AsyncIterator[Chat]:
        """Yield the running answer, as often as a reader can follow, until it ends or another one takes its place."""
        key, lang = key_of(tab, request), language(request)
        slot = self.sessions.slot(key)
        run, last = slot.answering, slot.session.last
        if run is None or last is None:
            yield Chat()
            return
        shown: object = None
        watcher = slot.watch()
        async for news in run.follow():
            if watcher not in slot.watchers:
                return
            turn = slot.session.turn(last.number)
            if slot.answering is not run or turn is None:
                yield await drawn(
                    self.views.chat, slot, lang
                )  # what came before may have crossed the new state on its way
                return
            if not news:
                yield Chat()
                continue
            known = (turn.searches, turn.done, slot.session.shown, _tenths(turn.judging))
            fresh = known != shown and slot.session.shown == turn.number
            shown = known
            yield await drawn(self._answering, slot.session, lang, evidence=fresh)
        self.sessions.update(key, lambda s: s.with_turn(last.number, ended))
        if slot.answering is run:
            yield (await drawn(self._answering, slot.session, lang, evidence=True))._replace(box=free())
            # Gradio sends the last one twice: by then a click may have changed what it shows. The composer's state is
            # in it all the same: the browser applies differences in place, to messages it has not yet shown too, so
            # that without it a busy page would never see it.
            yield Chat(box=free())

    def _answering(self, session: Session, lang: Language, *, evidence: bool) -> Chat:
        """Update of the last turn; with `evidence`, of the evidence panel too."""
        return Chat(
            live=self.views.live(session, lang), evidence=self.views.evidence(session, lang) if evidence else SKIP
        )

    @guarded
    def stop(self, request: gr.Request, tab: str) -> Any:
        """Stop the answer, at whatever stage it is. A page that missed the end gets its composer back."""
        run = self.sessions.slot(key_of(tab, request)).answering
        if run is None or not run.active:
            return free()
        run.stop()
        return gr.skip()

    @guarded
    def edit(self, request: gr.Request, event: gr.EventData, tab: str) -> Chat:
        """Put an earlier question into the composer; sending it replaces that turn and all after it."""
        who = Visitor.of(tab, request)
        turn = self.turn_of(who, event)
        self.sessions.update(who.key, lambda s: replace(s, editing=turn.number))
        return Chat(box=gr.update(value=turn.question), banner=transcript.editing(turn.number, who.language))

    @guarded
    def cancel_edit(self, request: gr.Request, tab: str) -> Chat:
        """Stop editing: leave the earlier question as it is and empty the composer."""
        self.sessions.update(key_of(tab, request), lambda s: replace(s, editing=0))
        return Chat(box=gr.update(value=""), banner=Markup())

    @guarded
    def new_chat(self, request: gr.Request, tab: str) -> Chat:
        """Begin an empty conversation; an answer that still runs is stopped."""
        who = Visitor.of(tab, request)
        self.leave(who)
        self.sessions.update(who.key, Session.cleared)
        return self.views.chat(self.sessions.slot(who.key), who.language)._replace(box=free())

    def leave(self, who: Visitor) -> None:
        """Stop the running answer; its text so far is kept."""
        slot = self.sessions.slot(who.key)
        if slot.answering:
            slot.answering.stop()
            slot.answering = None

    @guarded
    def show_evidence(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show the evidence of an earlier turn."""
        who = Visitor.of(tab, request)
        number = self.turn_of(who, event).number
        session = self.sessions.update(who.key, lambda s: replace(s, shown=number))
        return self.views.evidence(session, who.language)

    @guarded
    def show_record(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show the full record of an answer, including the exact messages sent to the model."""
        who = Visitor.of(tab, request)
        ledger = self.turn_of(who, event).ledger
        if ledger is None:
            raise RagError(reason("ui.turn_gone"))
        return record_view.record(ledger, who.language)

    @guarded
    def show_keys(self, request: gr.Request) -> Markup:
        """Show which keys do what."""
        return shell.keys(language(request))


def check_free(slot: Slot) -> None:
    """Raise RagError while an answer is being written. An answer that was stopped is waited for, up to
    `STOP_PATIENCE` seconds, so that the next one follows it."""
    if slot.answering and slot.answering.stopped:
        slot.answering.join(STOP_PATIENCE)
    elif slot.answering and slot.answering.active:
        raise RagError(reason("ui.still_answering"))


def _tenths(judging: Judging | None) -> int:
    """Progress of the reranker in tenths: the panel is drawn anew some ten times, however many candidates."""
    return 0 if judging is None else 1 + 10 * judging.done // max(1, len(judging.candidates))
