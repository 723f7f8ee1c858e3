"""The documents of a knowledge base: one page of many, with the actions on one document or on those selected."""

from __future__ import annotations

from collections.abc import Set

from rag.knowledge.listing import Listed, Listing, state
from rag.messages import LANGUAGES, SHIPPED, Language, Reason
from rag.types import Document

from ...i18n import say
from .. import originals
from ..markup import esc, icon, moment, name, size, t, why
from . import table as actions

COLUMNS = (
    ("name", "col_document", ""), ("language", "col_language", "c-lang"), ("chunks", "col_chunks", "num c-chunks"),
    ("tokens", "col_tokens", "num c-tokens"), ("size", "col_size", "num c-size"),
    ("kind", "library.col_kind", "c-kind"), ("state", "library.col_state", "c-state"), ("time", "col_time", "c-time"),
)  # fmt: skip
"""Sort key, heading, classes."""


def table(
    found: Listed,
    listing: Listing,
    language: Language,
    *,
    base: str = "",
    undo: str = "",
    kept: Set[str] = frozenset(),
) -> str:
    """The page of documents. `undo` is an escaped sentence about what was deleted last; `kept` holds the names of
    documents whose original is kept."""
    if not found.total:
        body = _nothing(t("no_documents", language), language, offer=True)
    elif not found.matching:
        body = _nothing(t("library.nothing_matches", language), language, offer=False)
    else:
        body = _rows(found, listing, language, base, kept)
    return (
        f'<section class="sheet doc-list" aria-label="{t("documents", language)}" '
        f'data-matching="{found.matching}" data-base="{esc(base)}">{_undo(undo, language)}'
        f'<div class="doc-count"><p role="status">{_count(found, language)}</p>{_pages(found, language)}</div>'
        f"{body}</section>"
    )


def _count(found: Listed, language: Language) -> str:
    if found.matching == found.total:
        return t("documents_count", language, documents=found.total, chunks=found.chunks)
    return t("library.matching", language, matching=found.matching, total=found.total)


def _undo(said: str, language: Language) -> str:
    if not said:
        return ""
    return (
        f'<p class="doc-undo" role="status"><span>{said}</span>'
        f'<button type="button" class="tool wide" data-act="doc-undo">{t("library.undo", language)}</button></p>'
    )


def _pages(found: Listed, language: Language) -> str:
    if found.pages < 2:
        return ""

    def step(to: int, text: str, sign: str) -> str:
        state = f' data-page="{to}"' if 1 <= to <= found.pages else " disabled"
        caption = t(text, language)
        return (
            f'<button type="button" class="tool" data-act="doc-page"{state} aria-label="{caption}" '
            f'title="{caption}">{icon(sign, size=16)}</button>'
        )

    where = t("library.page", language, page=found.page, pages=found.pages)
    return (
        f'<div class="doc-pages">{step(found.page - 1, "library.page_before", "previous")}<span>{where}</span>'
        f"{step(found.page + 1, 'library.page_after', 'next')}</div>"
    )


def _nothing(said: str, language: Language, *, offer: bool) -> str:
    button = f'<button type="button" class="quiet" data-act="sample">{t("sample_button", language)}</button>'
    return f'<div class="doc-none"><p>{said}</p>{button if offer else ""}</div>'


def _rows(found: Listed, listing: Listing, language: Language, base: str, kept: Set[str]) -> str:
    heads = "".join(_head(*column, listing, language) for column in COLUMNS)
    rows = "".join(_row(d, language, base, kept=d.name in kept) for d in found.documents)
    page, last = t("library.select_page", language), t("library.actions", language)
    return (
        f"{_bulk(found, language)}"
        f'<div class="scroll"><table class="table documents"><thead><tr><th scope="col" class="c-pick">'
        f'<input type="checkbox" class="pick-page" aria-label="{page}" title="{page}"></th>{heads}'
        f'<th scope="col"><span class="sr">{last}</span></th></tr></thead><tbody>{rows}</tbody>'
        f"</table></div>{actions.menu(language)}"
    )


def _bulk(found: Listed, language: Language) -> str:
    """The actions on the selected documents; shown once there are some."""

    def button(act: str, text: str) -> str:
        return f'<button type="button" class="tool wide" data-act="{act}">{t(text, language)}</button>'

    every = t("library.select_all", language, count=found.matching)
    more = found.matching > len(found.documents)
    return (
        '<div class="doc-bulk" hidden><span><b class="doc-picked"></b> '
        f"{t('library.selected', language)}</span>"
        + (f'<button type="button" class="tool wide doc-all" data-act="doc-all">{every}</button>' if more else "")
        + f"{button('doc-ask', 'library.ask_these')}{button('doc-disable', 'library.disable')}"
        f"{button('doc-enable', 'library.enable')}{button('doc-reingest', 'originals.reingest')}"
        f"{button('doc-delete', 'delete')}</div>"
    )


