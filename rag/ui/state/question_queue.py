"""Queue of questions: a bounded number is answered at once, the others wait, fairly by visitor. Knows no page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rag.errors import RagError
from rag.events import Cancel
from rag.messages import reason

LOOK_SECONDS = 0.1
"""Seconds after which a waiting question checks again if it was stopped meanwhile."""

REMEMBERED = 1000
"""Most visitors whose last turn is remembered."""


@dataclass(frozen=True, slots=True)
class QueueBounds:
    """Limits on the number of questions at once."""

    answered: int = 32
    """Answered at once in all; the models have their own locks."""
    of_address: int = 16
    """Answered at once for one address, whoever asks from there."""
    of_visitor: int = 2
    """Of one visitor, waiting or answered."""
    waiting: int = 32
    """Waiting for one address; in all four times as many."""


@dataclass(eq=False)
class Ticket:
    """One question in the queue, with its visitor and the address it came from."""

    visitor: str
    address: str
    answered: bool = False


class QuestionQueue:
    """Gives questions their turns. A question enters where it was asked and takes its turn in a thread of its own."""

    def __init__(self, places: QueueBounds) -> None:
        self._places = places
        self._change = threading.Condition()
        self._tickets: list[Ticket] = []
        """Questions that wait or are answered, in the order they came."""
        self._served: dict[str, int] = {}
        """Visitor -> number of their last turn; visitors who had none for long are forgotten."""
        self._turns = 0

    def enter(self, visitor: str, address: str) -> Ticket:
        """Take a place in the queue. Raises RagError when the visitor has enough questions already, or none is free."""
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
        """Wait for the ticket's turn, or until `cancel`; `said` is called with its place at every change, 0 at last."""
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
        """Remove a ticket whose question is answered, or will not be. Does nothing when it left before."""
        with self._change:
            if ticket in self._tickets:
                self._tickets.remove(ticket)
            self._call()

    def place(self, ticket: Ticket) -> int:
        """The ticket's place among those that wait, from 1; 0 once it is its turn or it has left."""
        with self._change:
            if ticket.answered or ticket not in self._tickets:
                return 0
            return self._queue().index(ticket) + 1

    def _queue(self) -> list[Ticket]:
        """Waiting tickets in order: fewest before it of its visitor, then of its address, then the oldest last turn."""
        before = [t for t in self._tickets if t.answered]
        ranks: list[tuple[tuple[int, int, int], int, Ticket]] = []
        for number, ticket in enumerate(t for t in self._tickets if not t.answered):
            own = sum(t.visitor == ticket.visitor for t in before)
            near = sum(t.address == ticket.address for t in before)
            ranks.append(((own, near, self._served.get(ticket.visitor, 0)), number, ticket))
            before.append(ticket)
        return [ticket for *_, ticket in sorted(ranks, key=lambda rank: rank[:2])]

    def _call(self) -> None:
        """Give turns to as many tickets as there is room for."""
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
