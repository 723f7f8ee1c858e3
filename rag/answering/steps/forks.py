"""Steps of an earlier answer as the beginning of another one: what they found is not searched again. Pure."""

from __future__ import annotations

from dataclasses import replace

from rag.errors import RagError
from rag.ledger import Ledger, Search
from rag.messages import reason
from rag.types.steps import AnswerStep, StepAuthor, StepFork, StepKind

from .arguments import query_from, tabulation_from
from .history import history_of
from .listing import query_of
from .planner import ENDS, GatheringState, StepChoice, aim_of
from .reading import section
from .results import described
from .showing import comparable, drawable
from .table_question import question_of
from .tabulating import Tabulation, answers


def reused(given: Ledger, fork: StepFork | None) -> tuple[tuple[Search, ...], tuple[AnswerStep, ...]]:
    """The searches and steps of an answer that are kept, numbered anew; each step names the answer that took it.

    The first step is always kept, an end never. Without a fork all others are kept too.
    """
    if not given.steps:
        return given.searches, ()
    kept = [s for s in given.steps if s.kind not in ENDS and (fork is None or s.number == 1 or s.number in fork.kept)]
    last = next((one.number for one, s in zip(given.steps, kept, strict=False) if one is not s), len(given.steps) + 1)
    kept = [s for s in kept if s.search or s.number < last]  # what stands beside each other was found by those before
    wanted = {given.main.number, *(step.search for step in kept)}
    searches = [search for search in given.searches if search.number in wanted]
    place_of = {search.number: place for place, search in enumerate(searches, 1)}
    number_of = {step.number: number for number, step in enumerate(kept, 1)}
    return (
        tuple(replace(s, number=place_of[s.number], parent=_led_by(s.parent, place_of)) for s in searches),
        tuple(
            replace(
                step, number=number_of[step.number], search=place_of.get(step.search, 0),
                parent=_led_by(step.parent, number_of), reused=step.reused or given.id,
            )
            for step in kept
        ),
    )  # fmt: skip


def by_reader(step: AnswerStep, state: GatheringState) -> StepChoice:
    """The choice of a step as the reader wants it. Raises RagError where nothing has what it asks for."""
    choice = StepChoice(
        step.kind, StepAuthor.READER, reason("steps.by_reader"), step.query, step.purpose, step.documents,
        parent=len(state.steps),
    )  # fmt: skip
    asked = step.query or step.purpose or state.question
    if step.kind is StepKind.LIST:
        listing = query_from(step.arguments) if step.arguments or step.table else None
        listing = listing or query_of(asked, state.documents) or history_of(asked, state.documents)
        if listing is None:
            raise RagError(reason("steps.no_list", query=asked))
        return replace(choice, query=str(listing), listing=listing)
    if step.kind is StepKind.TABULATE:
        best = _asked_of_table(step, asked, state)
        if best is None:
            raise RagError(reason("steps.no_table", query=asked))
        query = described(best) if step.arguments else asked
        named = () if best.source.of_documents else (best.source.document,)
        return replace(choice, query=query, documents=named, tabulation=best)
    if step.kind is StepKind.COMPARE:
        found = comparable(replace(state, done=state.done - {aim_of(step)}))
        if found is None:
            raise RagError(reason("steps.no_sides"))
        return replace(found, author=choice.author, why=choice.why, parent=choice.parent)
    if step.section and step.documents:
        passages = section(state.read(step.documents[0], ""), step.section)
        return replace(choice, query=asked, section=step.section, passages=tuple(passages))
    if step.kind is StepKind.CHART:
        drawn = drawable(state)
        if drawn is None:
            raise RagError(reason("steps.nothing_to_draw"))
        return replace(drawn, author=choice.author, why=choice.why, parent=choice.parent)
    narrowed = query_from(step.arguments) if step.arguments else None
    return choice if step.kind in ENDS else replace(choice, query=asked, narrowed=narrowed)


def _asked_of_table(step: AnswerStep, asked: str, state: GatheringState) -> Tabulation | None:
    """What a step asked before, else what its words ask."""
    tables = state.tables()
    if step.arguments:
        return tabulation_from(step.arguments, step.documents, tables)
    question = question_of(asked)
    return next(answers(question, tables), None) if question else None


def _led_by(parent: int, number_of: dict[int, int]) -> int:
    """The new number of what led to it; the first where that was left out."""
    return number_of.get(parent, 1) if parent else 0
