"""The conversation as HTML: questions, answers with chips, the stages of each answer, and the tools to use on it."""

from __future__ import annotations

from collections.abc import Sequence

from rag.citations.summary import cited, without_source
from rag.knowledge.jobs.job import Job
from rag.ledger import Outcome
from rag.messages import Language
from rag.retrieval.source_names import source as called
from rag.status import PartState, Status

from ...i18n import locale
from ...state.turn import Turn
from ..library import scope
from ..markdown import Checks, Chips, answer
from ..markup import esc, icon, name, size, t, why
from . import query, stages
from .checks import under_answer
from .examples import examples, fit
from .refusal import ways_on


def turns(several: Sequence[Turn], language: Language) -> str:
    """Turns in order."""
    return "".join(turn(one, language) for one in several)


def conversation(known: str) -> str:
    """A hidden element with the id of the conversation, for the tab to remember."""
    return f'<i hidden data-conversation="{esc(known)}"></i>'


def turn(one: Turn, language: Language, *, status: Status | None = None) -> str:
    """One question with its answer so far."""
    body = _finished(one, language) if one.done else _running(one, language, status)
    return (
        f'<article class="turn" id="turn-{one.number}" aria-label="{t("turn", language, number=one.number)}">'
        f'<div class="question"><p>{esc(one.question)}</p>{_question_tools(one, language)}</div>'
        f'<div class="answer">{body}</div></article>'
    )


def _question_tools(one: Turn, language: Language) -> str:
    return (
        f'<div class="tools">{_branches(one, language)}'
        f"{_tool('copy', 'copy_question', language, data=one.question)}"
        f"{_tool('edit', 'edit', language, turn=one.number)}</div>"
    )


def _branches(one: Turn, language: Language) -> str:
    """The number of the answer shown among several at this place of the conversation, with buttons to the others."""
    count = len(one.siblings)
    if count < 2 or one.id not in one.siblings:
        return ""
    number = one.siblings.index(one.id) + 1

    def step(by: int, label: str, sign: str) -> str:
        off = "" if 1 <= number + by <= count else " disabled"
        return (
            f'<button type="button" class="tool" data-act="branch" data-turn="{one.number}" data-step="{by}"{off} '
            f'aria-label="{t(label, language)}" title="{t(label, language)}">{icon(sign, size=14)}</button>'
        )

    return (
        f'<span class="branches" role="group" aria-label="{t("talks.branch", language, number=number, count=count)}">'
        f"{step(-1, 'talks.branch_previous', 'previous')}"
        f"<span>{t('talks.branch_count', language, number=number, count=count)}</span>"
        f"{step(1, 'talks.branch_next', 'next')}</span>"
    )


def _tool(act: str, label: str, language: Language, *, data: str = "", turn: int = 0) -> str:
    values = (f' data-text="{esc(data)}"' if data else "") + (f' data-turn="{turn}"' if turn else "")
    caption = t(label, language)
    return (
        f'<button type="button" class="tool" data-act="{act}"{values} aria-label="{caption}" title="{caption}">'
        f"{icon(act, size=16)}</button>"
    )


def _running(one: Turn, language: Language, status: Status | None) -> str:
    if one.place:
        return f'<div class="waiting" role="status"><p>{t("ahead", language, place=one.place)}</p></div>'
    if one.waiting:
        return f'<div class="waiting" role="status"><p>{t("waiting", language)}</p>{_loading(status, language)}</div>'
    told = stages.live(one, language)
    if one.text:
        return told + f'<div class="prose streaming">{_prose(one, language)}</div>'
    return told + f'<p class="thinking" role="status"><span class="sr">{t("working", language)}</span></p>'


def _loading(status: Status | None, language: Language) -> str:
    if status is None:
        return ""
    rows = []
    for part in status.parts:
        if part.state in (PartState.READY, PartState.FAILED):
            continue
        share = f" {size(part.done)} / {size(part.total)}" if part.total else ""
        rows.append(
            f"<li>{t(f'part_{part.part}', language)} <b>{name(part.name)}</b> "
            f"{t(f'part_state_{part.state}', language)}{esc(share)}</li>"
        )
    return f"<ul>{''.join(rows)}</ul>" if rows else ""


def _prose(one: Turn, language: Language) -> str:
    titles = {c.number: called(c.stored, language, path=True) for c in one.contexts if c.number}
    checked = Checks(cited(one.ledger), [c.end for c in without_source(one.ledger)]) if one.ledger else Checks()
    return answer(one.text, Chips(one.number, titles, language, checked), complete=one.done)


def _finished(one: Turn, language: Language) -> str:
    prose = f'<div class="prose">{_prose(one, language)}</div>' if one.text else ""
    return (
        stages.kept(one, language)
        + query.line(one, language, place="answer")
        + prose
        + under_answer(one, language)
        + _verdict(one, language)
        + _unkept(one, language)
        + ways_on(one, language)
        + _tools(one, language)
    )


def _unkept(one: Turn, language: Language) -> str:
    if one.unkept is None:
        return ""
    said = f"{t('talks.unkept', language)} {why(one.unkept, language)}"
    return f'<p class="failed-stage">{icon("warning", size=15)}<span>{said}</span></p>'


