"""The steps of an answer: why each was taken, what went in, what came of it, and what else could have been done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from rag.ledger import Ledger, Search
from rag.messages import Language, reason, text
from rag.types import Candidate
from rag.types.steps import ARGUMENT_NAMES, AnswerStep, StepOption

from ...state.turn import Turn
from ..evidence.flow import anchor
from ..markup import button, html, joined, milliseconds, name, path, source, t, why
from . import forks

_UNSENT = Markup('<b class="none" aria-hidden="true">×</b>')
DOCUMENTS = 3
"""Documents named of a step."""
OPERATIONS = ("count", "sum", "mean", "least", "most", "value")
ORDERS = ("newest", "oldest", "longest", "shortest")
PASSAGES = 6
"""Passages shown of a step: those that were sent, then the best of the others."""


def live(turn: Turn, language: Language) -> Markup:
    """The steps so far, the one being taken last; empty where one search is all."""
    if not turn.steps:
        return Markup()
    rows = joined(_row(step, language) for step in turn.steps)
    return html('<ol class="trail" aria-label="{}">{}</ol>')(_title(turn.steps, language), rows)


def kept(turn: Turn, language: Language) -> Markup:
    """One line, which opens into every step; each opens into its evidence and what else was possible."""
    if not turn.steps:
        return Markup()
    rows = joined(_row(step, language, _opened(step, turn, language)) for step in turn.steps)
    return html(
        '<details class="record" id="steps-{}"><summary><span>{}</span></summary><ol class="trail">{}</ol></details>'
    )(turn.number, _headline(turn.steps, language), rows)


def saved(ledger: Ledger, language: Language) -> Markup:
    """Every step with its evidence, for a page without scripts."""
    searches = {search.number: search for search in ledger.searches}
    rows = joined(
        _row(step, language, _facts(step, searches.get(step.search), language) + _untaken(step, language))
        for step in ledger.steps
    )
    return html('<ol class="trail">{}</ol>')(rows) if rows else rows


def _title(steps: Sequence[AnswerStep], language: Language) -> Markup:
    return t("steps.title", language, count=len(steps))


def _headline(steps: Sequence[AnswerStep], language: Language) -> Markup:
    """How many steps there were, and what they took in all."""
    own = [step for step in steps if not step.reused]
    told = [_title(steps, language), milliseconds(sum(step.milliseconds or 0.0 for step in own))]
    tokens = sum(step.tokens for step in own)
    return joined([*told, *([t("steps.tokens", language, count=tokens)] if tokens else [])], " · ")


def _row(step: AnswerStep, language: Language, inside: Markup = Markup()) -> Markup:
    return html('<li{}><p><b>{}</b>{}{}{}</p><p class="step-why">{} <small>{}</small></p>{}</li>')(
        html(' class="now" aria-current="step"')() if step.milliseconds is None else "",
        t(f"steps.kind_{step.kind}", language),
        html(" <q>{}</q>")(step.query) if step.query else "",
        html(" <span>{}</span>")(t("steps.looked_into", language, documents=_documents(step, language)))
        if step.documents
        else "",
        _came(step, language),
        why(step.why, language),
        t(f"steps.author_{step.author}", language),
        inside,
    )


def _documents(step: AnswerStep, language: Language) -> str:
    """The first of the documents a step looked into, and how many more there were."""
    first, left = ", ".join(step.documents[:DOCUMENTS]), len(step.documents) - DOCUMENTS
    return text(reason("steps.and_more", documents=first, count=left), language) if left > 0 else first


def _came(step: AnswerStep, language: Language) -> Markup:
    """What came of a step, and what it cost."""
    if step.milliseconds is None:
        return Markup()
    cost = t("steps.reused", language) if step.reused else joined(_cost(step, language), " · ")
    if step.note is not None:
        told = why(reason("steps.failed", why=step.note) if step.failed else step.note, language)
        return html(' <span class="step-note">{}</span> <span class="step-came">{}</span>')(told, cost)
    came = [t("steps.came", language, found=step.found, kept=step.kept)] if step.search else []
    return html(' <span class="step-came">{}</span>')(joined([*came, cost], " · "))


def _cost(step: AnswerStep, language: Language) -> Iterator[Markup | str]:
    yield milliseconds(step.milliseconds or 0.0)
    if step.calls > 1:
        yield t("steps.asked_times", language, count=step.calls)
    if step.tokens:
        yield t("steps.tokens", language, count=step.tokens)


def _opened(step: AnswerStep, turn: Turn, language: Language) -> Markup:
    """What a step was given and found, folded away, and what else could have been done."""
    search = next((one for one in turn.searches if one.number == step.search), None)
    if search is None:
        return forks.tools(step, turn, language) + _untaken(step, language)
    found = _passages(search, turn, language)
    flow = button("quiet", "flow", t("flow.open", language), turn=turn.number, search=search.number)
    tools = forks.tools(step, turn, language, first=[flow] if search.candidates else [])
    return html(
        '<details class="step-more" id="step-{}-{}"><summary>{}</summary>{}{}{}{}</details>'
    )(
        turn.number, step.number, t("steps.evidence", language), _facts(step, search, language), found, tools,
        _untaken(step, language),
    )  # fmt: skip


def _facts(step: AnswerStep, search: Search | None, language: Language) -> Markup:
    """What went into a step."""
    told: list[tuple[str, Markup]] = []
    if step.purpose and step.purpose != step.query:
        told.append(("steps.for_part", name(step.purpose)))
    if step.section:
        told.append(("steps.section", name(step.section)))
    elif search is not None and step.table is None:
        told.append(("steps.way", t(f"mode_{search.options.mode}", language)))
    told += [
        (f"steps.arg_{arg}", _value(arg, value, language)) for arg, value in step.arguments if arg in ARGUMENT_NAMES
    ]
    if step.parent and step.parent != step.number - 1:
        told.append(("steps.after", t("steps.numbered", language, number=step.parent)))
    if step.table is not None:
        told.append(("steps.result", why(step.table.says, language)))
    row = html("<div><dt>{}</dt><dd>{}</dd></div>")
    rows = joined(row(t(label, language), value) for label, value in told)
    return html('<dl class="step-facts">{}</dl>')(rows) if rows else rows


def _value(argument: str, value: str, language: Language) -> Markup:
    """A value a step was told: the name of one of our own is said in words."""
    if argument == "operation" and value in OPERATIONS:
        return t(f"steps.operation_{value}", language)
    return t(f"steps.order_{value}", language) if argument == "order" and value in ORDERS else name(value)


def _passages(search: Search, turn: Turn, language: Language) -> Markup:
    """The passages a step found, as links to their cards: those it sent, then the best of the rest."""
    if not search.candidates:
        return html('<p class="step-why">{}</p>')(t("no_retrieval", language))
    ordered = sorted(search.candidates, key=lambda c: not c.kept)
    shown = ordered[: max(PASSAGES, len(search.contexts))]
    sent = {c.stored.id: c for c in turn.contexts}
    rows = joined(_passage(c, sent.get(c.stored.id), search, turn, language) for c in shown)
    left = len(ordered) - len(shown)
    more = html('<li class="step-rest">{}</li>')(t("steps.more_found", language, count=left)) if left else ""
    return html('<ol class="step-found">{}{}</ol>')(rows, more)


def _passage(c: Candidate, sent: Candidate | None, search: Search, turn: Turn, language: Language) -> Markup:
    """A passage that a search found; `sent` is it as the context of whichever search sent it."""
    said = t("flow.kept", language) if c.kept else why(c.dropped, language) if c.dropped else ""
    number = (
        html("<b{}>{}</b>")("" if c.kept else html(' class="elsewhere"')(), sent.number)
        if sent and sent.number
        else _UNSENT
    )
    value = html("<em>{}</em>")(f"{c.probability:.2f}") if c.probability is not None else ""
    return html('<li><a href="#{}" title="{said}">{}<span>{} {}</span><span class="sr">{said}</span>{}</a>{}</li>')(
        anchor(sent or c, turn.number, search.number), number, source(c.stored, language),
        html('<span class="path">{}</span>')(path(c.stored.chunk.heading_path[-1:])), value,
        forks.passage_tools(c, turn, language), said=said,
    )  # fmt: skip


def _untaken(step: AnswerStep, language: Language) -> Markup:
    """Other steps that were looked at, folded away."""
    if not step.options:
        return Markup()
    rows = joined(_option(option, language) for option in step.options)
    return html('<details class="step-options"><summary>{}</summary><ul>{}</ul></details>')(
        t("steps.not_taken", language), rows
    )


def _option(option: StepOption, language: Language) -> Markup:
    state = t("steps.open" if option.open else "steps.closed", language)
    return html("<li>{} <small>{}</small> {}</li>")(
        t(f"steps.kind_{option.kind}", language), state, why(option.why, language)
    )
