"""Handlers of uploads and ingest jobs: ingest, follow, cancel, retry, dismiss. Plain functions, as in `chat`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from rag.documents.files import Refused
from rag.errors import RagError
from rag.messages import reason
from rag.service import Service
from rag.types import Source

from ..html.library.library import called
from ..html.markup import name
from ..http.upload_folder import taken, uploads
from ..i18n import say
from ..state.runs import changes, drawn
from ..state.session import Sessions
from ..views import Ingesting, Views
from .guard import guarded
from .visitor import Visitor, text_in

Sources = Callable[[], Iterable[Source | Refused]]

TABLE_GROWTH = 1.25
"""Factor by which the number of files done must grow before the document table is sent again: seldom when long."""
MOST_FOLLOWERS = 8
"""Most calls of one tab that follow the jobs; it has one for each way in which it began some."""
TOLD_SECONDS = 6
"""Seconds for which it is told where files went."""
INGEST_UPDATES = 8
"""Updates per second; the table of many files is heavier than a few words."""


class Uploads:
    """Handlers of uploads; one instance per page. Jobs and documents belong to everybody."""

    def __init__(self, service: Service, sessions: Sessions, views: Views) -> None:
        self.service = service
        self.sessions = sessions
        self.views = views

    @guarded
    def ingest(self, request: gr.Request, files: list[str] | None, tab: str) -> tuple[Any, ...]:
        """Ingest the dropped files. The first value returned empties the drop zone."""
        paths = [Path(str(f)) for f in files or []]
        if not paths:
            return gr.skip(), *Ingesting()
        who = Visitor.of(tab, request)
        base = self.views.base(self.sessions.get(who.key))
        sources = partial(self.service.documents.uploads, who.actor, base=base.id)
        if not self.views.searches(self.sessions.get(who.key), base):
            self._tell(who, say("library.not_searched", who.language, base=called(base, who.language)))
        return gr.update(value=None), *self._start(who, taken(paths, uploads(os.environ), sources))

    @guarded
    def attach(self, request: gr.Request, files: list[str] | None, tab: str) -> tuple[Any, ...]:
        """Ingest files that were given to the chat into the first knowledge base it searches, and say so."""
        paths = [Path(str(f)) for f in files or []]
        if not paths:
            return gr.skip(), *Ingesting()
        who = Visitor.of(tab, request)
        base = self.views.searched(self.sessions.get(who.key))
        self.sessions.update(who.key, lambda s: s.looking_at(base.id))
        sources = partial(self.service.documents.uploads, who.actor, base=base.id)
        shown = self._start(who, taken(paths, uploads(os.environ), sources))
        told = say("library.attached", who.language, count=len(paths), base=called(base, who.language))
        self._tell(who, told)
        return gr.update(value=None), *shown

    @staticmethod
    def _tell(who: Visitor, words: str) -> None:
        gr.Info(name(words), title=say("info_title", who.language), duration=TOLD_SECONDS)

    @guarded
    def sample(self, request: gr.Request, tab: str) -> Ingesting:
        """Ingest the sample handbook."""
        who = Visitor.of(tab, request)
        return self._start(who, partial(self.service.documents.sample, who.actor, who.language))

    def _start(self, who: Visitor, sources: Sources) -> Ingesting:
        self.service.jobs.add(who.actor, self._base(who), sources)
        return self._shown(who)

    def _base(self, who: Visitor) -> str:
        return self.views.base(self.sessions.get(who.key)).id

    @guarded
    async def follow_ingest(self, request: gr.Request, tab: str) -> AsyncIterator[Ingesting]:
        """Yield the progress of the jobs until all have ended. A closed tab does not end them."""
        who, jobs = Visitor.of(tab, request), self.service.jobs
        slot, lang = self.sessions.slot(who.key), who.language
        listed = 0
        if slot.followers >= MOST_FOLLOWERS:
            yield self.views.ingesting(slot, lang)
            return
        with slot.followed():
            version, active = partial(jobs.version, who.actor), partial(jobs.active, who.actor)
            async for news in changes(version, active, per_second=INGEST_UPDATES):
                shown = await drawn(self.views.ingesting, slot, lang) if news else Ingesting()
                ended = sum(file.ended for job in jobs.all(who.actor) for file in job.files)
                if ended > listed * TABLE_GROWTH:
                    listed, shown = ended, shown._replace(table=await drawn(self.views.table, slot.session, lang))
                yield shown
        tools, table = await drawn(self.views.shelf, slot.session, lang)
        scope = await drawn(self.views.scope, slot.session, lang)
        yield (await drawn(self.views.ingesting, slot, lang))._replace(tools=tools, table=table, scope=scope)
        yield Ingesting()  # Gradio sends the last one twice: by then a click may have changed what it shows

    @guarded
    def cancel_ingest(self, request: gr.Request, event: gr.EventData, tab: str) -> Ingesting:
        """Stop a job after the current batch; documents already indexed stay."""
        who = Visitor.of(tab, request)
        self.service.jobs.cancel(who.actor, text_in(event, "job"))
        return self._told(who)

    @guarded
    def retry_failed(self, request: gr.Request, event: gr.EventData, tab: str) -> Ingesting:
        """Try the failed or cancelled files of a job again. Raises RagError when there are none."""
        who = Visitor.of(tab, request)
        if self.service.jobs.retry(who.actor, text_in(event, "job")) is None:
            raise RagError(reason("jobs.nothing_to_retry"))
        return self._shown(who)

    @guarded
    def dismiss_job(self, request: gr.Request, event: gr.EventData, tab: str) -> Ingesting:
        """Remove an ended job from the page."""
        who = Visitor.of(tab, request)
        self.service.jobs.dismiss(who.actor, text_in(event, "job"))
        return self._told(who)

    def _told(self, who: Visitor) -> Ingesting:
        """Progress of the jobs; nothing where a follower shows it, as its last update may arrive before this one."""
        return Ingesting() if self.sessions.slot(who.key).followers else self._shown(who)

    def _shown(self, who: Visitor) -> Ingesting:
        return self.views.ingesting(self.sessions.slot(who.key), who.language)
