"""Sessions of browser tabs as values, and the keeper of those values. Knows neither Gradio nor HTML.

A session is found by two secrets: a cookie scripts cannot read and a random id of the tab. Whoever learns Gradio's own
session hash therefore still reaches nothing here, and a reload finds its conversation again.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from rag.accounts.actor import NOBODY, Actor
from rag.errors import RagError
from rag.evidence.conversation_store import new_conversation
from rag.evidence.kept import KeptAnswer
from rag.knowledge.listing import Listing
from rag.ledger import Outcome
from rag.messages import reason
from rag.text.titles import title_of
from rag.types import Exchange, Narrowing, RetrievalOptions

from .runs import Run
from .turn import Turn

MAX_SESSIONS = 1000
MAX_SESSIONS_OF_ADDRESS = 500
"""A cookie costs nothing: whoever makes new ones all the time takes only from their own address."""
MAX_IDLE_SECONDS = 24 * 3600
MOST_WATCHERS = 2
"""Most calls that follow the answer of one tab: the page's own, and that of the page before a reload."""
MOST_CLICKS = 40
"""Most waiting clicks of one tab: a visitor who clicks on while nothing answers takes no room from the others."""
MAX_TURNS = 200
"""Most turns of one conversation in a session; the oldest are dropped first."""
MOST_UNKEPT_TURNS = 40
"""Most turns of a conversation that is kept nowhere: all of it is in memory."""
RECENT_TURNS = 8
"""Number of last turns held with their evidence; the evidence of the others is read when it is wanted."""
NOT_SAID = (Outcome.FAILED, Outcome.SMALL_TALK)
"""Outcomes that later questions do not refer to."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Scope of a conversation's questions: the knowledge bases they search, some of them narrowed to a part."""

    collections: tuple[str, ...] = ()
    """Ids of knowledge bases; empty for the default one."""
    narrowed: tuple[Narrowing, ...] = ()

    @classmethod
    def of(cls, options: RetrievalOptions) -> Chosen:
        return cls(options.collections, options.narrowed)

    @classmethod
    def part(cls, id: str, documents: Sequence[str]) -> Chosen:
        """A scope of some documents of one knowledge base."""
        return cls((id,), (Narrowing(id, tuple(documents)),))

    def over(self, options: RetrievalOptions) -> RetrievalOptions:
        return replace(options, collections=self.collections, narrowed=self.narrowed)


@dataclass(frozen=True, slots=True)
class Session:
    """State of one tab: its conversation, the question being edited, and the filter and order of the document list."""

    turns: tuple[Turn, ...] = ()
    next_number: int = 1
    shown: int = 0
    """Number of the turn whose evidence is shown; 0 for none."""
    editing: int = 0
    """Number of the turn whose question is in the composer; 0 for none."""
    conversation: str = ""
    """Id under which the conversation is kept; "" until something was asked."""
    title: str = ""
    """Title the user gave the conversation; "" where its first question that is no small talk serves as title."""
    actor: Actor = NOBODY
    """Owner of the session, set by its keeper."""
    scope: Chosen = Chosen()
    base: str = ""
    """Id of the knowledge base whose documents are looked at; "" for the default one."""
    listing: Listing = field(default_factory=Listing)
    buried: tuple[str, ...] = ()
    """Names of the documents of that knowledge base that were deleted last and can be restored."""

    def turn(self, number: int) -> Turn | None:
        return next((t for t in self.turns if t.number == number), None)

    @property
    def name(self) -> str:
        """Title of the conversation; "" before anything was asked."""
        asked = [t for t in self.turns if not t.small_talk] or self.turns
        return self.title or (title_of(asked[0].question) if asked else "")

    @property
    def last(self) -> Turn | None:
        return self.turns[-1] if self.turns else None

    def asked(
        self,
        question: str,
        options: RetrievalOptions,
        *,
        replacing: int = 0,
        waiting: bool = False,
        ingesting: bool = False,
        search_query: str = "",
    ) -> Session:
        """Add a last turn. `replacing` is the turn it replaces: that and all after it keep a branch of their own."""
        kept = self.turns
        if self.turn(replacing):
            kept = tuple(t for t in kept if t.number < replacing)
        turn = Turn(
            self.next_number,
            question,
            options,
            waiting=waiting,
            ingesting=ingesting,
            search_query=search_query,
            parent=next((t.id for t in reversed(kept) if t.id and not t.unkept), ""),
        )
        return replace(
            self,
            turns=_bounded((*kept, turn), MAX_TURNS if self.actor.owner else MOST_UNKEPT_TURNS),
            next_number=self.next_number + 1,
            shown=turn.number,
            editing=0,
            conversation=self.conversation or new_conversation(),
        )

    def resumed(self, conversation: str, title: str, thread: Sequence[KeptAnswer]) -> Session:
        """Show a kept conversation in place of this one. Turns that are on the page already keep their numbers."""
        known = {t.id: t.number for t in self.turns if t.id} if conversation == self.conversation else {}
        turns: list[Turn] = []
        number = self.next_number
        for kept in thread[-MAX_TURNS:]:
            # numbers must rise along the conversation: once one is new, so are all after it
            old = known.get(kept.ledger.id, 0) if number == self.next_number else 0
            turns.append(Turn.of(kept, old or number))
            number += not old
        shown = turns[-1].number if turns else 0
        scope = Chosen.of(turns[-1].options) if turns else Chosen()
        return replace(
            self.cleared(), turns=_bounded(turns, MAX_TURNS), next_number=number, shown=shown,
            conversation=conversation, title=title, scope=scope,
        )  # fmt: skip

    def looking_at(self, base: str) -> Session:
        """Look at the documents of a knowledge base, from the beginning where it is another one."""
        return replace(self, base=base, listing=Listing(), buried=()) if base != self.base else self

    def with_turn(self, number: int, change: Callable[[Turn], Turn]) -> Session:
        """Change one turn; nothing happens when it is gone, as after a new chat."""
        return replace(self, turns=tuple(change(t) if t.number == number else t for t in self.turns))

    def cleared(self) -> Session:
        """Begin an empty conversation; turn numbers go on, so that an old link never opens a new card."""
        return replace(self, turns=(), shown=0, editing=0, conversation="", title="")

    def history(self, before: int) -> tuple[Exchange, ...]:
        """Exchanges before turn `before`, without failures and small talk: they are not part of the thread."""
        said = (t for t in self.turns if t.number < before and t.text and t.outcome not in NOT_SAID)
        return tuple(Exchange(t.question, t.text, t.searches[0].query if t.searches else "") for t in said)


