"""The scope of a conversation's searches: the chip over the composer, its sheet, and the line on an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.knowledge.knowledge_base import KnowledgeBase
from rag.knowledge.listing import first, folders
from rag.ledger import Ledger
from rag.messages import Language
from rag.retrieval.source_names import base_called
from rag.types import Document, Narrowing

from ...i18n import say
from ...state.document_counts import DocumentCount
from ..markup import esc, icon, name, t
from ..sheet import sheet
from . import scope as picking
from .library import called

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


def chip(searched: Sequence[SearchedBase], language: Language, *, alone: bool) -> str:
    """One quiet button that says what is searched; "" while there is nothing to choose from.

    That is so while the knowledge base is `alone`, the only one, and has no documents.
    """
    counts = [each.count for each in searched if each.count is not None]
    if alone and not any(count.total for count in counts):
        return ""
    names = {each.base.id: called(each.base, language) for each in searched}
    said = _said(names, [each.part for each in searched if each.part], language)
    many = _counted(sum(count.searched for count in counts), language)
    known = len(counts) == len(searched)
    about = t("library.scope", language)
    return (
        f'<button type="button" class="scope-chip" data-act="scope" aria-haspopup="dialog" title="{about}">'
        f'{icon("search", size=13)}<span class="sr">{about}: </span><span>{said}'
        f"{f' · {many}' if known else ''}</span></button>"
    )


def told(ledger: Ledger, language: Language) -> str:
    """The chosen scope of an answer's searches; "" where they covered everything by default."""
    options = ledger.options
    if not (options.collections or options.narrowed or options.documents) or not ledger.collections:
        return ""
    names = {id: base_called(called_then, language) for id, called_then in ledger.collections.items()}
    parts = [part for part in options.narrowed if part.collection in names and (part.documents or part.tags)]
    if options.documents:
        parts += [Narrowing(id, options.documents) for id in names]
    scope = _said(names, parts, language)
    inside = ", ".join(each for part in parts for each in (*part.documents, *part.tags))
    hint = f' title="{name(inside)}"' if inside else ""
    return f'<span class="searched"{hint}>{t("library.scope_of_answer", language, scope="")}{scope}</span>'


def _said(names: Mapping[str, str], parts: Sequence[Narrowing], language: Language) -> str:
    narrowed = {part.collection for part in parts if part.documents or part.tags}
    if len(names) == 1:
        ((id, only),) = names.items()
        return name(label_of("part_of" if id in narrowed else "all_of", only, language))
    if len(names) > 2:
        return t("library.several", language, count=len(names))
    return " + ".join(
        name(label_of("part_of", each, language) if id in narrowed else each) for id, each in names.items()
    )


def label_of(key: str, base: str, language: Language) -> str:
    """A sentence about a knowledge base, not yet escaped."""
    return say(f"library.{key}", language, name=base)


def choosing(shelves: Sequence[BaseChoice], language: Language, *, problem: str = "") -> str:
    """The sheet in which knowledge bases, folders, tags and documents are chosen."""
    rows = "".join(_shelf(shelf, language) for shelf in shelves)
    said = f'<p class="kb-problem" role="alert">{problem}</p>' if problem else ""
    everything = t("library.scope_all", language, name=called(shelves[0].base, language))
    body = (
        f'<form class="scope-form" data-submit="scope-apply"><p class="kb-hint">{t("library.scope_about", language)}'
        f"</p>{said}{rows}"
        f'<p class="kb-do"><button type="button" class="quiet" data-act="scope-all">{everything}</button>'
        f'<button type="submit" class="primary">{t("library.scope_apply", language)}</button></p></form>'
    )
    return sheet(t("library.scope", language), body, language, kind="small scope-sheet")