def _head(key: str, text: str, kind: str, listing: Listing, language: Language) -> str:
    sorted_by = listing.sort == key
    order = ("descending" if listing.descending else "ascending") if sorted_by else "none"
    classes = f' class="{kind}"' if kind else ""
    return (
        f'<th scope="col" aria-sort="{order}"{classes}><button type="button" class="doc-sort" data-act="doc-sort" '
        f'data-sort="{key}">{t(text, language)}</button></th>'
    )


def _row(d: Document, language: Language, base: str, *, kept: bool) -> str:
    safe = name(d.name)
    now = state(d)
    off = "" if d.enabled else " off"
    marks = (*d.tags[:5], d.date) if d.date else d.tags[:5]
    tags = "".join(f'<span class="doc-tag">{name(mark)}</span>' for mark in marks)
    revision = f" · {t('library.revision', language, number=d.revision)}" if d.revision > 1 else ""
    error = f'<p class="remark">{why(d.error, language)}</p>' if d.error else ""
    shown = "" if now == "enabled" else t(f"library.state_{now}", language)
    return (
        f'<tr class="listed{off}"><td class="c-pick"><input type="checkbox" class="pick" data-name="{esc(d.name)}" '
        f'aria-label="{t("library.select", language, name=d.name)}"></td>'
        f'<th scope="row" class="file-cell">'
        f'<button type="button" class="open" data-act="doc-open" data-name="{esc(d.name)}" data-base="{esc(base)}">'
        f'<bdi class="file">{safe}</bdi></button>'
        f"<small>{name(d.title)}{revision}</small>{tags}{error}</th>"
        f'<td class="c-lang">{_language(d.language, language)}</td>'
        f'<td class="num c-chunks">{d.chunks}</td><td class="num c-tokens">{d.tokens:,}</td>'
        f'<td class="num c-size">{size(d.size)}</td><td class="c-kind">{esc(d.kind)}</td>'
        f'<td class="c-state {now}">{shown}</td><td class="c-time">{moment(d.ingested_at)}</td>'
        f'<td class="act">{actions.button(d, language, base=base, kept=kept)}</td></tr>'
    )


def _language(code: str, language: Language) -> str:
    """Name of a language in the reader's language, else in that language itself, else its code."""
    if f"named_{code}" in SHIPPED.area("language", language):
        return t(f"language.named_{code}", language)
    return t("language.name", code) if code in LANGUAGES else esc(code)


ITEMS = (
    ("open", "doc-open", "library.open"),
    ("ask", "doc-ask", "library.ask_this"),
    ("reingest", "doc-reingest", "originals.reingest"),
    ("disable", "doc-disable", "library.disable"),
    ("enable", "doc-enable", "library.enable"),
    ("file", "", "originals.file"),
    ("copy", "doc-copy", "library.copy_name"),
    ("delete", "doc-delete", "delete"),
)
"""Name, act and words of each item in the order of the menu. An item without an act is a link."""


def able(document: Document, *, kept: bool) -> list[str]:
    """Names of the items that work for a document; `kept`: its original is kept."""
    on = document.enabled
    works = {"ask": on, "disable": on, "enable": not on, "reingest": kept, "file": kept}
    return [item for item, _act, _words in ITEMS if works.get(item, True)]


def button(document: Document, language: Language, *, base: str, kept: bool) -> str:
    """The button of a row. It names its document, so that the menu need not look it up in a row that may have moved."""
    label = name(say("library.actions_of", language, name=document.name))
    file = f' data-file="{originals.address(document.name, base)}"' if kept else ""
    return (
        f'<button type="button" class="row-more tool" data-act="row-menu" data-name="{esc(document.name)}" '
        f'data-base="{esc(base)}" data-can="{" ".join(able(document, kept=kept))}"{file} aria-haspopup="menu" '
        f'aria-expanded="false" aria-label="{label}">{icon("more")}</button>'
    )


def menu(language: Language) -> str:
    """Every item, once for the whole list; the script leaves those that work for a document."""
    items = "".join(_item(*item, language) for item in ITEMS)
    return f'<template class="row-actions"><div class="row-menu" role="menu">{items}</div></template>'


def _item(item: str, act: str, words: str, language: Language) -> str:
    common = f'class="row-item" role="menuitem" tabindex="-1" data-item="{item}"'
    if not act:
        return f"<a {common} download>{t(words, language)}</a>"
    return f'<button type="button" {common} data-act="{act}">{t(words, language)}</button>'


def unavailable(reason: Reason, language: Language) -> str:
    """A notice in place of the table while the database does not answer."""
    return (
        f'<section class="sheet"><p class="job-error">{icon("warning", size=16)}<span>{why(reason, language)}'
        "</span></p></section>"
    )
