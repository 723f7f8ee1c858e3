"""Running answers: each turn's events come from the service, change the turn as they come, and are kept at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from rag.errors import KeepingError
from rag.events import Cancel
from rag.evidence.conversation_store import new_answer
from rag.ledger import Answered, AnswerEvent, Ledger, Request
from rag.service import Service

from ..state.question_queue import QuestionQueue, Ticket
from ..state.runs import Run
from ..state.session import Session, Sessions
from ..state.turn import Turn
from .guard import reason_of
from .visitor import Visitor

ABANDONED_AFTER = 20.0
"""Seconds without a follower, as with the tab closed, before an answer is stopped. A reload takes less."""


class AnswerRuns:
    """Begins the answers of one page instance; questions wait for their turn in the queue `desk`."""

    def __init__(self, service: Service, sessions: Sessions, desk: QuestionQueue) -> None:
        self._service = service
        self._sessions = sessions
        self._desk = desk

    def begin(self, who: Visitor, session: Session, request: Request, ticket: Ticket) -> Run[AnswerEvent]:
        """Begin to answer the last turn of the session, once it is the turn of `ticket`."""
        assert session.last is not None
        conversation, turn = session.conversation, session.last

        def change(how: Callable[[Turn], Turn]) -> None:
            self._sessions.update(who.key, lambda s: s.with_turn(turn.number, how))

        request = replace(request, id=new_answer())

        def said(place: int) -> None:
            change(lambda t: replace(t, place=place))
            run.announce()

        def events(cancel: Cancel) -> Iterator[AnswerEvent]:
            self._service.conversations.begin(who.actor, conversation, request, parent=turn.parent)
            with self._desk.turn(ticket, cancel, said):
                self._service.wait_until_ready(who.actor, cancel)
                if not cancel:
                    yield from self._service.ask(who.actor, request, cancel=cancel)

        def over() -> None:
            self._desk.leave(ticket)
            change(ended)

        def apply(event: AnswerEvent) -> None:
            change(lambda t: t.after(event))
            if isinstance(event, Answered):
                change(self._kept(who, conversation, turn.parent, event.ledger))

        run = Run(
            events,
            apply=apply,
            failed=lambda e: change(lambda t: replace(t, error=reason_of(e), waiting=False, place=0)),
            ended=over,
            linger=ABANDONED_AFTER,
        )
        return run.start()

    def _kept(self, who: Visitor, conversation: str, parent: str, ledger: Ledger) -> Callable[[Turn], Turn]:
        """Keep the answer; returns the change of its turn. An answer that cannot be kept is still an answer."""
        try:
            siblings = self._service.conversations.keep(who.actor, conversation, ledger, parent=parent)
        except KeepingError as e:
            why = e.reason
            return lambda turn: replace(turn, unkept=why)
        return lambda turn: replace(turn, siblings=siblings)


def ended(turn: Turn) -> Turn:
    """The turn once nothing comes any more: stopped, where it is not done."""
    return turn if turn.done else replace(turn, stopped=True, waiting=False, place=0)
