"""Connects an event of the page: its trigger, its handler, its inputs and outputs, and the order of its calls.

The events themselves are in `events`, each once.
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
"""Most pages that may follow an answer at the same time, including those that wait for one: see `QuestionQueue`."""
INGESTS_AT_ONCE = 64
"""Most pages that may follow the jobs at the same time."""


class Order(StrEnum):
    """Order in which the calls of an event wait for one another, and the limit on their number."""

    DIRECT = "direct"
    """Run at once, without the queue; such a call can show no message at the page's edge."""
    EACH = "each"
    """Like `DIRECT`, and every call is run, however fast they come."""
    LAST = "last"
    """Like `DIRECT`; of the calls that come while an earlier one still runs, only the last is run."""
    QUEUED = "queued"
    """Run by the queue, one call of a page at a time: Gradio drops a call that comes while an earlier one runs."""
    IN_TURN = "in_turn"
    """Every click is run, however fast they come, those of a tab one after another: the page ends up with the result
    of the last click. Other tabs do not wait."""
    ANSWERS = "answers"
    """Calls that follow an answer; allowed even while the browser still waits for the end of the answer before."""
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
    """One event of the page with its handler, inputs, outputs and the events that follow it."""

    trigger: str | Callable[..., Any] | tuple[Callable[..., Any], ...]
    """Name of an event of the page's own script, or the listeners of components; `then`, `success` or
    `failure` for an event that follows another."""
    handler: Callable[..., Any] | None
    """None where the browser alone handles the event, by `js`."""
    inputs: Sequence[Any] = ()
    outputs: Sequence[Any] = ()
    order: Order = Order.QUEUED
    js: str | None = None
    then: tuple[PageEvent, ...] = ()
    """Events that follow, each started when this one has ended."""


def names(events: Iterable[PageEvent]) -> list[str]:
    """Names of the events of the page's own script."""
    return [event.trigger for event in events if isinstance(event.trigger, str)]


class Wiring:
    """Connects events inside the `gr.Blocks` that is open. `tab` is the input with the id of the calling tab."""

    def __init__(self, blocks: Page, bus: gr.HTML, tab: gr.Textbox, sessions: Sessions) -> None:
        self._blocks = blocks
        self._bus = bus
        self._tab = tab
        self._sessions = sessions

    def connect(self, events: Iterable[PageEvent]) -> None:
        """Connect the events, each with the events that follow it."""
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
