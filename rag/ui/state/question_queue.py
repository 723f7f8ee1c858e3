"""Whose question is answered now: so many at once, the others one after another, fair by visitor. Knows no page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rag.errors import RagError
from rag.events import Cancel
from rag.messages import reason

LOOK_SECONDS = 0.1
"""How often one that waits looks whether it was stopped meanwhile."""

REMEMBERED = 1000
"""Visitors whose last turn is known."""


@dataclass(frozen=True, slots=True)
class QueueBounds:
    """How many questions there may be at once."""

    answered: int = 32
    """In all; the models have their own locks."""
    of_address: int = 16
    """Answered at once for one address, whoever asks from there."""
    of_visitor: int = 2
    """Of one visitor, waiting or answered."""
    waiting: int = 32
    """For one address; in all four times as many."""


@dataclass(eq=False)
class Ticket:
    """One question: whose it is, and from which address."""

    visitor: str
    address: str
    answered: bool = False


class QuestionQueue:
    """Hands out turns. A question enters where it was asked and takes its turn in a thread of its own."""

    def __init__(self, places: QueueBounds) -> None:
        self._places = places
        self._change = threading.Condition()
        self._tickets: list[Ticket] = []
        """In the order they came."""
        self._served: dict[str, int] = {}
        """Visitor -> their last turn, by number; whoever had none for long is forgotten."""
        self._turns = 0

    def enter(self, visitor: str, address: str) -> Ticket:
        """A place in the queue. Raises RagError where the visitor has enough questions already, or none is free."""
        with self._change:
            if sum(t.visitor == visitor for t in self._tickets) >= self._places.of_visitor:
                raise RagError(reason("ui.too_many_questions", most=self._places.of_visitor))
            waiting = [t for t in self._tickets if not t.answered]
            here = sum(t.address == address for t in waiting)
            if here >= self._places.waiting or len(waiting) >= 4 * self._places.waiting:
                raise RagError(reason("ui.queue_full", count=len(waiting)))
            ticket = Ticket(visitor, address)
            self._tickets.append(ticket)
            self._call()
            return ticket

    @contextmanager
    def turn(self, ticket: Ticket, cancel: Cancel, said: Callable[[int], None]) -> Iterator[None]:
        """Wait for the ticket's turn, or until `cancel`; `said` is told its place whenever that changes, 0 at last."""
        try:
            told = -1
            while (place := self.place(ticket)) and not cancel:
                if place != told:
                    told = place
                    said(place)
                with self._change:
                    self._change.wait(LOOK_SECONDS)
            if told > 0:
                said(0)
            yield
        finally:
            self.leave(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Its question is answered, or will not be. No harm when it left before."""
        with self._change:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
            self._call()

    def place(self, ticket: Ticket) -> int:
        """Its place among those that wait, the first being 1; 0 once it is its turn."""
        with self._change:
            if ticket.answered or ticket not in self._tickets:
                return 0
            return self._queue().index(ticket) + 1

    def _queue(self) -> list[Ticket]:
        """Those who wait, in the order of their turns: who has least answered now, then who had a turn longest ago."""
        before = [t for t in self._tickets if t.answered]
        ranks: list[tuple[tuple[int, int, int], int, Ticket]] = []
        for number, ticket in enumerate(t for t in self._tickets if not t.answered):
            own = sum(t.visitor == ticket.visitor for t in before)
            near = sum(t.address == ticket.address for t in before)
            ranks.append(((own, near, self._served.get(ticket.visitor, 0)), number, ticket))
            before.append(ticket)
        return [ticket for *_, ticket in sorted(ranks, key=lambda rank: rank[:2])]

    def _call(self) -> None:
        """Give turns to as many as there is room for."""
        for ticket in self._queue():
            answered = [t for t in self._tickets if t.answered]
            if len(answered) >= self._places.answered:
                break
            if sum(t.address == ticket.address for t in answered) < self._places.of_address:
                self._answer(ticket)
        self._change.notify_all()

    def _answer(self, ticket: Ticket) -> None:
        ticket.answered = True
        self._turns += 1
        self._served.pop(ticket.visitor, None)
        self._served[ticket.visitor] = self._turns
        if len(self._served) > REMEMBERED:
            del self._served[next(iter(self._served))]
