"""List of every event of the page, each once: its trigger, its handler, its inputs and the outputs it may change.

The handlers themselves are in `handlers`; the page's own script calls an event by the name given here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from rag.service import Service

from .handlers.bases import Bases, BasesUpdate
from .handlers.chat import Handlers
from .handlers.choosing import Choosing, Standing
from .handlers.documents import Documents
from .handlers.forks import Forks
from .handlers.indexes import Exchanged, Reindexes
from .handlers.language_model import LanguageModels, ModelUpdate
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
from .wiring import Order, PageEvent


class Events:
    """The events of one page: `layout` holds its components, `blocks` is the page itself."""

    def __init__(self, layout: Layout, service: Service, sessions: Sessions, blocks: gr.Blocks) -> None:
        views = Views(service)
        self.blocks = blocks
        self.page = layout
        self.service, self.sessions, self.views = service, sessions, views
        self.handlers = Handlers(service, sessions, views)
        self.refresh = Refresh(service, sessions, views)
        self.tab = [layout.tab]
        self.chat = list(Chat(layout.history, layout.live, layout.evidence, layout.box, layout.banner))
        self.ingesting = list(Ingesting(layout.progress, layout.tools, layout.table, layout.live, layout.scope))
        self.answered = (self._answer_followed(),)
        self.begun = (self._jobs_followed(),)

    def all(self) -> Iterator[PageEvent]:
        """Yield all events, in the order in which they are connected."""
        yield from self._opening()
        yield from self._looking()
        yield from self._asking()
        yield from self._adding()
        yield from self._settings()
        yield from self._language_model()
        yield from self._sheets()
        yield from self._talks()
        yield from self._what_if()
        yield from self._forks()
        yield from self._indexes()
        yield from self._reading()
        yield from self._keeping()
        yield from self._documents()
        yield from self._bases()

    def _opening(self) -> Iterator[PageEvent]:
        page = self.page
        shown = [page.tab, *self.chat, page.progress, page.tools, page.table, page.scope]
        shown += [page.news, page.pill, page.models]
        yield PageEvent(
            self.blocks.load, self.handlers.open, [page.tab, page.talk, page.addressed], shown, Order.DIRECT,
            js="() => ['tab', 'talk', 'addressed'].map((name) => window.plainsight[name]())",
            then=(*self.answered, *self.begun),
        )  # fmt: skip

    def _looking(self) -> Iterator[PageEvent]:
        page = self.page
        yield self._look(page.timer.tick)
        yield self._look("look")
        yield PageEvent("notice", self.refresh.notice, self.tab, self.ingesting, Order.DIRECT, then=(_told("noticed"),))

    def _look(self, trigger: str | Callable[..., Any]) -> PageEvent:
        page = self.page
        changed = list(PageUpdate(page.pill, page.models, page.timer, page.news))
        return PageEvent(trigger, self.refresh.look, [page.pill, page.news], changed, Order.DIRECT)

    def _answer_followed(self) -> PageEvent:
        """Event after a question was put: show its answer as it comes, then a status: whether the model gave it."""
        return PageEvent(
            "success", self.handlers.follow, self.tab, self.chat, Order.ANSWERS, js=_own_tab(0),
            then=(self._look("then"), _told("ended")),
        )  # fmt: skip

    def _jobs_followed(self, *then: PageEvent) -> PageEvent:
        """Event after a job has begun: show the progress of the jobs until all have ended, then run `then`."""
        uploads = Uploads(self.service, self.sessions, self.views)
        return PageEvent("success", uploads.follow_ingest, self.tab, self.ingesting, Order.INGESTS, then=then)

    def _asking(self) -> Iterator[PageEvent]:
        h, page, tab, chat = self.handlers, self.page, self.tab, self.chat
        asked = [page.tab, page.prefs]
        unsent = _told("unsent", "failure")
        sent = f"(...inputs) => window.plainsight.submitted(({_own_tab(1)})(...inputs))"
        yield PageEvent(page.box.submit, h.ask, [page.box, *asked], chat, js=sent, then=(*self.answered, unsent))
        yield PageEvent("example", h.example, asked, chat, js=_own_tab(0), then=(*self.answered, unsent))
        yield PageEvent("retry", h.retry, asked, chat, then=self.answered)
        yield PageEvent("answer_anyway", h.answer_anyway, tab, chat, then=self.answered)
        yield PageEvent(page.box.stop, h.stop, tab, [page.box])
        yield PageEvent("edit", h.edit, tab, chat)
        yield PageEvent("cancel_edit", h.cancel_edit, tab, chat)
        yield PageEvent("evidence", h.show_evidence, tab, [page.evidence], Order.IN_TURN)
        # Emptied by the browser: the server's answer would take what was typed meanwhile.
        yield PageEvent(page.new_chat.click, None, outputs=[page.box], order=Order.DIRECT, js="() => ''")
        yield PageEvent(page.new_chat.click, h.new_chat, tab, chat)

    def _adding(self) -> Iterator[PageEvent]:
        page, tab, shown = self.page, self.tab, self.ingesting
        h = Uploads(self.service, self.sessions, self.views)
        yield PageEvent(page.files.upload, h.ingest, [page.files, *tab], [page.files, *shown], then=self.begun)
        yield PageEvent(page.attached.upload, h.attach, [page.attached, *tab], [page.attached, *shown], then=self.begun)
        yield PageEvent("sample", h.sample, tab, shown, then=self.begun)
        yield PageEvent("cancel_ingest", h.cancel_ingest, tab, shown, Order.IN_TURN)
        yield PageEvent("dismiss_job", h.dismiss_job, tab, shown, Order.IN_TURN)
        yield PageEvent("retry_failed", h.retry_failed, tab, shown, then=self.begun)

    def _settings(self) -> Iterator[PageEvent]:
        """Events of the settings. The browser keeps a choice at once, for a question that is sent right after it."""
        page, h = self.page, Choosing(self.handlers)
        known, shown = [page.tab, page.prefs], list(Standing(page.prefs, page.origins, page.standing))
        stand = PageEvent("then", None, [page.standing, page.prefs], page.options, Order.DIRECT, js=_standing())
        show = PageEvent("then", h.show, known, shown, Order.DIRECT, then=(stand,))
        yield PageEvent(self.blocks.load, h.restore, known, shown, Order.DIRECT, js=_own_tab(0), then=(stand,))
        yield PageEvent(page.settings_tab.select, h.show, known, shown, Order.LAST, then=(stand,))
        yield PageEvent(page.prefs.change, h.show, known, shown, Order.LAST)
        for name, control in zip(NAMES, page.options, strict=True):
            kept, chosen = [control, page.prefs, page.standing], _chosen(name)
            end = control.blur if isinstance(control, gr.Textbox) else control.input
            if isinstance(control, gr.Slider):
                yield PageEvent(control.input, None, kept, [page.prefs], Order.DIRECT, js=chosen)
                end = control.release
            yield PageEvent(end, None, kept, [page.prefs], Order.DIRECT, js=chosen, then=(show,))
        nothing = f"() => ({{ {CHOSEN}: {{}} }})"
        yield PageEvent(page.reset.click, None, (), [page.prefs], Order.DIRECT, js=nothing, then=(show,))

    def _language_model(self) -> Iterator[PageEvent]:
        """Events of the language model, each followed by a look at the status."""
        h, page = LanguageModels(self.service), self.page
        shown, look = list(ModelUpdate(page.language_model, page.model_result)), (self._look("then"),)
        yield PageEvent(page.settings_tab.select, h.show, outputs=shown, order=Order.DIRECT)
        yield PageEvent("model_save", h.save, outputs=shown, then=look)
        yield PageEvent("model_test", h.examine, outputs=shown, then=look)
        yield PageEvent("model_remove", h.remove, outputs=shown, then=look)

    def _sheets(self) -> Iterator[PageEvent]:
        yield PageEvent("record", self.handlers.show_record, self.tab, [self.page.sheet])
        yield PageEvent("keys", self.handlers.show_keys, outputs=[self.page.sheet])
        yield PageEvent("close_sheet", lambda: "", outputs=[self.page.sheet], order=Order.DIRECT)

    def _talks(self) -> Iterator[PageEvent]:
        h, tab, sheet = Talks(self.handlers), self.tab, self.page.sheet
        listed = [self.page.talks]
        yield PageEvent("talks", h.show, tab, listed, Order.IN_TURN)
        yield PageEvent("open_talk", h.open, tab, [*self.chat, sheet])
        yield PageEvent("new_talk", h.new, tab, [*self.chat, sheet])
        yield PageEvent("rename_talk", h.rename, tab, listed)
        yield PageEvent("pin_talk", h.pin, tab, listed)
        yield PageEvent("delete_talk", h.delete, tab, [*self.chat, *listed])
        yield PageEvent("branch", h.branch, tab, self.chat)
        yield PageEvent("catch_up", h.catch_up, tab, self.chat, Order.DIRECT)

    def _what_if(self) -> Iterator[PageEvent]:
        h, tab, sheet = WhatIf(self.handlers), self.tab, self.page.sheet
        yield PageEvent("flow", h.show_flow, tab, [sheet])
        yield PageEvent("whatif", h.show, tab, [sheet])
        yield PageEvent("preview", h.preview, tab, [self.page.preview], Order.DIRECT)
        yield PageEvent("compare", h.compare, tab, [sheet])
        yield PageEvent("whatif_answer", h.answer, tab, [*self.chat, sheet], then=self.answered)

    def _forks(self) -> Iterator[PageEvent]:
        h, tab = Forks(self.handlers), self.tab
        yield PageEvent("fork_step", h.fork, tab, self.chat, then=self.answered)
        yield PageEvent("step_again", h.again, tab, self.chat, then=self.answered)
        yield PageEvent("step_without", h.leave_out, tab, self.chat, then=self.answered)
        yield PageEvent("choose_passage", h.choose_passage, tab, self.chat, then=self.answered)

    def _indexes(self) -> Iterator[PageEvent]:
        h, page, notice = Reindexes(self.service, self.sessions, self.views), self.page, [self.page.index_notice]
        exchanged = list(Exchanged(page.index_notice, page.table, page.scope))
        built = self._jobs_followed(PageEvent("success", h.show, outputs=notice, order=Order.DIRECT))
        yield PageEvent(page.documents_tab.select, h.show, outputs=notice, order=Order.DIRECT)
        yield PageEvent("build_index", h.build, outputs=notice, then=(built,))
        yield PageEvent("switch_index", h.switch, self.tab, exchanged)
        yield PageEvent("switch_back", h.back, self.tab, exchanged)
        yield PageEvent("delete_index", h.delete, outputs=notice)
        yield PageEvent("compare_indexes", h.compare, outputs=[page.sheet])

    def _reading(self) -> Iterator[PageEvent]:
        h, tab, sheet = ReaderHandlers(self.handlers), self.tab, self.page.sheet
        yield PageEvent("open_document", h.open_document, tab, [sheet])
        yield PageEvent("ask_why", h.ask_why, tab, [sheet])
        yield PageEvent("why_not", h.why_not, tab, [sheet])
        yield PageEvent("try_remedy", h.try_remedy, tab, [*self.chat, sheet], then=self.answered)

    def _keeping(self) -> Iterator[PageEvent]:
        h, page, tab, taken = Saving(self.handlers), self.page, self.tab, [self.page.download]
        yield PageEvent("mark", Marking(self.handlers).mark, tab, [page.evidence], Order.IN_TURN)
        yield PageEvent("save", h.show, tab, [page.sheet])
        yield PageEvent(page.export.click, h.conversation, tab, taken, then=(_taken("download", page),))
        yield PageEvent("save_as", h.save, tab, taken, then=(_taken("download", page),))
        yield PageEvent("copy_sources", h.copy, tab, taken, then=(_taken("copied", page),))

    def _documents(self) -> Iterator[PageEvent]:
        h, page, tab = Documents(self.service, self.sessions, self.views), self.page, self.tab
        yield PageEvent("list_documents", h.look, tab, [page.table], Order.IN_TURN)
        yield PageEvent("enable", h.enable, tab, [page.table, page.scope], Order.IN_TURN)
        yield PageEvent("delete", h.delete, tab, [page.table, page.scope], Order.IN_TURN)
        yield PageEvent("reingest", h.reingest, tab, self.ingesting, then=self.begun)
        yield PageEvent("undo_delete", h.undo, tab, [page.table, page.scope], Order.IN_TURN)
        yield PageEvent("ask_only", h.ask_only, tab, [page.scope], Order.IN_TURN)

    def _bases(self) -> Iterator[PageEvent]:
        h, page, tab = Bases(self.service, self.sessions, self.views), self.page, self.tab
        scoping = Scoping(self.service, self.sessions, self.views)
        shown = list(BasesUpdate(page.tools, page.table, page.scope, page.sheet, page.progress))
        yield PageEvent("base", h.switch, tab, shown, Order.IN_TURN)
        yield PageEvent("base_create", h.create, tab, shown)
        yield PageEvent("base_save", h.save, tab, shown)
        yield PageEvent("base_delete", h.delete, tab, shown)
        yield PageEvent("base_new", h.new, tab, [page.sheet])
        yield PageEvent("base_edit", h.edit, tab, [page.sheet])
        yield PageEvent("base_profile", h.profile, tab, [page.sheet])
        yield PageEvent("scope", scoping.show, tab, [page.sheet])
        # the page takes the answer to the last search
        yield PageEvent("scope_find", scoping.find, tab, [page.found], Order.EACH)
        yield PageEvent("scope_apply", scoping.apply, tab, [page.scope, page.sheet])


def _taken(by: str, page: Layout) -> PageEvent:
    """Event in which the browser handles a file it received, with the script's function `by`."""
    script = f"packed => window.plainsight.{by}(packed)"
    return PageEvent("success", None, [page.download], order=Order.DIRECT, js=script)