def _verdict(one: Turn, language: Language) -> str:
    """One line on how the answer was made, and the reason where something stood in its way."""
    outcome = one.outcome
    said = f"<p>{why(one.reason, language)}</p>" if one.reason and outcome is not Outcome.STOPPED else ""
    if outcome is Outcome.GENERATED:
        return f'<p class="verdict">{t("generated", language, model=_model(one))}</p>'
    if outcome in (Outcome.EXTRACTIVE, Outcome.SMALL_TALK) and one.reason:
        label = t("extractive_after_failure" if outcome is Outcome.EXTRACTIVE else "reply_after_failure", language)
        return f'<div class="verdict warned">{icon("warning", size=16)}<div><b>{label}</b>{said}</div></div>'
    if outcome is Outcome.SMALL_TALK:
        return ""
    if outcome is Outcome.EXTRACTIVE:
        return f'<p class="verdict">{t("extractive", language)}</p>'
    if outcome is Outcome.STOPPED:
        return f'<p class="verdict">{t("stopped", language)}</p>'
    if outcome is Outcome.ABSTAINED and one.ingesting:
        said += f"<p>{t('abstained_while_ingesting', language)}</p>"
    label = t("abstained" if outcome is Outcome.ABSTAINED else "failed", language)
    kind = "abstained" if outcome is Outcome.ABSTAINED else "failed"
    mark = icon("search" if outcome is Outcome.ABSTAINED else "warning", size=16)
    return f'<div class="verdict {kind}">{mark}<div><b>{label}</b>{said}</div></div>'


def _model(one: Turn) -> str:
    chat = one.ledger.models.get("chat") if one.ledger else None
    return chat.name if chat else "–"


def _tools(one: Turn, language: Language) -> str:
    tools = _tool("copy", "copy_answer", language, data=one.text) if one.text else ""
    tools += _tool("retry", "retry", language, turn=one.number)
    if one.outcome is Outcome.SMALL_TALK:
        return f'<div class="tools">{tools}{_profile(one, language)}</div>'
    if one.candidates:
        count = len(one.contexts) or len(one.candidates)
        label = t("show_evidence" if one.contexts else "show_candidates", language, count=count)
        tools += (
            f'<button type="button" class="tool wide" data-act="evidence" data-turn="{one.number}">{label}</button>'
        )
    if one.ledger is not None and len(one.siblings) > 1:
        tools += (
            f'<button type="button" class="tool wide" data-act="compare" data-turn="{one.number}">'
            f"{t('whatif.compare', language)}</button>"
        )
    if one.ledger is not None:
        tools += (
            f'<button type="button" class="tool wide" data-act="record" data-turn="{one.number}">'
            f"{t('record.open', language)}</button>" + _taking(one, language)
        )
    searched = scope.told(one.ledger, language) if one.ledger else ""
    return f'<div class="tools">{tools}{searched}{_profile(one, language)}</div>'


def _taking(one: Turn, language: Language) -> str:
    """Buttons that copy the sources or save the evidence."""
    acts = [("copy-sources", "saving.copy")] if one.text else []
    return "".join(
        f'<button type="button" class="tool wide" data-act="{act}" data-turn="{one.number}">'
        f"{t(label, language)}</button>"
        for act, label in [*acts, ("save", "saving.open")]
    )


def _profile(one: Turn, language: Language) -> str:
    """The profile of models that made the answer; "" where they never got to work."""
    if one.ledger is None or not one.ledger.profile:
        return ""
    return f'<span class="profile">{t(f"answer_profile_{one.ledger.profile}", language)}</span>'


def empty(language: Language, *, documents: Sequence[str] | None, job: Job | None = None) -> str:
    """The start of a new conversation: questions to try, and the sample handbook where nothing is ingested yet.

    `documents` are the names of all documents; None while the database has not answered.
    """
    offer = ""
    if job is not None:
        offer = _under_way(job, language)
    elif documents is not None and not documents:
        offer = _offer(language)
    suggestions = _suggestions(language) if fit(documents or ()) else ""
    return (
        f'<div class="hero"><span class="hero-mark">{icon("mark", size=32)}</span>'
        f"<h2>{t('hero_title', language)}</h2><p>{t('hero_about', language)}</p>{offer}{suggestions}</div>"
    )


def _suggestions(language: Language) -> str:
    rows = "".join(
        f'<li><button type="button" lang="{locale(spoken)}" data-act="example" data-text="{esc(question)}">'
        f"{esc(question)}</button></li>"
        for question, spoken in examples(language)
    )
    return f'<ul class="examples" aria-label="{t("examples", language)}">{rows}</ul>'


def _offer(language: Language) -> str:
    return (
        f'<div class="offer"><div><b>{t("sample_title", language)}</b><p>{t("sample_about", language)}</p></div>'
        f'<button type="button" class="primary" data-act="sample">{t("sample_button", language)}</button></div>'
    )


def _under_way(job: Job, language: Language) -> str:
    ended = sum(file.ended for file in job.files)
    said = t("files_done", language, done=ended) if job.files else t("ingest_waiting", language)
    return f'<div class="offer"><div role="status"><b>{t("ingest_running", language)}</b><p>{said}</p></div></div>'


def editing(number: int, language: Language) -> str:
    """A line over the composer while an earlier question is being changed."""
    if not number:
        return ""
    return (
        f'<p class="editing">{icon("edit", size=14)}<span>{t("editing", language)}</span>'
        f'<button type="button" class="tool" data-act="cancel-edit" aria-label="{t("cancel_edit", language)}" '
        f'title="{t("cancel_edit", language)}">{icon("close", size=14)}</button></p>'
    )
