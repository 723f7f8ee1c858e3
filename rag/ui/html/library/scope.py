"""The scope of a conversation's searches: the chip over the composer, its sheet, and the line on an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rag.knowledge.knowledge_base import KnowledgeBase
from rag.knowledge.listing import first, folders
from rag.ledger import Ledger
from rag.messages import Language
from rag.retrieval.source_names import base_called
from rag.types import Document, Narrowing

from ...i18n import say
from ...state.document_counts import DocumentCount
from ..markup import button, html, icon, joined, name, t
from ..sheet import sheet
from .library import called, problem

MOST_FOLDERS, MOST_TAGS = 200, 100
"""Folders and tags offered in the sheet; further ones are chosen in the list of documents."""


@dataclass(frozen=True, slots=True)
class BaseChoice:
    """A knowledge base with its documents, and the part of it that is searched. `documents` is None while unknown."""

    base: KnowledgeBase
    documents: Sequence[Document] | None
    chosen: bool
    part: Narrowing | None = None


@dataclass(frozen=True, slots=True)
class SearchedBase:
    """A knowledge base that is searched. `count` is None while its documents are unknown."""

    base: KnowledgeBase
    count: DocumentCount | None
    part: Narrowing | None = None


def chip(searched: Sequence[SearchedBase], language: Language, *, alone: bool) -> Markup:
    """One quiet button that says what is searched; "" while there is nothing to choose from.

    That is so while the knowledge base is `alone`, the only one, and has no documents.
    """
    counts = [each.count for each in searched if each.count is not None]
    if alone and not any(count.total for count in counts):
        return Markup()
    names = {each.base.id: called(each.base, language) for each in searched}
    said = _said(names, [each.part for each in searched if each.part], language)
    many = _counted(sum(count.searched for count in counts), language)
    known = len(counts) == len(searched)
    about = t("library.scope", language)
    return html(
        '<button type="button" class="scope-chip" data-act="scope" aria-haspopup="dialog" title="{about}">{}'
        '<span class="sr">{about}: </span><span>{}{}</span></button>'
    )(icon("search", size=13), said, html(" · {}")(many) if known else "", about=about)


def told(ledger: Ledger, language: Language) -> Markup:
    """The chosen scope of an answer's searches; "" where they covered everything by default."""
    options = ledger.options
    if not (options.collections or options.narrowed or options.documents) or not ledger.collections:
        return Markup()
    names = {id: base_called(called_then, language) for id, called_then in ledger.collections.items()}
    parts = [part for part in options.narrowed if part.collection in names and (part.documents or part.tags)]
    if options.documents:
        parts += [Narrowing(id, options.documents) for id in names]
    scope = _said(names, parts, language)
    inside = ", ".join(each for part in parts for each in (*part.documents, *part.tags))
    hint = html(' title="{}"')(name(inside)) if inside else ""
    of_answer = t("library.scope_of_answer", language, scope="")
    return html('<span class="searched"{}>{}{}</span>')(hint, of_answer, scope)


def _said(names: Mapping[str, str], parts: Sequence[Narrowing], language: Language) -> Markup:
    narrowed = {part.collection for part in parts if part.documents or part.tags}
    if len(names) == 1:
        ((id, only),) = names.items()
        return name(label_of("part_of" if id in narrowed else "all_of", only, language))
    if len(names) > 2:
        return t("library.several", language, count=len(names))
    said = (label_of("part_of", each, language) if id in narrowed else each for id, each in names.items())
    return joined(map(name, said), " + ")


def label_of(key: str, base: str, language: Language) -> str:
    """A sentence about a knowledge base, not yet escaped."""
    return say(f"library.{key}", language, name=base)


def choosing(shelves: Sequence[BaseChoice], language: Language, *, said: str = "") -> Markup:
    """The sheet in which knowledge bases, folders, tags and documents are chosen. `said`: why a choice was refused."""
    rows = joined(_shelf(shelf, language) for shelf in shelves)
    everything = t("library.scope_all", language, name=called(shelves[0].base, language))
    every = button("quiet", "scope-all", everything)
    body = html(
        '<form class="scope-form" data-submit="scope-apply"><p class="kb-hint">{}</p>{}{}'
        '<p class="kb-do">{}<button type="submit" class="primary">{}</button></p></form>'
    )(t("library.scope_about", language), problem(said), rows, every, t("library.scope_apply", language))
    return sheet(t("library.scope", language), body, language, kind="small scope-sheet")


