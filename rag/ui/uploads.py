"""What the documents page does: ingest, cancel, delete, show the chunks. Plain functions, as in `handlers`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from ..errors import RagError
from ..events import Cancel, IngestEvent
from ..files import Refused
from ..messages import reason
from ..service import Service
from ..types import Source
from .guard import guarded, reason_of
from .i18n import language, say
from .incoming import key_of, text_in
from .pump import Run
from .readiness import wait_until_ready
from .render import documents as documents_view
from .render import markup
from .session import Job, Sessions
from .views import Ingesting, Views

Sources = Callable[[], Iterable[Source | Refused]]

TABLE_GROWTH = 1.25
"""The document table is sent again whenever that many times more files are done: seldom when it is long."""
INGEST_UPDATES = 8
"""Per second; the table of many files is heavier than a few words."""


class Uploads:
    """One per page. An ingest belongs to the tab that began it; the documents belong to everybody."""

    def __init__(self, service: Service, sessions: Sessions, views: Views) -> None:
        self.service = service
        self.sessions = sessions
        self.views = views

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

    def _start(self, tab: str, sources: Sources, request: gr.Request) -> Ingesting:
        key, lang = key_of(tab, request), language(request)
        slot = self.sessions.slot(key)
        if slot.ingesting and slot.ingesting.active:
            raise RagError(reason("ui.still_ingesting"))
        self.sessions.update(key, lambda s: replace(s, job=Job()))
        slot.ingesting = self._run_ingest(key, sources).start()
        return self.views.ingesting(slot, lang)

    def _run_ingest(self, key: str, sources: Sources) -> Run[IngestEvent]:
        def change(how: Any) -> None:
            self.sessions.update(key, lambda s: replace(s, job=how(s.job or Job())))

        def events(cancel: Cancel) -> Iterator[IngestEvent]:
            wait_until_ready(self.service, cancel)
            if not cancel:
                yield from self.service.ingest(sources(), cancel=cancel)

        return Run(
            events,
            apply=lambda event: change(lambda job: job.after(event)),
            failed=lambda e: change(lambda job: replace(job, error=reason_of(e))),
            ended=lambda: change(lambda job: replace(job, done=True)),
        )

    @guarded
    async def follow_ingest(self, request: gr.Request, tab: str) -> AsyncIterator[Ingesting]:
        """The running ingest, until it ends. A closed tab does not end it."""
        key, lang = key_of(tab, request), language(request)
        slot = self.sessions.slot(key)
        run = slot.ingesting
        if run is None:
            yield Ingesting()
            return
        listed = 0
        async for news in run.follow(per_second=INGEST_UPDATES, patience=None):
            shown = self.views.ingesting(slot, lang) if news else Ingesting()
            ended = sum(1 for e in slot.session.job.files if e.outcome) if slot.session.job else 0
            if ended > listed * TABLE_GROWTH:
                listed, shown = ended, shown._replace(table=self.views.table(lang))
            yield shown
        yield self.views.ingesting(slot, lang)._replace(table=self.views.table(lang))

    @guarded
    def cancel_ingest(self, request: gr.Request, tab: str) -> None:
        """Stop after the batch that runs; what is indexed stays."""
        run = self.sessions.slot(key_of(tab, request)).ingesting
        if run is not None:
            run.stop()

    @guarded
    def delete(self, request: gr.Request, event: gr.EventData) -> tuple[str, str]:
        """Delete one document; returns the table and an empty viewer."""
        name, lang = text_in(event, "name"), language(request)
        if not self.service.delete([name]):
            raise RagError(reason("ui.document_gone", name=name))
        gr.Info(markup.name(say("deleted", lang, name=name)), duration=4, title=say("info_title", lang))
        return self.views.table(lang), ""

    @guarded
    def chunks(self, request: gr.Request, event: gr.EventData) -> str:
        """The chunks of one document."""
        name = text_in(event, "name")
        stored = self.service.chunks(name)
        if not stored:
            raise RagError(reason("ui.document_gone", name=name))
        return documents_view.viewer(name, stored, language(request))
