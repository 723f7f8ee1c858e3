"""Handlers of the list of kept conversations: open, rename, delete, search. No owner reaches another's conversations.

Every id comes from a browser; conversations are looked up as the visitor, for whom those of others do not exist.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from markupsafe import Markup

from rag.errors import RagError
from rag.messages import reason
from rag.service.conversations import ConversationService

from ..html import talks as talks_view
from ..state.session import Session
from ..views import Chat, free
from .catching_up import caught_up
from .chat import Handlers, check_free
from .guard import guarded
from .visitor import Visitor, number_in, switch_in, text_in

LONGEST_SEARCH = 200
"""Most characters of a search; a longer text is no search but a paste."""
MOST_MINUTES = 14 * 60
"""Most minutes between a time zone and UTC."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Filter of the list: the text its conversations contain, and the minutes the reader's clock is ahead of UTC."""

    containing: str
    minutes: int

    @classmethod
    def of(cls, event: gr.EventData) -> Asked:
        minutes = number_in(event, "minutes")
        return cls(text_in(event, "text").strip()[:LONGEST_SEARCH], max(-MOST_MINUTES, min(MOST_MINUTES, minutes)))


class Talks:
    """Handlers of the list of conversations. Uses `handlers` for everything that concerns the chat itself."""

    def __init__(self, handlers: Handlers, *, now: Callable[[], float] = time.time) -> None:
        self.handlers = handlers
        self.now = now

    @property
    def conversations(self) -> ConversationService:
        return self.handlers.service.conversations

    @guarded
    def show(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Show the list of the conversations that contain the event's `text`; all of them without a text."""
        return self._drawer(Visitor.of(tab, request), event)

    @guarded
    def open(self, request: gr.Request, event: gr.EventData, tab: str) -> tuple[Any, ...]:
        """Open a kept conversation; an answer that runs in the one before is stopped and kept."""
        who = Visitor.of(tab, request)
        chosen = text_in(event, "id")
        title, thread = self.conversations.title(who.actor, chosen), self.conversations.thread(who.actor, chosen)
        self.handlers.leave(who)
        self.handlers.sessions.update(who.key, lambda s: s.resumed(chosen, title, thread))
        return (*self._chat(who), Markup())

    @guarded
    def pin(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Keep a conversation above all others, or no longer, as `pinned` of the event says."""
        who = Visitor.of(tab, request)
        self.conversations.pin(who.actor, text_in(event, "id"), switch_in(event, "pinned"))
        return self._drawer(who, event)

    @guarded
    def rename(self, request: gr.Request, event: gr.EventData, tab: str) -> Markup:
        """Give a conversation the event's `title`."""
        who = Visitor.of(tab, request)
        self.conversations.rename(who.actor, text_in(event, "id"), text_in(event, "title"))
        return self._drawer(who, event)

    @guarded
    def delete(self, request: gr.Request, event: gr.EventData, tab: str) -> tuple[Any, ...]:
        """Delete a conversation; if it was the open one, the chat is empty afterwards."""
        who = Visitor.of(tab, request)
        gone = text_in(event, "id")
        self.conversations.delete(who.actor, gone)
        chat = Chat()
        if self.handlers.sessions.get(who.key).conversation == gone:
            self.handlers.leave(who)
            self.handlers.sessions.update(who.key, Session.cleared)
            chat = self._chat(who)
        return (*chat, self._drawer(who, event))

    @guarded
    def new(self, request: gr.Request, tab: str) -> tuple[Any, ...]:
        """Begin an empty conversation, from within the list."""
        who = Visitor.of(tab, request)
        self.handlers.leave(who)
        self.handlers.sessions.update(who.key, Session.cleared)
        return (*self._chat(who), Markup())

    @guarded
    def branch(self, request: gr.Request, event: gr.EventData, tab: str) -> Chat:
        """Show the answer `step` places further among those to the same place, with the turns that followed it."""
        who = Visitor.of(tab, request)
        turn = self.handlers.turn_of(who, event)
        slot = self.handlers.sessions.slot(who.key)
        check_free(slot)
        place = turn.siblings.index(turn.id) + number_in(event, "step") if turn.id in turn.siblings else -1
        if not 0 <= place < len(turn.siblings):
            raise RagError(reason("ui.turn_gone"))
        session = slot.session
        self.conversations.switch(who.actor, session.conversation, turn.siblings[place])
        thread = self.conversations.thread(who.actor, session.conversation)
        self.handlers.sessions.update(who.key, lambda s: s.resumed(s.conversation, s.title, thread))
        return self.handlers.views.chat(slot, who.language)

    @guarded
    def catch_up(self, request: gr.Request, tab: str) -> Chat:
        """Show what another tab added to the conversation; nothing while this one answers, or edits a question."""
        who = Visitor.of(tab, request)
        slot = self.handlers.sessions.slot(who.key)
        if slot.session.editing or (slot.answering and slot.answering.active):
            return Chat()
        if not caught_up(self.handlers.service, self.handlers.sessions, who):
            return Chat()
        return self.handlers.views.chat(slot, who.language)

    def _chat(self, who: Visitor) -> Chat:
        slot = self.handlers.sessions.slot(who.key)
        return self.handlers.views.chat(slot, who.language)._replace(box=free())

    def _drawer(self, who: Visitor, event: gr.EventData) -> Markup:
        asked = Asked.of(event)
        found = self.conversations.all(who.actor, containing=asked.containing)
        days = talks_view.by_day(found, now=self.now(), minutes=asked.minutes)
        current = self.handlers.sessions.get(who.key).conversation
        shown = talks_view.Drawer(
            days,
            current,
            asked.containing,
            user=who.actor.name,
            kept=bool(who.actor.owner),
            pinned=talks_view.pinned_of(found, minutes=asked.minutes),
        )
        return talks_view.drawer(shown, who.language)