def _shelf(shelf: BaseChoice, language: Language) -> Markup:
    base, documents = shelf.base, shelf.documents or ()
    part = shelf.part or Narrowing(base.id)
    count = _counted(len(documents), language)
    known = [folder for folder, _ in folders(documents)]
    tags = sorted({tag for d in documents for tag in d.tags})
    chosen = [each for each in part.documents if not each.endswith("/")]
    groups = (
        _group("scope_folders", "document", [*dict.fromkeys([*_kept(part.documents, "/"), *known])], part.documents,
               MOST_FOLDERS, language)
        + _group("scope_tags", "tag", [*dict.fromkeys([*part.tags, *tags])], part.tags, MOST_TAGS, language)
        + (group(base.id, called(base, language), documents, chosen, language) if documents or chosen else "")
    )  # fmt: skip
    open_ = " open" if part.documents or part.tags else ""
    folded = html('<details id="scope-{}"{}><summary>{}</summary>{}</details>')
    inside = folded(base.id, open_, t("library.scope_part", language), groups) if groups else ""
    about = html('<small class="kb-about">{}</small>')(base.description) if base.description else ""
    return html(
        '<fieldset class="scope-base" data-base="{}"><label class="scope-pick">'
        '<input type="checkbox" class="scope-whole"{}><b>{}</b><small>{}</small></label>{}{}</fieldset>'
    )(base.id, " checked" if shelf.chosen else "", name(called(base, language)), count, about, inside)


def _counted(count: int, language: Language) -> Markup:
    return t("library.documents", language, count=count)


def _kept(names: Sequence[str], ending: str) -> list[str]:
    return [each for each in names if each.endswith(ending)]


def _group(
    title: str, kind: str, choices: Sequence[str], chosen: Sequence[str], most: int, language: Language
) -> Markup:
    if not choices:
        return Markup()
    row = html('<label><input type="checkbox" class="scope-some" data-kind="{}" value="{}"{}><span>{}</span></label>')
    rows = joined(row(kind, each, " checked" if each in chosen else "", name(each)) for each in choices[:most])
    more = len(choices) - most
    rest = html('<p class="kb-hint">{}</p>')(t("library.scope_more", language, count=more)) if more > 0 else ""
    return html('<div class="scope-group"><h3>{}</h3>{}{}</div>')(t(f"library.{title}", language), rows, rest)


MOST_FOUND = 20
"""Documents offered at once; typing on reaches further ones."""


def group(base: str, called: str, documents: Sequence[Document], chosen: Sequence[str], language: Language) -> Markup:
    """The documents of one knowledge base. `base` is its id; `chosen` are names, some perhaps gone by now."""
    known = {document.name: document for document in documents}
    ticked = joined(_row(each, known.get(each), language, checked=True) for each in chosen)
    rows, said = _matching(documents, "", chosen, language)
    label = t("scope.find", language, name=called)
    return html(
        '<div class="scope-group scope-docs" role="group" aria-label="{title}"><h3>{title}</h3>'
        '<input type="search" class="scope-words" data-base="{}" autocomplete="off" aria-label="{}" placeholder="{}">'
        '<div class="scope-ticked">{}</div><div class="scope-found">{}</div>'
        '<p class="kb-hint scope-said" role="status">{}</p></div>'
    )(base, label, t("scope.letters", language), ticked, rows, said, title=t("library.scope_documents", language))


def found(
    base: str, documents: Sequence[Document], words: str, ticked: Sequence[str], number: int, language: Language
) -> Markup:
    """The documents that replace those found before; `number` is that of the browser's request."""
    rows, said = _matching(documents, words, ticked, language)
    return html(
        '<div class="scope-new" data-base="{}" data-number="{}" hidden>'
        '<div class="scope-found">{}</div><p class="scope-said">{}</p></div>'
    )(base, number, rows, said)


def _matching(
    documents: Sequence[Document], words: str, ticked: Sequence[str], language: Language
) -> tuple[Markup, str]:
    """Rows of the first documents that match and are not ticked yet, and a sentence on how many match."""
    shown, more = first(documents, words, most=MOST_FOUND, without=ticked)
    rows = joined(_row(d.name, d, language, checked=False) for d in shown)
    if not shown:
        return rows, say("scope.none", language) if words else ""
    said = say("scope.found", language, count=len(shown) + more) if words else ""
    rest = say("scope.more", language, count=more) if more else ""
    return rows, " ".join(part for part in (said, rest) if part)


def _row(of: str, document: Document | None, language: Language, *, checked: bool) -> Markup:
    """One document. A disabled one cannot be ticked, but a tick from before can be taken back."""
    note = "gone" if document is None else "" if document.enabled else "disabled"
    title = document.title if document and document.title != of else ""
    told = (name(title), t(f"scope.{note}", language) if note else "")
    about = joined(html(" <small>{}</small>")(part) for part in told if part)
    state = " checked" if checked else " disabled" if note else ""
    return html(
        '<label{}><input type="checkbox" class="scope-some" data-kind="document" value="{}"{}>'
        "<span><bdi>{}</bdi>{}</span></label>"
    )(" class=off" if note else "", of, state, name(of), about)
