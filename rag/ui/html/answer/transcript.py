"""The conversation as HTML: questions, answers with chips, the stages of each answer, and the tools to use on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from rag.citations.summary import cited
from rag.citations.unsourced import unsourced
from rag.evidence.next_questions import next_questions
from rag.knowledge.jobs.job import Job
from rag.ledger import Outcome
from rag.messages import Language
from rag.retrieval.source_names import source as called
from rag.status import PartState, PartStatus, Status

from ...i18n import locale
from ...state.turn import Turn
from ..library import jobs, scope
from ..markdown import Checks, Chips, answer
from ..markup import button, html, icon, joined, name, size, t, tool, warning, why
from . import displays, query, stages, steps
from .checks import under_answer
from .examples import examples, fit
from .peeks import peeks
from .refusal import ways_on

MADE = {Outcome.GENERATED: "generated", Outcome.EXTRACTIVE: "extractive_short", Outcome.STOPPED: "stopped"}
"""Outcomes with an answer to show, and how the line under it calls each."""


def turns(several: Sequence[Turn], language: Language) -> Markup:
    """Turns in order."""
    return joined(turn(one, language) for one in several)


def conversation(known: str, title: str) -> Markup:
    """A hidden element with the id of the conversation and its title, for the tab to remember."""
    return html('<i hidden data-conversation="{}" data-title="{}"></i>')(known, title)


def turn(
    one: Turn, language: Language, *, status: Status | None = None, asked_before: Sequence[str] | None = None
) -> Markup:
    """One question with its answer so far.

    `asked_before` are the conversation's questions, which the ones to ask next do not repeat; None offers none.
    """
    body = _finished(one, language) if one.done else _running(one, language, status)
    if one.done and one.ledger is not None and asked_before is not None:
        body += _next(next_questions(one.ledger, asked_before), language)
    asked = html('<div class="question"><p role="heading" aria-level="2">{}</p>{}</div>')(
        one.question, _question_tools(one, language)
    )
    return html('<article class="turn" id="turn-{}" aria-label="{}">{}<div class="answer">{}</div></article>')(
        one.number, t("turn", language, number=one.number), asked, body
    )


def _question_tools(one: Turn, language: Language) -> Markup:
    copy = tool("copy", "copy", t("copy_question", language), size=16, text=one.question)
    edit = tool("edit", "edit", t("edit", language), size=16, turn=one.number)
    return html('<div class="tools">{}{}{}</div>')(_branches(one, language), copy, edit)


def _branches(one: Turn, language: Language) -> Markup:
    """The number of the answer shown among several at this place of the conversation, with buttons to the others."""
    count = len(one.siblings)
    if count < 2 or one.id not in one.siblings:
        return Markup()
    number = one.siblings.index(one.id) + 1

    def step(by: int, label: str, sign: str) -> Markup:
        off = not 1 <= number + by <= count
        return tool("branch", sign, t(label, language), size=14, off=off, turn=one.number, step=by)

    return html('<span class="branches" role="group" aria-label="{}">{}<span>{}</span>{}</span>')(
        t("talks.branch", language, number=number, count=count),
        step(-1, "talks.branch_previous", "previous"),
        t("talks.branch_count", language, number=number, count=count),
        step(1, "talks.branch_next", "next"),
    )


def _running(one: Turn, language: Language, status: Status | None) -> Markup:
    if one.place or one.waiting:
        said = t("ahead", language, place=one.place) if one.place else t("waiting", language)
        loading = "" if one.place else _loading(status, language)
        return html('<div class="waiting" role="status"><p>{}</p>{}</div>')(said, loading)
    if one.text:
        body = html('<div class="prose streaming">{}</div>')(_prose(one, language))
    else:
        body = html('<p class="thinking" role="status"><span class="sr">{}</span></p>')(t("working", language))
    return stages.live(one, language) + steps.live(one, language) + body


def _loading(status: Status | None, language: Language) -> Markup:
    parts = status.parts if status else ()
    rows = [_part(part, language) for part in parts if part.state not in (PartState.READY, PartState.FAILED)]
    return html("<ul>{}</ul>")(joined(rows)) if rows else Markup()


def _part(part: PartStatus, language: Language) -> Markup:
    share = f" {size(part.done)} / {size(part.total)}" if part.total else ""
    called, state = t(f"part_{part.part}", language), t(f"part_state_{part.state}", language)
    return html("<li>{} <b>{}</b> {}{}</li>")(called, name(part.name), state, share)


def _prose(one: Turn, language: Language) -> Markup:
    titles = {c.number: called(c.stored, language, path=True) for c in one.contexts if c.number}
    checked = Checks(cited(one.ledger), unsourced(one.ledger)) if one.ledger else Checks()
    return answer(one.text, Chips(one.number, titles, language, checked), complete=one.done)


def _finished(one: Turn, language: Language) -> Markup:
    prose = html('<div class="prose">{}</div>')(_prose(one, language)) if one.text else ""
    unkept, others = _unkept(one, language), ways_on(one, language)
    head = [stages.kept(one, language), steps.kept(one, language), query.line(one, language, place="answer"), prose]
    head += [displays.below(one, language), peeks(one, language)]
    return joined([*head, _hindered(one, language), unkept, others, _foot(one, language)])


def _unkept(one: Turn, language: Language) -> Markup:
    if one.unkept is None:
        return Markup()
    said = html("{} {}")(t("talks.unkept", language), why(one.unkept, language))
    return warning("failed-stage", said, size=15)


def _hindered(one: Turn, language: Language) -> Markup:
    """What stood in the way of the answer; "" where nothing did."""
    outcome = one.outcome
    said = [why(one.reason, language)] if one.reason and outcome is not Outcome.STOPPED else []
    if outcome in (Outcome.EXTRACTIVE, Outcome.SMALL_TALK) and one.reason:
        label = "extractive_after_failure" if outcome is Outcome.EXTRACTIVE else "reply_after_failure"
        label = "extractive_before_reply" if one.reason.code == "generation.unfounded" else label
        return _warned("warned", "warning", label, said, language)
    if outcome in (*MADE, Outcome.SMALL_TALK):
        return Markup()
    if outcome is Outcome.ABSTAINED:
        said += [t("abstained_while_ingesting", language)] if one.ingesting else []
        return _warned("abstained", "search", "abstained", said, language)
    return _warned("failed", "warning", "failed", said, language)


def _made(one: Turn, language: Language) -> Markup:
    """A word on how the answer was made; "" where a box of its own tells."""
    if one.outcome not in MADE or (one.outcome is Outcome.EXTRACTIVE and one.reason):
        return Markup()
    model = {"model": _model(one)} if one.outcome is Outcome.GENERATED else {}
    return html('<span class="verdict">{}</span>')(t(MADE[one.outcome], language, **model))


def _warned(kind: str, sign: str, label: str, said: Sequence[Markup], language: Language) -> Markup:
    body = html("<div><b>{}</b>{}</div>")(t(label, language), joined(map(html("<p>{}</p>"), said)))
    return html('<div class="verdict {}">{}{}</div>')(kind, icon(sign, size=16), body)


def _model(one: Turn) -> str:
    chat = one.ledger.models.get("chat") if one.ledger else None
    return chat.name if chat else "–"


def _foot(one: Turn, language: Language) -> Markup:
    """What stands under an answer: one line of trust that opens to all the rest, and the tools used most."""
    tools = [tool("copy", "copy", t("copy_answer", language), size=16, text=one.text)] if one.text else []
    tools.append(tool("retry", "retry", t("retry", language), size=16, turn=one.number))
    if one.outcome is Outcome.SMALL_TALK:
        return html('<div class="foot"><div class="tools">{}{}</div></div>')(joined(tools), _profile(one, language))
    if one.candidates:
        label, count = "show_evidence" if one.contexts else "show_candidates", len(one.contexts or one.candidates)
        tools.append(button("tool wide", "evidence", t(label, language, count=count), turn=one.number))
    line = under_answer(one, language, made=_made(one, language), more=_more(one, language))
    return html('<div class="foot">{}<div class="tools">{}</div></div>')(line, joined(tools))


def _more(one: Turn, language: Language) -> Markup:
    """What can be opened or saved of an answer, and what it was made with; "" where no record is kept."""
    if one.ledger is None:
        return Markup()
    plain = one.outcome is Outcome.EXTRACTIVE and not one.reason
    how = html("<p>{}</p>")(t("extractive", language)) if plain else ""
    acts = joined(button("tool wide", act, said, turn=one.number) for act, said in _views(one, language))
    told = scope.told(one.ledger, language)
    return html('{}<div class="tools">{}{}{}</div>')(how, acts, told, _profile(one, language))


def _views(one: Turn, language: Language) -> Iterator[tuple[str, Markup]]:
    """What can be opened or saved of an answer: the act, and the words on its button."""
    if len(one.siblings) > 1:
        yield "compare", t("whatif.compare", language)
    yield "record", t("record.open", language)
    if one.text:
        yield "copy-sources", t("saving.copy", language)
    yield "save", t("saving.open", language)


def _profile(one: Turn, language: Language) -> Markup:
    """The profile of models that made the answer; "" where they never got to work."""
    if one.ledger is None or not one.ledger.profile:
        return Markup()
    return html('<span class="profile">{}</span>')(t(f"answer_profile_{one.ledger.profile}", language))


def empty(
    language: Language, *, documents: Sequence[str] | None, own: Sequence[str] = (), job: Job | None = None
) -> Markup:
    """The start of a new conversation: questions to try, and the sample handbook where nothing is ingested yet.

    `documents` are the names of all documents; None while the database has not answered. `own` are questions of these,
    tried instead of the handbook's where there are others.
    """
    first = documents is not None and not documents
    offer = _under_way(job, language) if job is not None else _offer(language) if first else ""
    tried = examples(language) if fit(documents or ()) else [(question, "") for question in own]
    suggestions = _suggestions(tried, language) if tried else ""
    return html('<div class="hero"><span class="hero-mark">{}</span><h2>{}</h2><p>{}</p>{}{}</div>')(
        icon("mark", size=32), t("hero_title", language), t("hero_about", language), offer, suggestions
    )


def _suggestions(tried: Sequence[tuple[str, Language]], language: Language) -> Markup:
    row = html('<li><button type="button"{} data-act="example" data-text="{question}">{question}</button></li>')
    spoken = html(' lang="{}"')
    rows = joined(row(spoken(locale(of)) if of else "", question=question) for question, of in tried)
    return html('<ul class="examples" aria-label="{}">{}</ul>')(t("examples", language), rows)


def _next(questions: Sequence[str], language: Language) -> Markup:
    """Questions the answer leads to, to be asked with a click."""
    if not questions:
        return Markup()
    row = html('<li><button type="button" data-act="example" data-text="{question}">{question}</button></li>')
    rows = joined(row(question=question) for question in questions)
    return html('<ul class="next-questions" aria-label="{}">{}</ul>')(t("next_questions", language), rows)


def _offer(language: Language) -> Markup:
    sample = button("primary", "sample", t("sample_button", language))
    return html('<div class="offer"><div><b>{}</b><p>{}</p></div>{}</div>')(
        t("sample_title", language), t("sample_about", language), sample
    )


def _under_way(job: Job, language: Language) -> Markup:
    ended = sum(file.ended for file in job.files)
    said = t("jobs.files", language, done=ended, total=len(job.files)) if job.files else t("ingest_waiting", language)
    running = t("ingest_running", language)
    told = html('<div class="offer"><div role="status"><b>{}</b><p>{}</p></div>{}</div>')
    return told(running, said, jobs.bar(job, language))


def editing(number: int, language: Language) -> Markup:
    """A line over the composer while an earlier question is being changed."""
    if not number:
        return Markup()
    cancel = tool("cancel-edit", "close", t("cancel_edit", language), size=14)
    said = t("editing", language)
    return html('<p class="editing">{}<span>{}</span>{}</p>')(icon("edit", size=14), said, cancel)