def _shelf(shelf: BaseChoice, language: Language) -> str:
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
        + (picking.group(base.id, called(base, language), documents, chosen, language) if documents or chosen else "")
    )  # fmt: skip
    open_ = " open" if part.documents or part.tags else ""
    inside = (
        f'<details id="scope-{esc(base.id)}"{open_}><summary>{t("library.scope_part", language)}</summary>{groups}'
        "</details>"
        if groups
        else ""
    )
    about = f'<small class="kb-about">{esc(base.description)}</small>' if base.description else ""
    return (
        f'<fieldset class="scope-base" data-base="{esc(base.id)}"><label class="scope-pick"><input type="checkbox" '
        f'class="scope-whole"{" checked" if shelf.chosen else ""}><b>{name(called(base, language))}</b>'
        f"<small>{count}</small></label>{about}{inside}</fieldset>"
    )


def _counted(count: int, language: Language) -> str:
    return t("library.documents", language, count=count)


def _kept(names: Sequence[str], ending: str) -> list[str]:
    return [each for each in names if each.endswith(ending)]


def _group(title: str, kind: str, choices: Sequence[str], chosen: Sequence[str], most: int, language: Language) -> str:
    if not choices:
        return ""
    rows = "".join(
        f'<label><input type="checkbox" class="scope-some" data-kind="{kind}" value="{esc(each)}"'
        f"{' checked' if each in chosen else ''}><span>{name(each)}</span></label>"
        for each in choices[:most]
    )
    more = len(choices) - most
    rest = f'<p class="kb-hint">{t("library.scope_more", language, count=more)}</p>' if more > 0 else ""
    return f'<div class="scope-group"><h3>{t(f"library.{title}", language)}</h3>{rows}{rest}</div>'


MOST_FOUND = 20
"""Documents offered at once; typing on reaches further ones."""


def group(base: str, called: str, documents: Sequence[Document], chosen: Sequence[str], language: Language) -> str:
    """The documents of one knowledge base. `base` is its id; `chosen` are names, some perhaps gone by now."""
    known = {document.name: document for document in documents}
    ticked = "".join(_row(each, known.get(each), language, checked=True) for each in chosen)
    rows, said = _matching(documents, "", chosen, language)
    label = t("scope.find", language, name=called)
    return (
        f'<div class="scope-group scope-docs" role="group" aria-label="{t("library.scope_documents", language)}">'
        f"<h3>{t('library.scope_documents', language)}</h3>"
        f'<input type="search" class="scope-words" data-base="{esc(base)}" autocomplete="off" aria-label="{label}" '
        f'placeholder="{t("scope.letters", language)}"><div class="scope-ticked">{ticked}</div>'
        f'<div class="scope-found">{rows}</div><p class="kb-hint scope-said" role="status">{said}</p></div>'
    )


def found(
    base: str, documents: Sequence[Document], words: str, ticked: Sequence[str], number: int, language: Language
) -> str:
    """The documents that replace those found before; `number` is that of the browser's request."""
    rows, said = _matching(documents, words, ticked, language)
    return (
        f'<div class="scope-new" data-base="{esc(base)}" data-number="{number}" hidden>'
        f'<div class="scope-found">{rows}</div><p class="scope-said">{said}</p></div>'
    )


def _matching(documents: Sequence[Document], words: str, ticked: Sequence[str], language: Language) -> tuple[str, str]:
    """Rows of the first documents that match and are not ticked yet, and a sentence on how many match."""
    shown, more = first(documents, words, most=MOST_FOUND, without=ticked)
    rows = "".join(_row(d.name, d, language, checked=False) for d in shown)
    if not shown:
        return rows, t("scope.none", language) if words else ""
    said = t("scope.found", language, count=len(shown) + more) if words else ""
    rest = t("scope.more", language, count=more) if more else ""
    return rows, " ".join(part for part in (said, rest) if part)


def _row(of: str, document: Document | None, language: Language, *, checked: bool) -> str:
    """One document. A disabled one cannot be ticked, but a tick from before can be taken back."""
    note = "gone" if document is None else "" if document.enabled else "disabled"
    title = document.title if document and document.title != of else ""
    about = "".join(
        f" <small>{part}</small>" for part in (name(title), t(f"scope.{note}", language) if note else "") if part
    )
    state = " checked" if checked else " disabled" if note else ""
    return (
        f'<label{" class=off" if note else ""}><input type="checkbox" class="scope-some" data-kind="document" '
        f'value="{esc(of)}"{state}><span><bdi>{name(of)}</bdi>{about}</span></label>'
    )
