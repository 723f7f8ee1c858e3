"""What the page does when something happens: plain functions of (inputs, request), returning what changes on the page.

Knows no layout. Whoever calls is identified by cookie and tab id alone; everything a browser sends is checked here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from ..errors import RagError, StoreError
from ..export import export_markdown
from ..messages import Language, reason
from ..service import Service
from ..types import AnswerEvent, Cancel, IngestEvent, PartState
from . import security
from .guard import guarded, unexpected
from .i18n import language, say
from .options import NAMES, clamped
from .pump import Run
from .render import documents as documents_view
from .render import evidence as evidence_view
from .render import status as status_view
from .render import transcript
from .render.markup import esc
from .session import Job, Session, Sessions, Slot, Turn

MAX_TAB_ID = 64
ABANDONED_AFTER = 20.0
"""Seconds nobody follows an answer, tab closed, before it is stopped. A reload takes less."""
READY_POLL = 0.25
"""Seconds between looks at models that still load."""
TABLE_GROWTH = 1.25
"""The document table is sent again whenever that many times more files are done: seldom when it is long."""
INGEST_UPDATES = 8
"""Per second; the table of many files is heavier than a few words."""


class Chat(NamedTuple):
    """What the chat page shows; each field is one component."""

    history: Any = gr.skip()
    live: Any = gr.skip()
    evidence: Any = gr.skip()
    box: Any = gr.skip()
    banner: Any = gr.skip()


class Ingesting(NamedTuple):
    """What the documents page shows, and the chat page while it is empty."""

    progress: Any = gr.skip()
    table: Any = gr.skip()
    live: Any = gr.skip()


class Handlers:
    """One per page. Holds the service and the sessions; nothing of any visitor."""

    def __init__(self, service: Service, sessions: Sessions) -> None:
        self.service = service
        self.sessions = sessions

    # ---- opening ----------------------------------------------------------------------------------------------------

    @guarded
    def open(self, request: gr.Request, tab: str) -> tuple[Any, ...]:
        """A page was loaded: show the conversation and the ingest its tab already had."""
        key, lang = _key(tab, request), language(request)
        session = self.sessions.get(key)
        status = self.service.status()
        return (
            tab,
            *self._chat(self.sessions.slot(key), lang),
            documents_view.progress(session.job, lang),
            self._table(lang),
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
        key = _key(tab, request)
        session = self.sessions.get(key)
        return self._ask(key, question, values, replacing=session.editing, lang=language(request))

    @guarded
    def example(self, request: gr.Request, event: gr.EventData, tab: str, *values: Any) -> Chat:
        """An example question was clicked."""
        return self._ask(_key(tab, request), _text(event, "text"), values, replacing=0, lang=language(request))

    @guarded
    def retry(self, request: gr.Request, event: gr.EventData, tab: str, *values: Any) -> Chat:
        """Ask the last question again, with today's settings."""
        key = _key(tab, request)
        last = self.sessions.get(key).last
        if last is None or last.number != _number(event, "turn"):
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
        session = self.sessions.update(key, lambda s: s.asked(question, options, replacing=replacing, waiting=waiting))
        assert session.last is not None
        slot.answering = self._run_answer(key, session, session.last).start()
        return self._chat(slot, lang)._replace(box=_busy(""))

    def _run_answer(self, key: str, session: Session, turn: Turn) -> Run[AnswerEvent]:
        history = session.history(turn.number)

        def change(how: Any) -> None:
            self.sessions.update(key, lambda s: s.with_turn(turn.number, how))

        def events(cancel: Cancel) -> Iterator[AnswerEvent]:
            self._wait_until_ready(cancel)
            if not cancel:
                yield from self.service.ask(turn.question, history=history, options=turn.options, cancel=cancel)

        return Run(
            events,
            apply=lambda event: change(lambda t: t.after(event)),
            failed=lambda e: change(lambda t: replace(t, error=_reason(e), waiting=False)),
            ended=lambda: change(_ended),
            linger=ABANDONED_AFTER,
        )

    async def follow(self, request: gr.Request, tab: str) -> AsyncIterator[Chat]:
        """The running answer, as often as a reader can follow, until it ends or another question takes its place."""
        key, lang = _key(tab, request), language(request)
        slot = self.sessions.slot(key)
        run, last = slot.answering, slot.session.last
        if run is None or last is None:
            yield Chat()
            return
        shown: object = None
        async for news in run.follow():
            turn = slot.session.turn(last.number)
            if slot.answering is not run or turn is None:
                yield self._chat(slot, lang)  # what came before may have crossed the new state on its way
                return
            if not news:
                yield Chat()
                continue
            known = (turn.retrieval, turn.done, slot.session.shown)
            fresh = known != shown and slot.session.shown == turn.number
            shown = known
            yield Chat(
                live=self._live(slot.session, lang), evidence=self._evidence(slot.session, lang) if fresh else gr.skip()
            )
        self.sessions.update(key, lambda s: s.with_turn(last.number, _ended))
        if slot.answering is run:
            yield Chat(live=self._live(slot.session, lang), evidence=self._evidence(slot.session, lang), box=_free())

    def stop(self, request: gr.Request, tab: str) -> None:
        """The stop button: at whatever stage the answer is."""
        run = self.sessions.slot(_key(tab, request)).answering
        if run is not None:
            run.stop()

    @guarded
    def edit(self, request: gr.Request, event: gr.EventData, tab: str) -> Chat:
        """Put an earlier question into the composer; sending it replaces that turn and all after it."""
        key, lang = _key(tab, request), language(request)
        number = _number(event, "turn")
        turn = self.sessions.get(key).turn(number)
        if turn is None:
            raise RagError(reason("ui.turn_gone"))
        self.sessions.update(key, lambda s: replace(s, editing=number))
        return Chat(box=gr.update(value=turn.question), banner=transcript.editing(number, lang))

    def cancel_edit(self, request: gr.Request, tab: str) -> Chat:
        """Leave the earlier question as it is."""
        self.sessions.update(_key(tab, request), lambda s: replace(s, editing=0))
        return Chat(box=gr.update(value=""), banner="")

    @guarded
    def new_chat(self, request: gr.Request, tab: str) -> Chat:
        """An empty conversation; what still runs is stopped."""
        key = _key(tab, request)
        slot = self.sessions.slot(key)
        if slot.answering:
            slot.answering.stop()
            slot.answering = None
        self.sessions.update(key, Session.cleared)
        return self._chat(slot, language(request))._replace(box=_free(""))

    @guarded
    def show_evidence(self, request: gr.Request, event: gr.EventData, tab: str) -> str:
        """The evidence of an earlier turn."""
        key, number = _key(tab, request), _number(event, "turn")
        if self.sessions.get(key).turn(number) is None:
            raise RagError(reason("ui.turn_gone"))
        session = self.sessions.update(key, lambda s: replace(s, shown=number))
        return self._evidence(session, language(request))

    @guarded
    def export(self, request: gr.Request, tab: str) -> str:
        """The conversation as Markdown."""
        ledgers = [t.ledger for t in self.sessions.get(_key(tab, request)).turns if t.ledger]
        if not ledgers:
            raise RagError(reason("ui.nothing_to_export"))
        return export_markdown(ledgers, language(request))

    # ---- documents --------------------------------------------------------------------------------------------------

    @guarded
    def ingest(self, request: gr.Request, files: list[str] | None, tab: str) -> tuple[Any, ...]:
        """Files were dropped. The first value frees the drop zone."""
        paths = [Path(str(f)) for f in files or []]
        if not paths:
            return gr.skip(), *Ingesting()
        return gr.update(value=None), *self._start(tab, lambda: self.service.sources(paths), request)

    @guarded
    def sample(self, request: gr.Request, tab: str) -> Ingesting:
        """The sample handbook was asked for."""
        return self._start(tab, self.service.sample, request)

    def _start(self, tab: str, sources: Any, request: gr.Request) -> Ingesting:
        key, lang = _key(tab, request), language(request)
        slot = self.sessions.slot(key)
        if slot.ingesting and slot.ingesting.active:
            raise RagError(reason("ui.still_ingesting"))
        self.sessions.update(key, lambda s: replace(s, job=Job()))
        slot.ingesting = self._run_ingest(key, sources).start()
        return self._ingesting(slot, lang)

    def _run_ingest(self, key: str, sources: Any) -> Run[IngestEvent]:
        def change(how: Any) -> None:
            self.sessions.update(key, lambda s: replace(s, job=how(s.job or Job())))

        def events(cancel: Cancel) -> Iterator[IngestEvent]:
            self._wait_until_ready(cancel)
            if not cancel:
                yield from self.service.ingest(sources(), cancel=cancel)

        return Run(
            events,
            apply=lambda event: change(lambda job: job.after(event)),
            failed=lambda e: change(lambda job: replace(job, error=_reason(e))),
            ended=lambda: change(lambda job: replace(job, done=True)),
        )

    async def follow_ingest(self, request: gr.Request, tab: str) -> AsyncIterator[Ingesting]:
        """The running ingest, until it ends. A closed tab does not end it."""
        key, lang = _key(tab, request), language(request)
        slot = self.sessions.slot(key)
        run = slot.ingesting
        if run is None:
            yield Ingesting()
            return
        listed = 0
        async for news in run.follow(per_second=INGEST_UPDATES, patience=None):
            shown = self._ingesting(slot, lang) if news else Ingesting()
            ended = sum(1 for e in slot.session.job.files if e.outcome) if slot.session.job else 0
            if ended > listed * TABLE_GROWTH:
                listed, shown = ended, shown._replace(table=self._table(lang))
            yield shown
        yield self._ingesting(slot, lang)._replace(table=self._table(lang))

    def cancel_ingest(self, request: gr.Request, tab: str) -> None:
        """Stop after the batch that runs; what is indexed stays."""
        run = self.sessions.slot(_key(tab, request)).ingesting
        if run is not None:
            run.stop()

    @guarded
    def delete(self, request: gr.Request, event: gr.EventData) -> tuple[str, str]:
        """Delete one document; returns the table and an empty viewer."""
        name, lang = _text(event, "name"), language(request)
        if not self.service.delete([name]):
            raise RagError(reason("ui.document_gone", name=esc(name)))
        gr.Info(say("deleted", lang, name=esc(name)), duration=4, title=say("info_title", lang))
        return self._table(lang), ""

    @guarded
    def chunks(self, request: gr.Request, event: gr.EventData) -> str:
        """The chunks of one document."""
        name = _text(event, "name")
        stored = self.service.chunks(name)
        if not stored:
            raise RagError(reason("ui.document_gone", name=name))
        return documents_view.viewer(name, stored, language(request))

    # ---- what is shown ----------------------------------------------------------------------------------------------

    def _chat(self, slot: Slot, lang: Language) -> Chat:
        session = slot.session
        last = session.last
        return Chat(
            history=transcript.turns(session.turns[:-1], lang, last=last.number if last else 0),
            live=self._live(session, lang),
            evidence=self._evidence(session, lang),
            box=_busy() if slot.answering and slot.answering.active else gr.skip(),
            banner=transcript.editing(session.editing, lang),
        )

    def _live(self, session: Session, lang: Language) -> str:
        if session.last is None:
            return transcript.empty(lang, documents=self._names(), job=session.job)
        status = self.service.status() if session.last.waiting else None
        return transcript.turn(session.last, lang, is_last=True, status=status)

    def _evidence(self, session: Session, lang: Language) -> str:
        turn = session.turn(session.shown)
        return evidence_view.panel(session.turns, session.shown, lang, score_name=self._score_name(turn))

    def _score_name(self, turn: Turn | None) -> str:
        if turn is not None and turn.ledger is not None and "reranker" in turn.ledger.models:
            return turn.ledger.models["reranker"].score_name
        running = (p.info for p in self.service.status().parts if p.part == "reranker")
        return next((info.score_name for info in running if info), "")

    def _ingesting(self, slot: Slot, lang: Language) -> Ingesting:
        session = slot.session
        live = gr.skip() if session.turns else self._live(session, lang)
        return Ingesting(progress=documents_view.progress(session.job, lang), live=live)

    def _table(self, lang: Language) -> str:
        try:
            return documents_view.table(self.service.documents(), lang)
        except StoreError as e:
            return documents_view.unavailable(e.reason, lang)

    def _names(self) -> list[str] | None:
        try:
            return [document.name for document in self.service.documents()]
        except StoreError:
            return None  # the status pill says why; an offer to ingest would be wrong now

    def _wait_until_ready(self, cancel: Cancel) -> None:
        """Until the models can be used. Raises RagError when they never will."""
        while not (status := self.service.status()).ready and not cancel:
            failed = [p for p in status.parts if p.state is PartState.FAILED and p.reason and p.part != "chat"]
            if failed and failed[0].part != "store" and failed[0].reason:
                raise RagError(failed[0].reason)
            if failed and not _loading(status.parts):
                return  # a database that was away is tried again by the question itself
            cancel.flag.wait(READY_POLL)


