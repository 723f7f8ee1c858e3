"""The marks of passages as right or wrong evidence, as fronts may ask for them."""

from __future__ import annotations

from collections.abc import Mapping

from rag.accounts.actor import Actor
from rag.evidence.marks import Judge, Mark, Marks, Relevance


class MarkService:
    """The marks of whoever asks."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def toggle(self, actor: Actor, mark: Mark) -> Relevance | None:
        """Keep a mark in place of an earlier one; the same verdict again takes it back. Returns what is kept now.

        Raises KeepingError for somebody of whom nothing is kept.
        """
        return self._marks.toggle(actor.owner, mark)

    def given(self, actor: Actor, query: str, judge: Judge) -> Mapping[str, Relevance]:
        """Return passage -> the actor's mark of it, for one query."""
        return self._marks.given(actor.owner, query, judge)

    def points(self, actor: Actor, judge: Judge) -> tuple[tuple[float, bool], ...]:
        """Log-odds and whether it was right, of every passage this reranker judged and the actor marked."""
        return self._marks.points(actor.owner, judge)

    def all(self, actor: Actor) -> list[Mark]:
        """The actor's marks in the order they were made; those of everybody for who may read them."""
        return self._marks.all(actor.owner) if actor.owner or actor.everyone else []
