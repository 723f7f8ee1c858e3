"""The steps of an answer: why each was taken, what came of it, and what else could have been done."""

from __future__ import annotations

from markupsafe import Markup

from rag.messages import Language, reason
from rag.types.steps import AnswerStep, StepOption

from ...state.turn import Turn
from ..markup import html, joined, milliseconds, t, why


def live(turn: Turn, language: Language) -> Markup:
    """The steps so far, the one being taken last; empty where one search is all."""
    if not turn.steps:
        return Markup()
    rows = joined(_row(step, language) for step in turn.steps)
    return html('<ol class="steps" aria-label="{}">{}</ol>')(_title(turn, language), rows)


def kept(turn: Turn, language: Language) -> Markup:
    """One line, which opens into every step."""
    if not turn.steps:
        return Markup()
    rows = joined(_row(step, language, _untaken(step, language)) for step in turn.steps)
    return html(
        '<details class="record" id="steps-{}"><summary><span>{}</span></summary><ol class="steps">{}</ol></details>'
    )(turn.number, _title(turn, language), rows)


def _title(turn: Turn, language: Language) -> Markup:
    return t("steps.title", language, count=len(turn.steps))


def _row(step: AnswerStep, language: Language, untaken: Markup = Markup()) -> Markup:
    shown = html('<li{}><p><b>{}</b>{}{}{}</p><p class="step-why">{} <small>{}</small></p>{}</li>')
    return shown(
        html(' class="now" aria-current="step"')() if step.milliseconds is None else "",
        t(f"steps.kind_{step.kind}", language),
        html(" <q>{}</q>")(step.query) if step.query else "",
        html(" <span>{}</span>")(t("steps.looked_into", language, documents=", ".join(step.documents)))
        if step.documents
        else "",
        _came(step, language),
        why(step.why, language),
        t(f"steps.author_{step.author}", language),
        untaken,
    )


def _looked_into(step: AnswerStep, language: Language) -> Markup:
    if not step.documents:
        return Markup()
    return html(" <span>{}</span>")(t("steps.looked_into", language, documents=", ".join(step.documents)))


def _came(step: AnswerStep, language: Language) -> Markup:
    """What came of a step, and the time it took."""
    if step.milliseconds is None:
        return Markup()
    if step.note is not None:
        told = why(reason("steps.failed", why=step.note) if step.failed else step.note, language)
        return html(' <span class="step-note">{}</span>')(told)
    if not step.search:
        return Markup()
    came = t("steps.came", language, found=step.found, kept=step.kept)
    return html(' <span class="step-came">{} · {}</span>')(came, milliseconds(step.milliseconds))


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
