"""Which handler hears which event, and what it may change. What the handlers do is theirs."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr

from rag.service import Service

from .handlers.bases import Bases, BasesUpdate
from .handlers.chat import Handlers
from .handlers.choosing import Choosing, Standing
from .handlers.documents import Documents
from .handlers.indexes import Exchanged, Reindexes
from .handlers.reader import ReaderHandlers
from .handlers.refresh import PageUpdate, Refresh
from .handlers.saving import Marking, Saving
from .handlers.scoping import Scoping
from .handlers.talks import Talks
from .handlers.uploads import Uploads
from .handlers.whatif import WhatIf
from .layout import Layout
from .state.options import CHOSEN, NAMES
from .state.session import Sessions
from .views import Chat, Ingesting, Views

ANSWERS_AT_ONCE = 160
"""Pages that may follow an answer at the same time, those that wait for one among them: see `desk.Places`."""
INGESTS_AT_ONCE = 64
"""Pages that may follow the jobs at the same time."""


class Wiring:
    """Connects the components of one page with the handlers of one page, inside the `gr.Blocks` that is open."""

    def __init__(self, layout: Layout, service: Service, blocks: gr.Blocks) -> None:
        sessions, views = Sessions(), Views(service)
        self.page = layout
        self.handlers = Handlers(service, sessions, views)
        self.uploads = Uploads(service, sessions, views)
        self.talks = Talks(self.handlers)
        self.reader = ReaderHandlers(self.handlers)
        self.marking = Marking(self.handlers)
        self.saving = Saving(self.handlers)
        self.documents = Documents(service, sessions, views)
        self.bases = Bases(service, sessions, views)
        self.scoping = Scoping(service, sessions, views)
        self.quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        self.direct: dict[str, Any] = {**self.quiet, "queue": False}
        # only a queued call can show a message at the page's edge
        self.told: dict[str, Any] = {**self.quiet, "concurrency_limit": None}
        # every click counts, however fast they come, and what is shown last is what the last one led to; else Gradio
        # drops one that comes before the call of the one before has ended
        self.in_turn: dict[str, Any] = {**self.told, "trigger_mode": "multiple", "concurrency_limit": 1}
        self.chat = list(Chat(layout.history, layout.live, layout.evidence, layout.box, layout.banner))
        self.ingesting = list(Ingesting(layout.progress, layout.tools, layout.table, layout.live, layout.scope))
        self.noticing = Refresh(service, sessions, views)
        self.seen = [layout.pill, layout.news]
        self.look = list(PageUpdate(layout.pill, layout.models, layout.timer, layout.news))
        self._opening(blocks)
        self._noticing()
        self._chat()
        self._documents()
        self._settings(blocks)
        self._sheet()
        self._talks()
        self._what_if()
        self._indexes(Reindexes(service, sessions, views))
        self._reading()
        self._keeping()
        self._library()

    def _opening(self, blocks: gr.Blocks) -> None:
        h = self.handlers
        page = self.page
        shown = [page.tab, *self.chat, page.progress, page.tools, page.table, page.scope]
        shown += [page.news, page.pill, page.models]
        known = "() => [window.plainsight.tab(), window.plainsight.talk()]"
        opened = blocks.load(h.open, [self.page.tab, self.page.talk], shown, js=known, **self.direct)
        self._followed(opened)
        self._ingest_followed(opened)

    def _noticing(self) -> None:
        page, h = self.page, self.noticing
        page.timer.tick(h.look, self.seen, self.look, **self.direct)
        page.bus.look(h.look, self.seen, self.look, **self.direct)
        noticed = page.bus.notice(h.notice, [page.tab], self.ingesting, **self.direct)
        noticed.then(None, None, None, js="() => window.plainsight.noticed()", **self.direct)

    def _followed(self, started: Any) -> None:
        """After `started` has put a question, show its answer as it comes, and then whether the model gave it.

        Also while the browser still waits for the end of the answer before: by itself it would drop the second call.
        """
        followed = started.success(
            self.handlers.follow, [self.page.tab], self.chat, concurrency_limit=ANSWERS_AT_ONCE,
            concurrency_id="answers", trigger_mode="multiple", js=_own_tab(0), **self.quiet,
        )  # fmt: skip
        followed.then(self.noticing.look, self.seen, self.look, **self.direct)

    def _ingest_followed(self, started: Any) -> Any:
        """After `started` has begun a job, show how the jobs go until all have ended."""
        return started.success(
            self.uploads.follow_ingest, [self.page.tab], self.ingesting, concurrency_limit=INGESTS_AT_ONCE,
            concurrency_id="ingests", **self.quiet,
        )  # fmt: skip

    def _chat(self) -> None:
        h, bus, asked = self.handlers, self.page.bus, [self.page.tab, self.page.prefs]
        self._followed(self.page.box.submit(h.ask, [self.page.box, *asked], self.chat, js=_own_tab(1), **self.told))
        self._followed(bus.example(h.example, asked, self.chat, js=_own_tab(0), **self.told))
        self._followed(bus.retry(h.retry, asked, self.chat, **self.told))
        self._followed(bus.answer_anyway(h.answer_anyway, [self.page.tab], self.chat, **self.told))
        self.page.box.stop(h.stop, [self.page.tab], [self.page.box], **self.told)
        bus.edit(h.edit, [self.page.tab], self.chat, **self.told)
        bus.cancel_edit(h.cancel_edit, [self.page.tab], self.chat, **self.told)
        bus.evidence(h.show_evidence, [self.page.tab], [self.page.evidence], **self.in_turn)
        # Emptied by the browser: the server's answer would take what was typed meanwhile.
        self.page.new_chat.click(None, None, [self.page.box], js="() => ''", **self.direct)
        self.page.new_chat.click(h.new_chat, [self.page.tab], self.chat, **self.told)

    def _documents(self) -> None:
        h, bus = self.uploads, self.page.bus
        self._ingest_followed(
            self.page.files.upload(
                h.ingest, [self.page.files, self.page.tab], [self.page.files, *self.ingesting], **self.told
            )
        )
        self._ingest_followed(bus.sample(h.sample, [self.page.tab], self.ingesting, **self.told))
        bus.cancel_ingest(h.cancel_ingest, [self.page.tab], self.ingesting, **self.in_turn)
        bus.dismiss_job(h.dismiss_job, [self.page.tab], self.ingesting, **self.in_turn)
        self._ingest_followed(bus.retry_failed(h.retry_failed, [self.page.tab], self.ingesting, **self.told))

    def _settings(self, blocks: gr.Blocks) -> None:
        """A choice is kept by the browser at once, so that a question sent right after it is asked with it."""
        page, h = self.page, Choosing(self.handlers)
        known, shown = [page.tab, page.prefs], list(Standing(page.prefs, page.origins, page.standing))
        last: dict[str, Any] = {**self.direct, "trigger_mode": "always_last"}

        def stand(event: Any) -> None:
            event.then(None, [page.standing, page.prefs], page.options, js=_standing(), **self.direct)

        stand(blocks.load(h.restore, known, shown, js=_own_tab(0), **self.direct))
        stand(page.settings_tab.select(h.show, known, shown, **last))
        page.prefs.change(h.show, known, shown, **last)
        for name, control in zip(NAMES, page.options, strict=True):
            kept = ([control, page.prefs, page.standing], [page.prefs])
            ends = [control.blur if isinstance(control, gr.Textbox) else control.input]
            if isinstance(control, gr.Slider):
                ends[0](None, *kept, js=_chosen(name), **self.direct)
                ends = [control.release]
            for end in ends:
                stand(end(None, *kept, js=_chosen(name), **self.direct).then(h.show, known, shown, **self.direct))
        cleared = page.reset.click(None, None, [page.prefs], js=f"() => ({{ {CHOSEN}: {{}} }})", **self.direct)
        stand(cleared.then(h.show, known, shown, **self.direct))

    def _sheet(self) -> None:
        self.page.bus.record(self.handlers.show_record, [self.page.tab], [self.page.sheet], **self.told)
        self.page.bus.close_sheet(lambda: "", None, [self.page.sheet], **self.direct)

    def _talks(self) -> None:
        h, bus, tab, sheet = self.talks, self.page.bus, [self.page.tab], self.page.sheet
        bus.talks(h.show, tab, [sheet], **self.told)
        bus.open_talk(h.open, tab, [*self.chat, sheet], **self.told)
        bus.new_talk(h.new, tab, [*self.chat, sheet], **self.told)
        bus.rename_talk(h.rename, tab, [sheet], **self.told)
        bus.delete_talk(h.delete, tab, [*self.chat, sheet], **self.told)
        bus.branch(h.branch, tab, self.chat, **self.told)

    def _indexes(self, h: Reindexes) -> None:
        bus, notice = self.page.bus, [self.page.index_notice]
        self.page.documents_tab.select(h.show, None, notice, **self.direct)
        built = self._ingest_followed(bus.build_index(h.build, None, notice, **self.told))
        built.success(h.show, None, notice, **self.direct)
        tab, exchanged = [self.page.tab], list(Exchanged(self.page.index_notice, self.page.table, self.page.scope))
        bus.switch_index(h.switch, tab, exchanged, **self.told)
        bus.switch_back(h.back, tab, exchanged, **self.told)
        bus.delete_index(h.delete, None, notice, **self.told)
        bus.compare_indexes(h.compare, None, [self.page.sheet], **self.told)

    def _what_if(self) -> None:
        h, bus, tab, sheet = WhatIf(self.handlers), self.page.bus, [self.page.tab], [self.page.sheet]
        bus.flow(h.show_flow, tab, sheet, **self.told)
        bus.whatif(h.show, tab, sheet, **self.told)
        bus.preview(h.preview, tab, [self.page.preview], **self.direct)
        bus.compare(h.compare, tab, sheet, **self.told)
        self._followed(bus.whatif_answer(h.answer, tab, [*self.chat, self.page.sheet], **self.told))

    def _reading(self) -> None:
        h, bus, tab, sheet = self.reader, self.page.bus, [self.page.tab], self.page.sheet
        bus.open_document(h.open_document, tab, [sheet], **self.told)
        bus.ask_why(h.ask_why, tab, [sheet], **self.told)
        bus.why_not(h.why_not, tab, [sheet], **self.told)
        self._followed(bus.try_remedy(h.try_remedy, tab, [*self.chat, sheet], **self.told))

    def _keeping(self) -> None:
        s, bus, tab, taken = self.saving, self.page.bus, [self.page.tab], self.page.download
        bus.mark(self.marking.mark, tab, [self.page.evidence], **self.in_turn)
        bus.save(s.show, tab, [self.page.sheet], **self.told)
        for started, then in (
            (self.page.export.click(s.conversation, tab, [taken], **self.told), "download"),
            (bus.save_as(s.save, tab, [taken], **self.told), "download"),
            (bus.copy_sources(s.copy, tab, [taken], **self.told), "copied"),
        ):
            started.success(None, [taken], None, js=f"packed => window.plainsight.{then}(packed)", **self.direct)

    def _library(self) -> None:
        page, bus, tab = self.page, self.page.bus, [self.page.tab]
        documents, bases, scoping = self.documents, self.bases, self.scoping
        bus.list_documents(documents.look, tab, [page.table], **self.in_turn)
        bus.enable(documents.enable, tab, [page.table, page.scope], **self.in_turn)
        bus.delete(documents.delete, tab, [page.table, page.scope], **self.in_turn)
        self._ingest_followed(bus.reingest(documents.reingest, tab, self.ingesting, **self.told))
        bus.undo_delete(documents.undo, tab, [page.table, page.scope], **self.in_turn)
        bus.ask_only(documents.ask_only, tab, [page.scope], **self.in_turn)
        shown = list(BasesUpdate(page.tools, page.table, page.scope, page.sheet, page.progress))
        bus.base(bases.switch, tab, shown, **self.in_turn)
        bus.base_create(bases.create, tab, shown, **self.told)
        bus.base_save(bases.save, tab, shown, **self.told)
        bus.base_delete(bases.delete, tab, shown, **self.told)
        bus.base_new(bases.new, tab, [page.sheet], **self.told)
        bus.base_edit(bases.edit, tab, [page.sheet], **self.told)
        bus.scope(scoping.show, tab, [page.sheet], **self.told)
        # every search counts, however fast they come: the page takes the answer to the last one
        bus.scope_find(scoping.find, tab, [page.found], trigger_mode="multiple", **self.direct)
        bus.scope_apply(scoping.apply, tab, [page.scope, page.sheet], **self.told)


def _own_tab(place: int) -> str:
    """Script that puts the tab's id in its `place` among the inputs: the browser knows it from the first moment, the
    page only once it has heard from the server, and a question may be sent before."""
    return f"(...inputs) => Object.assign(inputs, {{ {place}: window.plainsight.tab() }})"


def _chosen(name: str) -> str:
    """Script that adds a control's value to the reader's choices; what applies anyway is none."""
    return f"""(value, kept, standing) => {{
      const {{ {name}: before, ...others }} = kept?.{CHOSEN} ?? {{}};
      return {{ {CHOSEN}: value === standing.usual.{name} ? others : {{ ...others, {name}: value }} }};
    }}"""


def _standing() -> str:
    """Script that shows what applies, but a choice the server has not seen yet as it was made."""
    return f"""(standing, kept) => {json.dumps(NAMES)}.map((name) => {{
      const chosen = kept?.{CHOSEN} ?? {{}};
      const seen = JSON.stringify(chosen[name]) === JSON.stringify(standing.asked[name]);
      return name in chosen && !seen ? chosen[name] : standing.values[name];
    }})"""
