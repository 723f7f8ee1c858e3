"""Handlers for saving and marking: an answer's evidence as a file, an answer as text, a conversation."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import gradio as gr
from markupsafe import Markup

from rag.errors import KeepingError, RagError
from rag.evidence.bundle import as_json, bundle_of, in_page
from rag.evidence.export import answer_markdown, export_markdown
from rag.evidence.marks import Relevance, mark_of
from rag.ledger import Ledger
from rag.messages import reason

from ..html.evidence import bundle as bundle_view
from ..state.turn import Turn
from .chat import Handlers
from .guard import guarded
from .visitor import Visitor, text_in

LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Taken:
    """A file for the browser to save."""

    name: str
    type: str
    text: str

    def packed(self) -> str:
        """The file as JSON, in the form the page's script expects."""
        return json.dumps(asdict(self))


class Saving:
    """Handlers of the buttons under an answer and of the export."""

    def __init__(self, handlers: Handlers, *, now: Callable[[], float] = time.time) -> None:
        self.handlers = handlers
        self.now = now

    @guarded
    def show(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show the sheet that offers an answer's evidence as a page or as data."""
        who = Visitor.of(tab, request)
        return bundle_view.choices(self.handlers.turn_of(who, event).number, who.language)

    @guarded
    def save(self, request: gr.Request, event: gr.EventData, tab: str) -> str:
        """Save the evidence of an answer, in the `form` the event names: html or json."""
        who = Visitor.of(tab, request)
        ledger = self._ledger(who, event)
        bundle = bundle_of(ledger, saved_at=self.now())
        if text_in(event, "form") == "json":
            return Taken(self._name(ledger.question, "json"), "application/json", as_json(bundle)).packed()
        page = in_page(bundle, bundle_view.page(bundle, who.language))
        return Taken(self._name(ledger.question, "html"), "text/html;charset=utf-8", page).packed()

    @guarded
    def copy(self, request: gr.Request, event: gr.EventData, tab: str) -> str:
        """Copy an answer as Markdown with its sources to the clipboard."""
        who = Visitor.of(tab, request)
        ledger = self._ledger(who, event)
        text = answer_markdown(ledger, who.language)
        return Taken(self._name(ledger.question, "md"), "text/markdown;charset=utf-8", text).packed()

    @guarded
    def conversation(self, request: gr.Request, tab: str) -> str:
        """Save the conversation as Markdown."""
        who = Visitor.of(tab, request)
        session = self.handlers.sessions.get(who.key)
        ledgers = self._kept(who, session.conversation, [turn for turn in session.turns if turn.id])
        if not ledgers:
            raise RagError(reason("ui.nothing_to_export"))
        text = export_markdown(ledgers, who.language, title=session.title)
        return Taken(self._name(session.title, "md"), "text/markdown;charset=utf-8", text).packed()

    def _ledger(self, who: Visitor, event: gr.EventData) -> Ledger:
        ledger = self.handlers.turn_of(who, event).ledger
        if ledger is None:
            raise RagError(reason("ui.turn_gone"))
        return ledger

    def _kept(self, who: Visitor, conversation: str, shown: Sequence[Turn]) -> list[Ledger]:
        """Ledgers of the branch on the page as they were kept, including those the page no longer holds."""
        try:
            thread = [kept.ledger for kept in self.handlers.service.conversations.thread(who.actor, conversation)]
        except KeepingError:
            thread = []  # what could not be kept is still on the page
        known = {ledger.id: ledger for ledger in thread}
        first = list(known).index(shown[0].id) if shown and shown[0].id in known else 0
        here = (known.get(turn.id, turn.ledger) for turn in shown)
        return [*thread[:first], *(ledger for ledger in here if ledger is not None)]

    def _name(self, said: str, ending: str) -> str:
        """A safe file name from the words of `said` and the time of saving, in UTC."""
        words = "-".join(re.findall(r"\w+", said.lower()))[:LONGEST_NAME].strip("-")
        when = time.strftime("%Y-%m-%d-%H-%M", time.gmtime(self.now()))
        return "-".join(part for part in ("plainsight", words, when) if part) + f".{ending}"


class Marking:
    """Handlers of the buttons of an evidence card."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers

    @guarded
    def mark(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Mark a passage, or take the mark back; returns the new evidence panel."""
        who = Visitor.of(tab, request)
        ledger = self.handlers.turn_of(who, event).ledger
        verdict = text_in(event, "verdict")
        if ledger is None or verdict not in tuple(Relevance):
            raise RagError(reason("ui.turn_gone"))
        marked = mark_of(ledger, text_in(event, "chunk"), Relevance(verdict))
        self.handlers.service.marks.toggle(who.actor, marked)
        return self.handlers.views.evidence(self.handlers.sessions.get(who.key), who.language)
