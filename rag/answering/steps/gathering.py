"""The loop that gathers evidence in steps: choose, do, look at what came of it, until there is enough or no more.

The first search was made when it begins. Each further step that finds passages is a search of the draft, numbered like
it; the contexts of all of them are numbered anew after each step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rag.errors import RagError
from rag.events import Cancel, Judging, Retrieved, StageEvent
from rag.ledger import Author, Search
from rag.messages import Reason, reason
from rag.protocols import Shelf
from rag.retrieval.merging import allotted, numbered
from rag.retrieval.retriever import Retriever
from rag.types import Document, RetrievalOptions, StoredChunk
from rag.types.steps import AnswerStep, Approach, StepAuthor, StepEvent, StepKind

from ..draft import Draft
from .budget import NOTHING, Spent, StepBudget
from .comparing import beside, sides
from .forks import by_reader
from .naming import titled
from .planner import ENDS, Aim, GatheringState, Planner, StepChoice, aim_of
from .results import LookedUp, ScopeReader
from .tabulating import SourceTable

FRUITLESS = 2
"""Steps in a row that add no context, after which another one would not either."""

_AUTHORS = {StepAuthor.RULE: Author.RULE, StepAuthor.MODEL: Author.MODEL, StepAuthor.READER: Author.EDITED}


class Gathering:
    """Takes the steps of one answer; `draft` holds what they find."""

    def __init__(
        self,
        draft: Draft,
        retriever: Retriever,
        planner: Planner,
        *,
        approach: Approach,
        documents: Callable[[], Sequence[Document]],
        shelf: Shelf | None = None,
        budget: StepBudget,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._draft = draft
        self._retriever = retriever
        self._planner = planner
        self._eager = approach is Approach.STEPS
        self._documents = documents
        self._library = ScopeReader(draft.searches[0].options, shelf) if shelf else None
        self._budget = budget
        self._now = now
        self._began = now()
        self._fruitless = 0
        self._spent = NOTHING
        """On choosing steps."""
        self._replaced: frozenset[Aim] = frozenset()
        self._told = self._eager
        """True where even a first search that was all is told as a step."""

    def go_on(
        self, taken: AnswerStep | None, replaced: AnswerStep | None, *, cancel: Cancel
    ) -> Iterator[StageEvent | Judging | Retrieved | StepEvent]:
        """Events after steps that are reused: the step the reader wants and what follows it; the end where it is None.

        What is `replaced` by it is not done after it.
        """
        self._replaced = frozenset({aim_of(replaced)} if replaced else ())
        self._told = True
        if taken is not None:
            yield from self.run(cancel=cancel, first=taken)
            return
        draft = self._draft
        draft.credit_steps()
        why = reason("steps.answers", count=len(draft.contexts)) if draft.contexts else reason("steps.gives_up")
        yield from self._ended(self._end(why), self._now())

    def run(
        self, *, cancel: Cancel, first: AnswerStep | None = None
    ) -> Iterator[StageEvent | Judging | Retrieved | StepEvent]:
        """Events of the steps after the first search. Leaves no steps behind where the first search was all."""
        draft = self._draft
        documents = self._library.documents if self._library else self._documents()
        draft.steps = draft.steps or (self._first(),)
        while not cancel:
            began = self._now()
            spent = None if first else self._budget.spent(len(draft.steps), began - self._began, self._spent)
            state = self._state(documents, NOTHING if spent else self._budget.left(self._spent))
            try:
                choice = by_reader(first, state) if first else self._planner.next(state)
            except RagError as e:
                if first is None:
                    yield from self._ended(self._end(e.reason), began)
                    return
                yield from self._failed(first, e.reason, began)
                first = None
                continue
            first = None
            self._spent += choice.spent
            choice = self._within_bounds(choice, state, spent)
            if choice.kind in ENDS:
                if len(draft.steps) == 1 and not self._told:
                    draft.steps = ()
                    return
                yield from self._ended(choice, began)
                return
            if _looks_for_nothing(choice):
                yield from self._shown(choice, began)
            else:
                yield from self._taken(choice, began, cancel)

    def _first(self) -> AnswerStep:
        main = self._draft.searches[0]
        why = reason("steps.asked_for") if self._eager else reason("steps.first")
        milliseconds = sum(e.milliseconds or 0.0 for (n, _), e in self._draft.stages.items() if n == main.number)
        return AnswerStep(
            1, StepKind.SEARCH, StepAuthor.RULE, why, query=main.query, search=main.number,
            found=len(main.candidates), kept=len(main.contexts), milliseconds=milliseconds,
        )  # fmt: skip

    def _state(self, documents: Sequence[Document], left: Spent) -> GatheringState:
        draft = self._draft
        done = self._replaced | {aim_of(step) for step in draft.steps}
        main = draft.searches[0]
        library = self._library
        tables = (lambda: self._tables(library, documents)) if library else tuple
        return GatheringState(
            main.query,
            draft.searches,
            draft.steps,
            documents,
            self._eager,
            done,
            library is not None,
            tables,
            library.read if library else _nothing,
            left,
        )

    def _tables(self, library: ScopeReader, documents: Sequence[Document]) -> list[SourceTable]:
        """Those of documents, then what front matter says."""
        asked = self._draft.searches[0].query
        return [*library.tables(self._draft.searches, titled(asked, documents)), *library.front_matter(asked)]

    def _within_bounds(self, choice: StepChoice, state: GatheringState, spent: Reason | None) -> StepChoice:
        """The choice, or the end where the budget is `spent`, steps bring nothing, or it must not be taken."""
        if choice.kind in ENDS:
            return choice
        own = choice.author is StepAuthor.READER
        if not own and spent is None:  # choosing took time as well
            spent = self._budget.spent(len(self._draft.steps), self._now() - self._began, NOTHING)
        if spent is not None:
            pass
        elif self._fruitless >= FRUITLESS and not _looks_for_nothing(choice):
            spent = reason("steps.fruitless", count=FRUITLESS)
        elif choice.aim in state.done - (self._replaced if own else set()):
            spent = reason("steps.repeats")
        elif outside := set(choice.documents) - {d.name for d in state.documents if d.enabled}:
            spent = reason("steps.outside_scope", document=min(outside))
        if spent is None:
            return choice
        return replace(self._end(spent), options=choice.options, tokens=choice.tokens, spent=choice.spent)

    def _end(self, why: Reason) -> StepChoice:
        kind = StepKind.ANSWER if self._draft.contexts else StepKind.GIVE_UP
        return StepChoice(kind, StepAuthor.RULE, why, parent=len(self._draft.steps))

    def _taken(
        self, choice: StepChoice, began: float, cancel: Cancel
    ) -> Iterator[StageEvent | Judging | Retrieved | StepEvent]:
        draft = self._draft
        step = replace(self._step(choice), search=len(draft.searches) + 1)
        yield StepEvent(step)
        main = draft.searches[0]
        within = () if choice.listing or choice.tabulation else choice.documents
        options = replace(main.options, documents=within or main.options.documents, pinned=())
        search = Search(
            step.search, choice.query, _AUTHORS[choice.author], options, purpose=choice.purpose,
            parent=self._search_of(choice.parent),
        )  # fmt: skip
        before = {c.stored.id for c in draft.contexts}
        draft.searches = (*draft.searches, search)
        note = None
        try:
            if found_out := self._looked_up(choice, search.options):
                step = replace(step, table=found_out.table, comparison=found_out.comparison)
                draft.note(Retrieved(found_out.retrieval, search.number))
            elif choice.passages:
                yield from self._judged(search, choice.passages, cancel)
            else:
                yield from self._searched(search, cancel)
        except RagError as e:
            note = e.reason
        draft.searches = numbered(allotted(draft.searches, main.options.contexts))
        yield from draft.known()
        tells = step.comparison is not None or (step.table is not None and step.table.total > 0)
        self._fruitless = 0 if tells or {c.stored.id for c in draft.contexts} - before else self._fruitless + 1
        found = draft.searches[-1]
        step = replace(
            step, found=len(found.candidates), note=note, failed=note is not None,
            milliseconds=1000 * (self._now() - began),
        )  # fmt: skip
        draft.steps = (*draft.steps, step)
        draft.credit_steps()
        yield StepEvent(draft.steps[-1])

    def _shown(self, choice: StepChoice, began: float) -> Iterator[StepEvent]:
        """The sides of a comparison, or a table as a chart: nothing is searched for it."""
        draft = self._draft
        compares = choice.kind is StepKind.COMPARE
        of = sides(draft.searches[0].query, draft.searches, draft.steps) if compares else None
        found = beside(of, draft.searches) if of else None
        cost = 1000 * (self._now() - began)
        step = replace(self._step(choice), comparison=found, chart=choice.chart, milliseconds=cost)
        draft.steps = (*draft.steps, step)
        draft.credit_steps()
        yield StepEvent(draft.steps[-1])

    def _failed(self, wanted: AnswerStep, why: Reason, began: float) -> Iterator[StepEvent]:
        """A step of the reader's for which there is nothing to do."""
        draft = self._draft
        step = AnswerStep(
            len(draft.steps) + 1, wanted.kind, StepAuthor.READER, reason("steps.by_reader"), len(draft.steps),
            wanted.query, wanted.purpose, wanted.documents, note=why, failed=True,
            milliseconds=1000 * (self._now() - began),
        )  # fmt: skip
        draft.steps = (*draft.steps, step)
        yield StepEvent(step)

    def _searched(self, search: Search, cancel: Cancel) -> Iterator[StageEvent | Judging]:
        reworded = search.author is Author.RULE and not search.purpose  # other words for the same question
        asked = self._draft.searches[0].query if reworded else ""
        yield from self._noted(
            self._retriever.run(search.query, search.options, cancel=cancel, search=search.number, judged_by=asked)
        )

    def _judged(
        self, search: Search, passages: Sequence[StoredChunk], cancel: Cancel
    ) -> Iterator[StageEvent | Judging]:
        """Judge what was read as a search would."""
        yield from self._noted(
            self._retriever.judge(search.query, passages, search.options, cancel=cancel, search=search.number)
        )

    def _noted(self, events: Iterator[StageEvent | Judging | Retrieved]) -> Iterator[StageEvent | Judging]:
        for event in events:
            if isinstance(event, Retrieved):
                self._draft.note(event)
            else:
                yield event

    def _looked_up(self, choice: StepChoice, options: RetrievalOptions) -> LookedUp | None:
        """What a list, a table or two versions tell; None for a search."""
        if self._library is None:
            return None
        if choice.kind is StepKind.COMPARE and len(choice.documents) == 2:
            first, second = choice.documents
            return self._library.compared(choice.query, (first, second), options)
        if choice.listing is not None:
            return self._library.listed(choice.listing, options)
        return self._library.tabulated(choice.tabulation, options) if choice.tabulation is not None else None

    def _ended(self, choice: StepChoice, began: float) -> Iterator[StepEvent]:
        step = replace(self._step(choice), milliseconds=1000 * (self._now() - began))
        self._draft.steps = (*self._draft.steps, step)
        self._draft.credit_steps()
        yield StepEvent(step)

    def _step(self, choice: StepChoice) -> AnswerStep:
        return AnswerStep(
            len(self._draft.steps) + 1, choice.kind, choice.author, choice.why, choice.parent, choice.query,
            choice.purpose, choice.documents, choice.options, tokens=choice.tokens,
            arguments=choice.arguments, section=choice.section, calls=choice.spent.calls,
        )  # fmt: skip

    def _search_of(self, step: int) -> int:
        return next((s.search for s in self._draft.steps if s.number == step), 0)


def _looks_for_nothing(choice: StepChoice) -> bool:
    """True for a step that only shows what was found."""
    return choice.kind is StepKind.CHART or (choice.kind is StepKind.COMPARE and not choice.documents)


def _nothing(_document: str, _collection: str) -> Sequence[StoredChunk]:
    return ()
