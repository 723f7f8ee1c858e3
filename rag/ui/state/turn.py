"""The turn: a question and its answer so far, as a value. Knows neither Gradio nor HTML."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rag.events import SEARCH_STAGES, Delta, Judging, Retrieved, Stage, StageEvent
from rag.evidence.kept import KeptAnswer
from rag.ledger import Answered, AnswerEvent, Author, Ledger, Outcome, Search, contexts_of, made
from rag.messages import Reason
from rag.types import Candidate, RetrievalOptions
from rag.types.steps import AnswerStep, StepEvent


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and its answer so far. `number` is never used twice in a session, so links to evidence stay unique."""

    number: int
    question: str
    options: RetrievalOptions
    stages: tuple[StageEvent, ...] = ()
    """The last event of every step, grouped by search."""
    searches: tuple[Search, ...] = ()
    """Searches whose evidence is known so far, in order; their stages are among `stages`."""
    steps: tuple[AnswerStep, ...] = ()
    """Steps in which the evidence is gathered, as far as they are known; empty where one search is all."""
    text: str = ""
    ledger: Ledger | None = None
    error: Reason | None = None
    waiting: bool = False
    """True while the models are not ready; the question is asked as soon as they are."""
    place: int = 0
    """Place among the questions that wait for their turn; 0 once it is being answered."""
    ingesting: bool = False
    """True if files were being ingested when this was asked, so that asking again may find more."""
    stopped: bool = False
    judging: Judging | None = None
    """Evidence in the making, while the reranker works: its candidates, those scored so far first."""
    search_query: str = ""
    """Search query the user gave; "" leaves it to the rewriting."""
    parent: str = ""
    """Id of the kept answer this one follows; "" for a first one."""
    siblings: tuple[str, ...] = ()
    """Ids of the kept answers to the same place in the conversation, oldest first, this one among them."""
    unkept: Reason | None = None
    """Reason why the answer could not be kept; None where it was kept or is not complete."""
    kept: str = ""
    """Id of the kept answer the ledger is to be read from; "" while the turn holds it itself."""
    ended: Outcome | None = None
    """Outcome of the answer, for a turn without its ledger."""

    @classmethod
    def of(cls, kept: KeptAnswer, number: int) -> Turn:
        """The turn of a kept answer."""
        ledger = kept.ledger
        return cls(
            number,
            ledger.question,
            ledger.options,
            stages=ledger.stages,
            searches=made(ledger.searches),
            steps=ledger.steps,
            text=ledger.answer,
            ledger=ledger,
            parent=kept.parent,
            siblings=kept.siblings,
        )

    @property
    def id(self) -> str:
        """Id under which the answer is kept; "" until it is complete."""
        return self.ledger.id if self.ledger else self.kept

    @property
    def done(self) -> bool:
        return bool(self.kept) or self.ledger is not None or self.error is not None or self.stopped

    @property
    def contexts(self) -> tuple[Candidate, ...]:
        """The contexts of all searches, by number."""
        return contexts_of(self.searches)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return tuple(c for search in self.searches for c in search.candidates)

    @property
    def several(self) -> bool:
        """True if there is more than one search to tell apart."""
        return len({e.search for e in self.stages if e.stage in SEARCH_STAGES}) > 1 or len(self.searches) > 1

    @property
    def small_talk(self) -> bool:
        """True if the question is small talk and nothing is searched; known from its first stage on."""
        return any(e.reason is not None and e.reason.code == "stages.small_talk" for e in self.stages)

    @property
    def outcome(self) -> Outcome | None:
        if self.ledger is not None:
            return self.ledger.outcome
        if self.error is not None:
            return Outcome.FAILED
        return Outcome.STOPPED if self.stopped else self.ended

    @property
    def reason(self) -> Reason | None:
        return self.ledger.reason if self.ledger is not None else self.error

    @property
    def cited(self) -> frozenset[int]:
        """Context numbers the finished answer cites."""
        return frozenset(c.number for c in self.ledger.citations if c.valid) if self.ledger else frozenset()

    def light(self) -> Turn:
        """The turn without its ledger and evidence, which can be read again; itself where its answer is not kept."""
        if self.ledger is None or self.id not in self.siblings:
            return self
        outcome = self.ledger.outcome
        return replace(self, ledger=None, searches=(), stages=(), steps=(), kept=self.ledger.id, ended=outcome)

    def with_ledger(self, ledger: Ledger) -> Turn:
        """The turn with its ledger and evidence; undoes `light`."""
        searches = made(ledger.searches)
        return replace(
            self, ledger=ledger, searches=searches, stages=ledger.stages, steps=ledger.steps, kept="", ended=None
        )

    def after(self, event: AnswerEvent) -> Turn:
        """The turn after `event`."""
        match event:
            case StageEvent():
                others = {(e.search, e.stage): e for e in self.stages} | {(event.search, event.stage): event}
                return replace(self, stages=tuple(sorted(others.values(), key=_place)), waiting=False)
            case StepEvent(step):
                return replace(self, steps=(*(s for s in self.steps if s.number != step.number), step))
            case Judging():
                return replace(self, judging=event)
            case Retrieved(retrieval, number):
                found = Search(number, retrieval.query, Author.USER, retrieval.options, retrieval=retrieval)
                rest = (search for search in self.searches if search.number != number)
                searches = tuple(sorted((*rest, found), key=lambda search: search.number))
                return replace(self, searches=searches, judging=None)
            case Delta(text, afresh):
                return replace(self, text=text if afresh else self.text + text)
            case Answered(ledger):
                known = made(ledger.searches) or self.searches
                return replace(
                    self, ledger=ledger, text=ledger.answer, stages=ledger.stages, searches=known, judging=None,
                    steps=ledger.steps,
                )  # fmt: skip


def _place(event: StageEvent) -> tuple[int, int, int]:
    """Sort key of a step: the wording of the question first, then search by search, then the answer."""
    order = list(Stage)
    if event.stage in SEARCH_STAGES:
        return 1, event.search, order.index(event.stage)
    return 0 if event.stage is Stage.REWRITE else 2, 0, order.index(event.stage)
