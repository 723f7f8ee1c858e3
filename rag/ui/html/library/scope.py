"""What a conversation searches: the chip over the composer, the sheet behind it, and the line on an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.knowledge.catalog import KnowledgeBase
from rag.knowledge.listing import folders
from rag.ledger import Ledger
from rag.messages import Language
from rag.retrieval.source_names import base_called
from rag.types import Document, Narrowing, within

from ...i18n import say
from ...render import picking
from ..markup import esc, icon, name, t
from ..sheet import sheet
from .library import called

MOST_FOLDERS, MOST_TAGS = 200, 100
"""Offered in the sheet; more are chosen in the list of documents."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A knowledge base with its documents, and what of it is searched. `documents` is None while they are unknown."""

    base: KnowledgeBase
    documents: Sequence[Document] | None
    chosen: bool
    part: Narrowing | None = None

    @property
    def searched(self) -> int:
        """How many documents are searched."""
        part = self.part or Narrowing(self.base.id)
        return sum(
            d.enabled and within(d.name, part.documents) and (not part.tags or bool(set(part.tags) & set(d.tags)))
            for d in self.documents or ()
        )


def chip(shelves: Sequence[Shelf], language: Language) -> str:
    """One quiet button that says what is searched; nothing while there is nothing to choose from."""
    chosen = [shelf for shelf in shelves if shelf.chosen]
    if len(shelves) == 1 and not shelves[0].documents:
        return ""
    names = {shelf.base.id: called(shelf.base, language) for shelf in chosen}
    said = _said(names, [shelf.part for shelf in chosen if shelf.part], language)
    count = sum(shelf.searched for shelf in chosen)
    many = _counted(count, language)
    known = all(shelf.documents is not None for shelf in chosen)
    about = t("library.scope", language)
    return (
        f'<button type="button" class="scope-chip" data-act="scope" aria-haspopup="dialog" title="{about}">'
        f'{icon("search", size=13)}<span class="sr">{about}: </span><span>{said}'
        f"{f' · {many}' if known else ''}</span></button>"
    )


def told(ledger: Ledger, language: Language) -> str:
    """What an answer searched, where that was chosen; "" where it was everything there is by default."""
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


def choosing(shelves: Sequence[Shelf], language: Language, *, problem: str = "") -> str:
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


def _shelf(shelf: Shelf, language: Language) -> str:
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
    return t("library.document", language) if count == 1 else t("library.documents", language, count=count)


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
