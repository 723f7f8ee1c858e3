"""The documents page: how an ingest goes, what is in the knowledge base."""

from __future__ import annotations

from collections.abc import Sequence

from ...messages import LANGUAGES, Language, Reason
from ...types import Document
from .markup import esc, icon, moment, name, size, t, why


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
        f'<button type="button" class="open" data-act="doc-open" data-name="{esc(d.name)}">'
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
