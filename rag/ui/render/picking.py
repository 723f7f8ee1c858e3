"""Documents chosen one by one in the scope's sheet: those ticked, and a few that match what was typed."""

from __future__ import annotations

from collections.abc import Sequence

from rag.knowledge.listing import first

from ...messages import Language
from ...types import Document
from ..html.markup import esc, name, t

MOST_FOUND = 20
"""Documents offered at once; more are reached by typing on."""


def group(base: str, called: str, documents: Sequence[Document], chosen: Sequence[str], language: Language) -> str:
    """The documents of one knowledge base. `base` is its id; `chosen` are names that may be gone by now."""
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
    """What takes the place of the documents found before; `number` is that of the browser's request."""
    rows, said = _matching(documents, words, ticked, language)
    return (
        f'<div class="scope-new" data-base="{esc(base)}" data-number="{number}" hidden>'
        f'<div class="scope-found">{rows}</div><p class="scope-said">{said}</p></div>'
    )


def _matching(documents: Sequence[Document], words: str, ticked: Sequence[str], language: Language) -> tuple[str, str]:
    """Rows of the first that match and are not ticked yet, and a sentence on how many there are."""
    shown, more = first(documents, words, most=MOST_FOUND, without=ticked)
    rows = "".join(_row(d.name, d, language, checked=False) for d in shown)
    if not shown:
        return rows, t("scope.none", language) if words else ""
    said = t("scope.found", language, count=len(shown) + more) if words else ""
    rest = t("scope.more", language, count=more) if more else ""
    return rows, " ".join(part for part in (said, rest) if part)


def _row(of: str, document: Document | None, language: Language, *, checked: bool) -> str:
    """One document. What is disabled cannot be ticked, but what was ticked before can be taken back."""
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
