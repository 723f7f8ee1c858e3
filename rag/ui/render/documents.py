"""The documents page: how an ingest goes, what is in the knowledge base, the chunks of one document."""

from __future__ import annotations

from collections.abc import Sequence

from ...events import DocumentOutcome, IngestEvent, IngestStage
from ...messages import LANGUAGES, Language, Reason
from ...types import Document, StoredChunk
from ..session import Job
from .markup import esc, icon, moment, name, path, size, t, why

GOOD = (DocumentOutcome.ADDED, DocumentOutcome.REPLACED, DocumentOutcome.UNCHANGED)
STEPS = tuple(IngestStage)
MAX_ROWS = 300
"""Files listed while ingesting. More are counted, not drawn; what failed is always drawn first."""


def progress(job: Job | None, language: Language) -> str:
    """One row per file, through its stages to its outcome."""
    if job is None:
        return ""
    ended = sum(1 for e in job.files if e.outcome)
    shown = _worth_showing(job.files)
    hidden = len(job.files) - len(shown)
    rows = "".join(_file(e, language) for e in shown)
    more = f'<p class="more">{t("more_files", language, count=hidden)}</p>' if hidden else ""
    error = (
        f'<p class="job-error">{icon("warning", size=16)}<span>{why(job.error, language)}</span></p>'
        if job.error
        else ""
    )
    cancel = (
        ""
        if job.done
        else f'<button type="button" class="quiet" data-act="cancel-ingest">{t("cancel", language)}</button>'
    )
    if job.done:
        count = _summary(job, language)
    elif job.files:
        count = t("files_done", language, done=ended)
    else:
        count = t("ingest_waiting", language)
    table = (
        f'<div class="scroll"><table class="table job"><thead><tr><th scope="col">{t("col_document", language)}</th>'
        f'<th scope="col" class="num">{t("col_size", language)}</th><th scope="col">{t("col_stage", language)}</th>'
        f'<th scope="col" class="num">{t("col_chunks", language)}</th><th scope="col">{t("col_outcome", language)}</th>'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
    )
    return (
        f'<section class="sheet" aria-label="{t("ingest", language)}"><div class="sheet-head">'
        f"<h2>{t('ingest', language)}</h2>"
        f'<p role="status">{count}</p>{cancel}</div>{error}{table if rows else ""}{more}</section>'
    )


def _worth_showing(files: Sequence[IngestEvent]) -> list[IngestEvent]:
    if len(files) <= MAX_ROWS:
        return list(files)
    return sorted(files, key=lambda e: (e.outcome in GOOD, e.outcome is not None))[:MAX_ROWS]


def _summary(job: Job, language: Language) -> str:
    counts = [(o, sum(1 for e in job.files if e.outcome is o)) for o in DocumentOutcome]
    said = [t(f"count_{outcome}", language, count=count) for outcome, count in counts if count]
    return " · ".join(said)


def _file(e: IngestEvent, language: Language) -> str:
    origin = f" <small>{t('from_zip', language)} <bdi>{name(e.origin)}</bdi></small>" if e.origin else ""
    remark = f'<p class="remark">{why(e.reason, language)}</p>' if e.reason else ""
    return (
        f'<tr class="{e.outcome or "running"}"><th scope="row" class="file-cell">'
        f'<bdi class="file">{name(e.name)}</bdi>{origin}{remark}</th>'
        f'<td class="num">{size(e.size)}</td><td class="steps">{_steps(e, language)}</td>'
        f'<td class="num">{_count(e)}</td><td>{_outcome(e, language)}</td></tr>'
    )


def _steps(e: IngestEvent, language: Language) -> str:
    reached = STEPS.index(e.stage)

    def state(position: int) -> str:
        if e.outcome in GOOD or position < reached:
            return "ok"
        if position > reached:
            return ""
        return "bad" if e.outcome else "now"

    return "".join(f'<span class="step {state(i)}">{t(f"ingest_{s}", language)}</span>' for i, s in enumerate(STEPS))


def _count(e: IngestEvent) -> str:
    if e.outcome is None and e.total:
        return f"{e.done}/{e.total}"
    return str(e.chunks) if e.chunks else "–"


