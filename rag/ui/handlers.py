"""What the page does when something happens: plain functions of (inputs, request), returning what changes on the page.

Knows no layout. Whoever calls is identified by cookie and tab id alone; everything a browser sends is checked here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import gradio as gr

from ..errors import RagError
from ..events import Cancel
from ..export import export_markdown
from ..ledger import AnswerEvent
from ..messages import Language, reason
from ..service import Service
from .guard import guarded, reason_of
from .i18n import language
from .incoming import key_of, number_in, text_in
from .options import NAMES, clamped
from .pump import Run
from .readiness import wait_until_ready
from .render import documents as documents_view
from .render import status as status_view
from .render import transcript
from .session import Session, Sessions, Turn
from .views import Chat, Views, busy, free

ABANDONED_AFTER = 20.0
"""Seconds nobody follows an answer, tab closed, before it is stopped. A reload takes less."""


class Handlers:
    """One per page. Holds the service and the sessions; nothing of any visitor."""

    def __init__(self, service: Service, sessions: Sessions, views: Views) -> None:
        self.service = service
        self.sessions = sessions
        self.views = views

    # ---- opening ----------------------------------------------------------------------------------------------------

    @guarded
    def open(self, request: gr.Request, tab: str) -> tuple[Any, ...]:
        """A page was loaded: show the conversation and the ingest its tab already had."""
        key, lang = key_of(tab, request), language(request)
        session = self.sessions.get(key)
        status = self.service.status()
        return (
            tab,
            *self.views.chat(self.sessions.slot(key), lang),
            documents_view.progress(session.job, lang),
            self.views.table(lang),
            status_view.pill(status, lang),
            status_view.parts(status, lang),
        )

    @guarded
    def status(self, request: gr.Request, shown: str) -> tuple[Any, Any, Any]:
        """The pill, the models panel, and how soon to look again."""
        status, lang = self.service.status(), language(request)
        pill = status_view.pill(status, lang)
        pace = gr.Timer(15.0 if status_view.settled(status) else 1.0)
        if pill == shown:
            return gr.skip(), gr.skip(), pace
        return pill, status_view.parts(status, lang), pace

    # ---- asking -----------------------------------------------------------------------------------------------------

    @guarded
    def ask(self, request: gr.Request, question: str, tab: str, *values: Any) -> Chat:
        """The composer was sent: a new question, or a changed one in place of an earlier."""
        key = key_of(tab, request)
        session = self.sessions.get(key)
        return self._ask(key, question, values, replacing=session.editing, lang=language(request))

    @guarded
    def example(self, request: gr.Request, event: gr.EventData, tab: str, *values: Any) -> Chat:
        """An example question was clicked."""
        return self._ask(key_of(tab, request), text_in(event, "text"), values, replacing=0, lang=language(request))

    @guarded
    def retry(self, request: gr.Request, event: gr.EventData, tab: str, *values: Any) -> Chat:
        """Ask the last question again, with today's settings."""
        key = key_of(tab, request)
        last = self.sessions.get(key).last
        if last is None or last.number != number_in(event, "turn"):
            raise RagError(reason("ui.turn_gone"))
        return self._ask(key, last.question, values, replacing=last.number, lang=language(request))

    def _ask(self, key: str, question: str, values: tuple[Any, ...], *, replacing: int, lang: Language) -> Chat:
        question = question.strip() if isinstance(question, str) else ""
        if not question:
            return Chat()
        slot = self.sessions.slot(key)
        if slot.answering and slot.answering.active:
            raise RagError(reason("ui.still_answering"))
        options = clamped(dict(zip(NAMES, values, strict=False)), self.service.settings.retrieval)
        waiting = not self.service.status().ready
        ingesting = self.sessions.ingesting
        session = self.sessions.update(
            key, lambda s: s.asked(question, options, replacing=replacing, waiting=waiting, ingesting=ingesting)
        )
        assert session.last is not None
        slot.answering = self._run_answer(key, session, session.last).start()
        return self.views.chat(slot, lang)._replace(box=busy(""))

    def _run_answer(self, key: str, session: Session, turn: Turn) -> Run[AnswerEvent]:
        history = session.history(turn.number)

        def change(how: Any) -> None:
            self.sessions.update(key, lambda s: s.with_turn(turn.number, how))

        def events(cancel: Cancel) -> Iterator[AnswerEvent]:
            wait_until_ready(self.service, cancel)
            if not cancel:
                yield from self.service.ask(turn.question, history=history, options=turn.options, cancel=cancel)

        return Run(
            events,
            apply=lambda event: change(lambda t: t.after(event)),
            failed=lambda e: change(lambda t: replace(t, error=reason_of(e), waiting=False)),
            ended=lambda: change(_ended),
            linger=ABANDONED_AFTER,
        )

    @guarded
    async def follow(self, request: gr.Request, tab: str) -> AsyncIterator[Chat]:
        """The running answer, as often as a reader can follow, until it ends or another question takes its place."""
        key, lang = key_of(tab, request), language(request)
        slot = self.sessions.slot(key)
        run, last = slot.answering, slot.session.last
        if run is None or last is None:
            yield Chat()
            return
        shown: object = None
        async for news in run.follow():
            turn = slot.session.turn(last.number)
            if slot.answering is not run or turn is None:
                yield self.views.chat(slot, lang)  # what came before may have crossed the new state on its way
                return
            if not news:
                yield Chat()
                continue
            known = (turn.retrieval, turn.done, slot.session.shown)
            fresh = known != shown and slot.session.shown == turn.number
            shown = known
            yield Chat(
                live=self.views.live(slot.session, lang),
                evidence=self.views.evidence(slot.session, lang) if fresh else gr.skip(),
            )
        self.sessions.update(key, lambda s: s.with_turn(last.number, _ended))
        if slot.answering is run:
            yield Chat(
                live=self.views.live(slot.session, lang), evidence=self.views.evidence(slot.session, lang), box=free()
            )

    @guarded
    def stop(self, request: gr.Request, tab: str) -> None:
        """The stop button: at whatever stage the answer is."""
        run = self.sessions.slot(key_of(tab, request)).answering
        if run is not None:
            run.stop()

    @guarded
    def edit(self, request: gr.Request, event: gr.EventData, tab: str) -> Chat:
        """Put an earlier question into the composer; sending it replaces that turn and all after it."""
        key, lang = key_of(tab, request), language(request)
        number = number_in(event, "turn")
        turn = self.sessions.get(key).turn(number)
        if turn is None:
            raise RagError(reason("ui.turn_gone"))
        self.sessions.update(key, lambda s: replace(s, editing=number))
        return Chat(box=gr.update(value=turn.question), banner=transcript.editing(number, lang))

    @guarded
    def cancel_edit(self, request: gr.Request, tab: str) -> Chat:
        """Leave the earlier question as it is."""
        self.sessions.update(key_of(tab, request), lambda s: replace(s, editing=0))
        return Chat(box=gr.update(value=""), banner="")

    @guarded
    def new_chat(self, request: gr.Request, tab: str) -> Chat:
        """An empty conversation; what still runs is stopped."""
        key = key_of(tab, request)
        slot = self.sessions.slot(key)
        if slot.answering:
            slot.answering.stop()
            slot.answering = None
        self.sessions.update(key, Session.cleared)
        return self.views.chat(slot, language(request))._replace(box=free(""))

    @guarded
    def show_evidence(self, request: gr.Request, event: gr.EventData, tab: str) -> str:
        """The evidence of an earlier turn."""
        key, number = key_of(tab, request), number_in(event, "turn")
        if self.sessions.get(key).turn(number) is None:
            raise RagError(reason("ui.turn_gone"))
        session = self.sessions.update(key, lambda s: replace(s, shown=number))
        return self.views.evidence(session, language(request))

    @guarded
    def export(self, request: gr.Request, tab: str) -> str:
        """The conversation as Markdown."""
        ledgers = [t.ledger for t in self.sessions.get(key_of(tab, request)).turns if t.ledger]
        if not ledgers:
            raise RagError(reason("ui.nothing_to_export"))
        return export_markdown(ledgers, language(request))


def _ended(turn: Turn) -> Turn:
    return turn if turn.done else replace(turn, stopped=True, waiting=False)
