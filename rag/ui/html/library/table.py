"""The documents of a knowledge base: one page of many, with the actions on one document or on those selected."""

from __future__ import annotations

from collections.abc import Set

from markupsafe import Markup

from rag.knowledge.listing import Listed, Listing, state
from rag.messages import LANGUAGES, SHIPPED, Language, Reason
from rag.types import Document

from ...i18n import say
from .. import originals
from ..markup import attributes, button, esc, html, icon, joined, moment, name, size, t, tool, warning, why

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
) -> Markup:
    """The page of documents. `undo` is a sentence about what was deleted last; `kept` holds the names of documents
    whose original is kept."""
    if found.matching:
        body = _rows(found, listing, language, base, kept)
    else:
        body = _nothing("library.nothing_matches" if found.total else "no_documents", language, offer=not found.total)
    head = html('<div class="doc-count"><p role="status">{}</p>{}</div>')
    return html('<section class="sheet doc-list" aria-label="{}" data-matching="{}" data-base="{}">{}{}{}</section>')(
        t("documents", language), found.matching, base, _undo(undo, language),
        head(_count(found, language), _pages(found, language)), body,
    )  # fmt: skip


def _count(found: Listed, language: Language) -> Markup:
    if found.matching == found.total:
        return t("documents_count", language, documents=found.total, chunks=found.chunks)
    return t("library.matching", language, matching=found.matching, total=found.total)


def _undo(said: str, language: Language) -> Markup:
    if not said:
        return Markup()
    undo = button("tool wide", "doc-undo", t("library.undo", language))
    return html('<p class="doc-undo" role="status"><span>{}</span>{}</p>')(name(said), undo)


def _pages(found: Listed, language: Language) -> Markup:
    if found.pages < 2:
        return Markup()

    def step(to: int, text: str, sign: str) -> Markup:
        there = 1 <= to <= found.pages
        return tool("doc-page", sign, t(text, language), size=16, off=not there, page=to if there else None)

    where = t("library.page", language, page=found.page, pages=found.pages)
    before = step(found.page - 1, "library.page_before", "previous")
    after = step(found.page + 1, "library.page_after", "next")
    return html('<div class="doc-pages">{}<span>{}</span>{}</div>')(before, where, after)


def _nothing(said: str, language: Language, *, offer: bool) -> Markup:
    sample = button("quiet", "sample", t("sample_button", language)) if offer else ""
    return html('<div class="doc-none"><p>{}</p>{}</div>')(t(said, language), sample)


def _rows(found: Listed, listing: Listing, language: Language, base: str, kept: Set[str]) -> Markup:
    heads = joined(_head(*column, listing, language) for column in COLUMNS)
    rows = joined(_row(d, language, base, kept=d.name in kept) for d in found.documents)
    page, last = t("library.select_page", language), t("library.actions", language)
    return html(
        '{}<div class="scroll"><table class="table documents"><thead><tr><th scope="col" class="c-pick">'
        '<input type="checkbox" class="pick-page" aria-label="{page}" title="{page}"></th>{}'
        '<th scope="col"><span class="sr">{}</span></th></tr></thead><tbody>{}</tbody></table></div>{}'
    )(_bulk(found, language), heads, last, rows, menu(language), page=page)


def _bulk(found: Listed, language: Language) -> Markup:
    """The actions on the selected documents; shown once there are some."""

    every = t("library.select_all", language, count=found.matching)
    more = found.matching > len(found.documents)
    acts = {
        "doc-ask": "library.ask_these",
        "doc-disable": "library.disable",
        "doc-enable": "library.enable",
        "doc-reingest": "originals.reingest",
        "doc-delete": "delete",
    }
    buttons = [button("tool wide doc-all", "doc-all", every)] if more else []
    buttons += [button("tool wide", act, t(text, language)) for act, text in acts.items()]
    selected = html('<span><b class="doc-picked"></b> {}</span>')(t("library.selected", language))
    return html('<div class="doc-bulk" hidden>{}{}</div>')(selected, joined(buttons))


def _head(key: str, text: str, kind: str, listing: Listing, language: Language) -> Markup:
    sorted_by = listing.sort == key
    order = ("descending" if listing.descending else "ascending") if sorted_by else "none"
    classes = html(' class="{}"')(kind) if kind else ""
    sort = button("doc-sort", "doc-sort", t(text, language), sort=key)
    return html('<th scope="col" aria-sort="{}"{}>{}</th>')(order, classes, sort)


def _row(d: Document, language: Language, base: str, *, kept: bool) -> Markup:
    now = state(d)
    shown = "" if now == "enabled" else t(f"library.state_{now}", language)
    return html(
        '<tr class="listed{}"><td class="c-pick">'
        '<input type="checkbox" class="pick" data-name="{}" aria-label="{}"></td>'
        '<th scope="row" class="file-cell">{}</th><td class="c-lang">{}</td>'
        '<td class="num c-chunks">{}</td><td class="num c-tokens">{}</td><td class="num c-size">{}</td>'
        '<td class="c-kind">{}</td><td class="c-state {}">{}</td><td class="c-time">{}</td><td class="act">{}</td></tr>'
    )(
        "" if d.enabled else " off", d.name, t("library.select", language, name=d.name), _file(d, language, base),
        language_named(d.language, language), d.chunks, f"{d.tokens:,}", size(d.size), d.kind, now, shown,
        moment(d.ingested_at), more(d, language, base=base, kept=kept),
    )  # fmt: skip


def _file(d: Document, language: Language, base: str) -> Markup:
    """Name, title and tags of a document, and what was wrong with it."""
    marks = (*d.tags[:5], d.date) if d.date else d.tags[:5]
    tags = joined(html('<span class="doc-tag">{}</span>')(name(mark)) for mark in marks)
    revision = html(" · {}")(t("library.revision", language, number=d.revision)) if d.revision > 1 else ""
    error = html('<p class="remark">{}</p>')(why(d.error, language)) if d.error else ""
    open_ = button("open", "doc-open", html('<bdi class="file">{}</bdi>')(name(d.name)), name=d.name, base=base)
    return html("{}<small>{}{}</small>{}{}")(open_, name(d.title), revision, tags, error)


def language_named(code: str, language: Language) -> Markup:
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


def more(document: Document, language: Language, *, base: str, kept: bool) -> Markup:
    """The button of a row. It names its document, so that the menu need not look it up in a row that may have moved."""
    label = name(say("library.actions_of", language, name=document.name))
    file = html(' data-file="{}"')(originals.address(document.name, base)) if kept else ""
    return html(
        '<button type="button" class="row-more tool" data-act="row-menu" data-name="{}" data-base="{}" '
        'data-can="{}"{} aria-haspopup="menu" aria-expanded="false" aria-label="{}">{}</button>'
    )(document.name, base, " ".join(able(document, kept=kept)), file, label, icon("more"))


def menu(language: Language) -> Markup:
    """Every item, once for the whole list; the script leaves those that work for a document."""
    items = joined(_item(*item, language) for item in ITEMS)
    return html('<template class="row-actions"><div class="row-menu" role="menu">{}</div></template>')(items)


def _item(item: str, act: str, words: str, language: Language) -> Markup:
    common = attributes({"class": "row-item", "role": "menuitem", "tabindex": -1, "data-item": item})
    if not act:
        return html("<a{} download>{}</a>")(common, t(words, language))
    return html('<button type="button"{} data-act="{}">{}</button>')(common, act, t(words, language))


def unavailable(reason: Reason, language: Language) -> Markup:
    """A notice in place of the table while the database does not answer."""
    return html('<section class="sheet">{}</section>')(warning("job-error", why(reason, language), size=16))
