"""What the documents page does: ingest, cancel, delete. Plain functions, as in `handlers`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

import gradio as gr

from rag.documents.files import Refused
from rag.errors import RagError
from rag.messages import reason
from rag.service import Service
from rag.types import Source

from ..http.upload_folder import taken, uploads
from ..i18n import language
from ..state.runs import changes, drawn
from ..state.session import Sessions
from ..views import Ingesting, Views
from .guard import guarded
from .visitor import key_of, text_in

Sources = Callable[[], Iterable[Source | Refused]]

TABLE_GROWTH = 1.25
"""The document table is sent again whenever that many times more files are done: seldom when it is long."""
MOST_FOLLOWERS = 8
"""Calls of one tab that follow the jobs; it has one for each way in which it began some."""
INGEST_UPDATES = 8
"""Per second; the table of many files is heavier than a few words."""


class Uploads:
    """One per page. Jobs and documents belong to everybody."""

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
        sources = taken(paths, uploads(os.environ), self.service.sources)
        return gr.update(value=None), *self._start(tab, sources, request)

    @guarded
    def sample(self, request: gr.Request, tab: str) -> Ingesting:
        """The sample handbook was asked for."""
        return self._start(tab, self.service.sample, request)

    def _start(self, tab: str, sources: Sources, request: gr.Request) -> Ingesting:
        base = self.sessions.get(key_of(tab, request)).base or self.views.default_base()
        self.service.jobs.add(base, sources)
        return self._shown(tab, request)

    @guarded
    async def follow_ingest(self, request: gr.Request, tab: str) -> AsyncIterator[Ingesting]:
        """The jobs, until all have ended. A closed tab does not end them."""
        jobs, lang = self.service.jobs, language(request)
        slot = self.sessions.slot(key_of(tab, request))
        listed = 0
        if slot.followers >= MOST_FOLLOWERS:
            yield self.views.ingesting(slot, lang)
            return
        with slot.followed():
            async for news in changes(lambda: jobs.version, lambda: jobs.active, per_second=INGEST_UPDATES):
                shown = await drawn(self.views.ingesting, slot, lang) if news else Ingesting()
                ended = sum(file.ended for job in jobs.jobs() for file in job.files)
                if ended > listed * TABLE_GROWTH:
                    listed, shown = ended, shown._replace(table=await drawn(self.views.table, slot.session, lang))
                yield shown
        tools, table = await drawn(self.views.shelf, slot.session, lang)
        scope = await drawn(self.views.scope, slot.session, lang)
        yield (await drawn(self.views.ingesting, slot, lang))._replace(tools=tools, table=table, scope=scope)
        yield Ingesting()  # Gradio sends the last one twice: by then a click may have changed what it shows

    @guarded
    def cancel_ingest(self, request: gr.Request, event: gr.EventData, tab: str) -> Ingesting:
        """Stop a job after the batch that runs; what is indexed stays."""
        self.service.jobs.cancel(text_in(event, "job"))
        return self._told(tab, request)

    @guarded
    def retry_failed(self, request: gr.Request, event: gr.EventData, tab: str) -> Ingesting:
        """Try the files of a job again that failed or were cancelled."""
        if self.service.jobs.retry(text_in(event, "job")) is None:
            raise RagError(reason("jobs.nothing_to_retry"))
        return self._shown(tab, request)

    @guarded
    def dismiss_job(self, request: gr.Request, event: gr.EventData, tab: str) -> Ingesting:
        """Take a job that has ended off the page."""
        self.service.jobs.dismiss(text_in(event, "job"))
        return self._told(tab, request)

    def _told(self, tab: str, request: gr.Request) -> Ingesting:
        """Nothing where a follower shows what changed: its last word may be on the page before this one."""
        return Ingesting() if self.sessions.slot(key_of(tab, request)).followers else self._shown(tab, request)

    def _shown(self, tab: str, request: gr.Request) -> Ingesting:
        return self.views.ingesting(self.sessions.slot(key_of(tab, request)), language(request))
