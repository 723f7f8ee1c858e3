"""Rules for steps that only show what was found: two sides beside each other, a table as a chart. Pure."""

from __future__ import annotations

from rag.ledger import contexts_of, nearest
from rag.messages import reason
from rag.types.steps import ChartKind, StepAuthor, StepKind

from .charting import ChartWish, chart_of, wish_of
from .comparing import sides
from .planner import GatheringState, Outcome, StepChoice
from .telling import exact
from .versions import versions_of


def told_by(state: GatheringState) -> frozenset[str]:
    """What a list, a table or two versions tell already: parts by their names, "" for all of the question."""
    return frozenset(step.purpose for step in state.steps if exact(step))


def compared(state: GatheringState) -> Outcome:
    if any(step.comparison for step in state.steps):
        return [], reason("steps.compared_already")
    contexts = contexts_of(state.searches) or nearest(state.searches)
    if state.readable and not told_by(state) and (found := versions_of(state.question, contexts, state.documents)):
        first, second = names = tuple(document.name for document in found)
        why, query = reason("steps.compares_versions", first=first, second=second), state.question
    elif of := sides(state.question, state.searches, state.steps):
        first, second = (side.purpose or side.query for side in of)
        why, query, names = reason("steps.sets_beside", first=first, second=second), f"{first} / {second}", ()
    else:
        return [], reason("steps.no_sides")
    parent = state.steps[-1].number
    return [StepChoice(StepKind.COMPARE, StepAuthor.RULE, why, query, "", names, parent=parent)], why


def comparable(state: GatheringState) -> StepChoice | None:
    """The comparison that can be made now."""
    return next((choice for choice in compared(state)[0] if choice.aim not in state.done), None)


def charted(state: GatheringState) -> Outcome:
    wish = wish_of(state.question)
    if wish is None:
        return [], reason("steps.no_chart_asked")
    if found := drawable(state):
        return [found], found.why
    if any(step.table for step in state.steps):
        return [], reason("steps.nothing_to_draw")
    why = reason("steps.without_chart_words", query=wish.rest)
    return [StepChoice(StepKind.SEARCH, StepAuthor.RULE, why, wish.rest)], why


def drawable(state: GatheringState, kind: ChartKind | None = None) -> StepChoice | None:
    """The chart that can be drawn now, of the last table that was told."""
    wish = wish_of(state.question)
    if kind is not None:
        wish = ChartWish(wish.rest if wish else "", kind)
    for step in reversed([] if any(step.chart for step in state.steps) else state.steps):
        if step.table and (chart := chart_of(step.table, wish)):
            drawn = " / ".join((chart.names, *(series.name for series in chart.series)))
            why = reason("steps.draws", kind=reason(f"steps.chart_{chart.kind}"), columns=drawn)
            return StepChoice(StepKind.CHART, StepAuthor.RULE, why, drawn, parent=step.number, chart=chart)
    return None