def _bounded(turns: Sequence[Turn], most: int) -> tuple[Turn, ...]:
    """The last `most` turns; all but the `RECENT_TURNS` newest of them light, see `Turn.light`."""
    last = turns[-most:]
    return (*(turn.light() for turn in last[:-RECENT_TURNS]), *last[-RECENT_TURNS:])


@dataclass
class Slot:
    """A session's place in the keeper: its current value, and the calls and the answer that run for it."""

    session: Session = field(default_factory=Session)
    answering: Run[Any] | None = None
    used_at: float = 0.0
    address: str = ""
    """Address its visitor came from; "" where that is not known."""
    followers: int = 0
    """Number of calls that show the page the progress of the jobs."""
    watchers: deque[object] = field(default_factory=lambda: deque(maxlen=MOST_WATCHERS))
    """Calls that show the page the running answer; the oldest is dropped when there are too many."""
    clicks: int = 0
    """Number of clicks that wait for one another, including the one in work."""
    _line: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @asynccontextmanager
    async def in_turn(self) -> AsyncIterator[None]:
        """Wait for all earlier clicks of the tab. Raises RagError when too many wait already."""
        if self.clicks >= MOST_CLICKS:
            raise RagError(reason("ui.too_many_clicks", count=self.clicks))
        self.clicks += 1
        try:
            async with self._line:
                yield
        finally:
            self.clicks -= 1

    def watch(self) -> object:
        """Register one more watcher and return it."""
        watcher = object()
        self.watchers.append(watcher)
        return watcher

    @property
    def idle(self) -> bool:
        """True if nothing runs for it: no follower, no click, no answer."""
        return not self.followers and not self.clicks and (self.answering is None or not self.answering.lasts(None))

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Count one more follower while a call shows the page the progress of the jobs."""
        self.followers += 1
        try:
            yield
        finally:
            self.followers -= 1


class Sessions:
    """Keeps the sessions of all tabs in memory: bounded in number and age, changed only under its lock.

    `most` in all and `each` of one address. Beyond these limits idle sessions are forgotten, never one in use.
    """

    def __init__(
        self,
        *,
        most: int = MAX_SESSIONS,
        each: int = MAX_SESSIONS_OF_ADDRESS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._each = each
        self._now = now
        self._lock = threading.Lock()
        self._slots: OrderedDict[str, Slot] = OrderedDict()

    def slot(self, key: str, address: str = "") -> Slot:
        """The slot of `key`, made when new; beyond the limits the longest unused sessions are forgotten."""
        with self._lock:
            new = key not in self._slots
            slot = self._slots.setdefault(key, Slot(Session(actor=Actor.owning(key.partition("/")[0]))))
            slot.used_at = self._now()
            slot.address = slot.address or address
            self._slots.move_to_end(key)
            if new:
                self._forget(key)
            return slot

    def get(self, key: str) -> Session:
        return self.slot(key).session

    def update(self, key: str, change: Callable[[Session], Session]) -> Session:
        """Replace a session by `change` of it, atomically; returns the new value."""
        slot = self.slot(key)
        with self._lock:
            slot.session = replace(change(slot.session), actor=slot.session.actor)
            return slot.session

    def _forget(self, new: str) -> None:
        """Forget old and surplus sessions to make room for the `new` one."""
        oldest = self._now() - MAX_IDLE_SECONDS
        for key in [k for k, s in self._slots.items() if s.used_at < oldest and s.idle and k != new]:
            del self._slots[key]
        count = Counter(slot.address for slot in self._slots.values())
        own = self._slots[new].address
        if count[own] > self._each:
            self._forget_of(own, new)
        if len(self._slots) > self._most:
            self._forget_of(count.most_common(1)[0][0], new)

    def _forget_of(self, address: str, new: str) -> None:
        """Forget an idle session of an address: one in which nothing was asked, else the longest unused."""
        idle = [k for k, s in self._slots.items() if s.address == address and s.idle and k != new]
        asked = (k for k in idle if self._slots[k].session.turns)
        if found := next((k for k in idle if not self._slots[k].session.turns), next(asked, None)):
            del self._slots[found]
