"""What can be done from a step of an answer and with its passages: other answers that reuse the steps before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from rag.messages import Language
from rag.types import Candidate
from rag.types.steps import AnswerStep, StepKind

from ...state.turn import Turn
from ..markup import attributes, button, html, joined, name, t, tool
from .query import LONGEST

CHOSEN_KINDS = (StepKind.SEARCH, StepKind.LIST, StepKind.TABULATE)
"""Kinds of steps a reader may want in the place of another."""
MOST_DOCUMENTS = 40
"""Documents offered to search in: those of what the answer found."""


def tools(step: AnswerStep, turn: Turn, language: Language, *, first: Sequence[Markup] = ()) -> Markup:
    """Buttons of a step, after those of its evidence; none of its own until the answer is complete."""
    if turn.ledger is None:
        return html('<div class="step-tools">{}</div>')(joined(first)) if first else Markup()
    made = [*first]
    if step.search:
        made.append(button("quiet", "step-again", t("steps.again", language), turn=turn.number, step=step.number))
    if step.search and step.number > 1:
        made.append(button("quiet", "step-without", t("steps.without", language), turn=turn.number, step=step.number))
    buttons = html('<div class="step-tools">{}</div>')(joined(made)) if made else Markup()
    return buttons + _form(step, turn, language)


def passage_tools(c: Candidate, turn: Turn, language: Language) -> Markup:
    """Buttons that answer with a passage whatever its score, or without it."""
    if turn.ledger is None:
        return Markup()
    options, called = turn.ledger.main.options, name(c.stored.document)

    def button_of(act: str, sign: str, said: str, done: bool) -> Markup:
        label = t(said, language, name=called)
        return tool(act, sign, label, size=14, off=done, turn=turn.number, chunk=c.stored.id)

    pin = button_of("passage-pin", "pin", "steps.pin", c.stored.id in options.pinned)
    drop = button_of("passage-drop", "close", "steps.drop", c.stored.id in options.banned)
    return html('<span class="passage-tools">{}{}</span>')(pin, drop)


def _form(step: AnswerStep, turn: Turn, language: Language) -> Markup:
    """The form for another step in the place of this one."""
    searched = list(dict.fromkeys((*step.documents, *(c.stored.document for c in turn.candidates))))[:MOST_DOCUMENTS]
    kinds = _choices([(kind, t(f"steps.kind_{kind}", language)) for kind in CHOSEN_KINDS], step.kind)
    within = [("", t("steps.all_documents", language)), *((each, name(each)) for each in searched)]
    fork = button("quiet", "step-fork", t("steps.fork_do", language), turn=turn.number, step=step.number)
    return html(
        '<details class="step-fork" id="fork-{}-{}"><summary>{}</summary><p class="step-why">{}</p>'
        '<div class="fork-form"><select class="fork-kind" aria-label="{}">{}</select>'
        '<input type="text" class="fork-query" value="{}" maxlength="{}" aria-label="{}">'
        '<select class="fork-document" aria-label="{}">{}</select>{}</div></details>'
    )(
        turn.number, step.number, t("steps.fork", language), t("steps.fork_about", language),
        t("steps.fork_kind", language), kinds, step.query or turn.question, LONGEST, t("query.field", language),
        t("steps.fork_document", language), _choices(within, next(iter(step.documents), "")), fork,
    )  # fmt: skip


def _choices(choices: Iterable[tuple[str, Markup]], chosen: str) -> Markup:
    option = html("<option{}>{}</option>")
    rows = [
        option(attributes({"value": value, "selected": "" if value == chosen else None}), shown)
        for value, shown in choices
    ]
    return joined(rows)