def _loading(parts: Iterable[Any]) -> bool:
    return any(p.state in (PartState.WAITING, PartState.LOADING, PartState.DOWNLOADING) for p in parts)


def _ended(turn: Turn) -> Turn:
    return turn if turn.done else replace(turn, stopped=True, waiting=False)


def _reason(error: Exception) -> Any:
    return error.reason if isinstance(error, RagError) else unexpected(error)


def _key(tab: str, request: gr.Request) -> str:
    """Where a tab's session is kept: the browser's secret cookie and the tab's own id, both out of others' reach."""
    known = tab if isinstance(tab, str) and len(tab) <= MAX_TAB_ID else ""
    return f"{security.owner(request.cookies)}/{known}"


def _number(event: gr.EventData, field: str) -> int:
    value = getattr(event, field, 0)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(event: gr.EventData, field: str) -> str:
    value = getattr(event, field, "")
    return value if isinstance(value, str) else ""


def _busy(value: str | None = None) -> Any:
    """The composer while an answer runs; with `value`, its text too."""
    if value is None:
        return gr.update(submit_btn=False, stop_btn=True)
    return gr.update(value=value, submit_btn=False, stop_btn=True)


def _free(value: str | None = None) -> Any:
    if value is None:
        return gr.update(submit_btn=True, stop_btn=False)
    return gr.update(value=value, submit_btn=True, stop_btn=False)
