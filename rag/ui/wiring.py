"""How an event of the page is connected: what begins it, who hears it, what it may change, whom its calls wait for.

The events themselves stand in `events`, each once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import gradio as gr

from .blocks import Page
from .handlers.visitor import key_of
from .state.session import Sessions, Slot

ANSWERS_AT_ONCE = 160
"""Pages that may follow an answer at the same time, those that wait for one among them: see `QuestionQueue`."""
INGESTS_AT_ONCE = 64
"""Pages that may follow the jobs at the same time."""


class Order(StrEnum):
    """How the calls of an event wait for one another, and how many there may be."""

    DIRECT = "direct"
    """At once, without the queue; such a call can show no message at the page's edge."""
    EACH = "each"
    """Like `DIRECT`, and every one counts, however fast they come."""
    LAST = "last"
    """Like `DIRECT`; of those that come while the call before still runs, the last one counts."""
    QUEUED = "queued"
    """By the queue, one of a page at a time: Gradio drops one that comes while the call before still runs."""
    IN_TURN = "in_turn"
    """Every click counts, however fast they come, those of a tab one after another: what is shown last is what the last
    one led to. Other tabs do not wait."""
    ANSWERS = "answers"
    """Calls that follow an answer; also while the browser still waits for the end of the answer before."""
    INGESTS = "ingests"
    """Calls that follow the jobs."""


OPTIONS: dict[Order, dict[str, Any]] = {
    Order.DIRECT: {"queue": False},
    Order.EACH: {"queue": False, "trigger_mode": "multiple"},
    Order.LAST: {"queue": False, "trigger_mode": "always_last"},
    Order.QUEUED: {"concurrency_limit": None},
    Order.IN_TURN: {"concurrency_limit": None, "trigger_mode": "multiple"},
    Order.ANSWERS: {
        "concurrency_limit": ANSWERS_AT_ONCE,
        "concurrency_id": "answers",
        "trigger_mode": "multiple",
    },
    Order.INGESTS: {"concurrency_limit": INGESTS_AT_ONCE, "concurrency_id": "ingests"},
}
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True, slots=True)
class PageEvent:
    """Something that happens on the page, and what comes of it."""

    trigger: str | Callable[..., Any] | tuple[Callable[..., Any], ...]
    """Name of an event of the page's own script, or the listeners of components; of what follows another event, `then`
    or `success`."""
    handler: Callable[..., Any] | None
    """None where the browser alone does it, by `js`."""
    inputs: Sequence[Any] = ()
    outputs: Sequence[Any] = ()
    order: Order = Order.QUEUED
    js: str | None = None
    then: tuple[PageEvent, ...] = ()
    """What follows, each of them when this one has ended."""


def names(events: Iterable[PageEvent]) -> list[str]:
    """The events of the page's own script."""
    return [event.trigger for event in events if isinstance(event.trigger, str)]


class Wiring:
    """Connects events inside the `gr.Blocks` that is open. `tab` is the input that says whose call it is."""

    def __init__(self, blocks: Page, bus: gr.HTML, tab: gr.Textbox, sessions: Sessions) -> None:
        self._blocks = blocks
        self._bus = bus
        self._tab = tab
        self._sessions = sessions

    def connect(self, events: Iterable[PageEvent]) -> None:
        """Connect the events with what follows each of them."""
        for event in events:
            self._connect(event, self._bus)

    def _connect(self, event: PageEvent, source: Any) -> None:
        options = {"js": event.js, **QUIET, **OPTIONS[event.order]}
        inputs, outputs, trigger = list(event.inputs), list(event.outputs), event.trigger
        if isinstance(trigger, tuple):
            begun = gr.on(list(trigger), event.handler, inputs, outputs, **options)
        else:
            listener = getattr(source, trigger) if isinstance(trigger, str) else trigger
            begun = listener(event.handler, inputs, outputs, **options)
        if event.order is Order.IN_TURN:
            self._blocks.in_turn(begun["id"], self._slot_by(inputs.index(self._tab)))
        for following in event.then:
            self._connect(following, begun)

    def _slot_by(self, place: int) -> Callable[[Sequence[Any], gr.Request], Slot]:
        return lambda inputs, request: self._sessions.slot(key_of(inputs[place], request))