def _told(what: str, when: str = "then") -> PageEvent:
    """Event in which the page's script is told that the one before has ended, by its function `what`."""
    return PageEvent(when, None, order=Order.DIRECT, js=f"() => window.plainsight.{what}()")


def _own_tab(place: int) -> str:
    """Script that puts the tab's id at `place` among the inputs: the browser knows the id from the first moment, the
    page's component only after the server's first answer, and a question may be sent before that."""
    return f"(...inputs) => Object.assign(inputs, {{ {place}: window.plainsight.tab() }})"


def _chosen(name: str) -> str:
    """Script that adds a control's value to the reader's choices; a value that applies anyway is no choice."""
    return f"""(value, kept, standing) => {{
      const {{ {name}: before, ...others }} = kept?.{CHOSEN} ?? {{}};
      return {{ {CHOSEN}: value === standing.usual.{name} ? others : {{ ...others, {name}: value }} }};
    }}"""


def _standing() -> str:
    """Script that returns the values the controls show: those that apply, or a choice the server has not seen yet."""
    return f"""(standing, kept) => {json.dumps(NAMES)}.map((name) => {{
      const chosen = kept?.{CHOSEN} ?? {{}};
      const seen = JSON.stringify(chosen[name]) === JSON.stringify(standing.asked[name]);
      return name in chosen && !seen ? chosen[name] : standing.values[name];
    }})"""