def _outcome(e: IngestEvent, language: Language) -> str:
    if e.outcome is None:
        return f'<span class="outcome running">{t("outcome_running", language)}</span>'
    return f'<span class="outcome {e.outcome}">{t(f"outcome_{e.outcome}", language)}</span>'


def table(documents: Sequence[Document], language: Language) -> str:
    """All documents; the filter and the two-step delete are the page's script."""
    rows = "".join(_document(d, language) for d in documents)
    if not documents:
        offer = f'<button type="button" class="quiet" data-act="sample">{t("sample_button", language)}</button>'
        rows = f'<tr><td colspan="7" class="none"><p>{t("no_documents", language)}</p>{offer}</td></tr>'
    count = t("documents_count", language, documents=len(documents), chunks=sum(d.chunks for d in documents))
    columns = "".join(
        f'<th scope="col"{_class(kind)}>{t(key, language)}</th>'
        for key, kind in (
            ("col_document", ""),
            ("col_language", "c-lang"),
            ("col_chunks", "num c-chunks"),
            ("col_tokens", "num c-tokens"),
            ("col_size", "num c-size"),
            ("col_time", "c-time"),
        )
    )
    label = t("filter", language)
    return (
        f'<section class="sheet" aria-label="{t("documents", language)}"><div class="sheet-head">'
        f"<h2>{t('documents', language)}</h2>"
        f'<p>{count}</p><input type="search" class="filter" placeholder="{label}" aria-label="{label}"></div>'
        f'<div class="scroll"><table class="table documents"><thead><tr>{columns}'
        f'<th scope="col"><span class="sr">{t("delete", language)}</span></th></tr></thead><tbody>{rows}</tbody>'
        "</table></div></section>"
    )


def unavailable(reason: Reason, language: Language) -> str:
    """In place of the table while the database does not answer."""
    return (
        f'<section class="sheet"><p class="job-error">{icon("warning", size=16)}<span>{why(reason, language)}'
        "</span></p></section>"
    )


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _document(d: Document, language: Language) -> str:
    safe = name(d.name)
    remove, sure = t("delete", language), t("delete_sure", language)
    return (
        f'<tr data-find="{name(f"{d.name} {d.title}".lower())}"><th scope="row" class="file-cell">'
        f'<button type="button" class="open" data-act="chunks" data-name="{esc(d.name)}">'
        f'<bdi class="file">{safe}</bdi></button>'
        f"<small>{name(d.title)}</small></th>"
        f'<td class="c-lang">{_language(d.language, language)}</td>'
        f'<td class="num c-chunks">{d.chunks}</td><td class="num c-tokens">{d.tokens:,}</td>'
        f'<td class="num c-size">{size(d.size)}</td><td class="c-time">{moment(d.ingested_at)}</td>'
        f'<td class="act"><button type="button" class="delete" data-act="delete" data-name="{esc(d.name)}" '
        f'aria-label="{remove} {safe}" data-sure="{sure}" data-label="{remove}">{remove}</button></td></tr>'
    )


def _language(code: str, language: Language) -> str:
    return t(f"language_{code}", language) if code in LANGUAGES else esc(code)


def viewer(document: str, chunks: Sequence[StoredChunk], language: Language) -> str:
    """The chunks of one document, as they are indexed."""
    rows = "".join(
        f'<li><div class="chunk-head"><b>{stored.chunk.index + 1}</b>'
        f'<span class="path">{path(stored.chunk.heading_path)}</span>'
        f"<small>{t('tokens', language, count=stored.chunk.tokens)} · "
        f"{t('characters', language, start=stored.chunk.start, end=stored.chunk.end)}</small></div>"
        f'<div class="full" lang="{esc(stored.language)}">{esc(stored.chunk.text)}</div></li>'
        for stored in chunks
    )
    return (
        f'<section class="sheet viewer" tabindex="-1" aria-label="{t("chunks_of", language)}"><div class="sheet-head">'
        f'<h2><bdi class="file">{name(document)}</bdi></h2><p>{t("chunks_count", language, count=len(chunks))}</p>'
        f'<button type="button" class="tool" data-act="close-chunks" aria-label="{t("close", language)}">'
        f'{icon("close", size=16)}</button></div><ol class="chunks">{rows}</ol></section>'
    )
