"""The knowledge bases: a switch between them, filters of the list, and the sheets that make, set up or delete one."""

from __future__ import annotations

from collections.abc import Sequence

from rag.knowledge.knowledge_base import DESCRIPTION_LENGTH, NAME_LENGTH, OWN, KnowledgeBase
from rag.knowledge.listing import STATES, Listed, Listing
from rag.messages import Language, label
from rag.options import OptionKind

from ..markup import esc, name, t
from ..options import wish_area, wish_field
from ..sheet import sheet


def called(base: KnowledgeBase, language: Language) -> str:
    """Name of a knowledge base, not yet escaped."""
    return base.name or label("library.default_name", language)


def tools(
    bases: Sequence[KnowledgeBase], base: KnowledgeBase, found: Listed | None, listing: Listing, language: Language
) -> str:
    """The head of the document list: the knowledge base, and the filters of the list."""
    about = f'<p class="kb-about">{esc(base.description)}</p>' if base.description else ""
    filters = _filters(found, listing, language) if found and found.total else ""
    return (
        f'<section class="sheet kb-tools" aria-label="{t("library.base", language)}"><div class="sheet-head">'
        f'{_switcher(bases, base, language)}<span class="kb-space"></span>'
        f'<button type="button" class="tool wide" data-act="base-edit">{t("library.base_edit", language)}</button>'
        f'<button type="button" class="tool wide" data-act="base-new">{t("library.base_new", language)}</button>'
        f"</div>{about}{filters}</section>"
    )


def _switcher(bases: Sequence[KnowledgeBase], base: KnowledgeBase, language: Language) -> str:
    if len(bases) < 2:
        title = called(base, language) if base.name else t("documents", language)
        return f"<h2>{name(title) if base.name else title}</h2>"
    options = "".join(_option(other.id, called(other, language), chosen=other.id == base.id) for other in bases)
    return (
        f'<h2 class="sr">{t("documents", language)}</h2>'
        f'<select class="kb-select" aria-label="{t("library.base", language)}">{options}</select>'
    )


def _filters(found: Listed, listing: Listing, language: Language) -> str:
    words = t("filter", language)
    chosen = [
        _chooser("folder", [(f, f"{f} ({n})") for f, n in found.folders], listing.folder, language),
        _chooser("tag", [(tag, f"{tag} ({n})") for tag, n in found.tags], listing.tag, language),
        _chooser("kind", [(k, k) for k in found.kinds] if len(found.kinds) > 1 else [], listing.kind, language),
        _chooser("state", [(s, label(f"library.state_{s}", language)) for s in STATES], listing.state, language),
    ]
    return (
        f'<div class="kb-filters"><input type="search" class="doc-words" value="{esc(listing.words)}" '
        f'placeholder="{words}" aria-label="{words}">{"".join(chosen)}{_dates(found, listing, language)}</div>'
    )


def _dates(found: Listed, listing: Listing, language: Language) -> str:
    """A filter by a range of dates; "" where no document has one."""
    first, last = found.dates
    if not first:
        return ""
    fields = "".join(
        f'<label><span>{t(f"library.filter_{field}", language)}</span> <input type="date" class="doc-date" '
        f'data-field="{field}" min="{esc(first)}" max="{esc(last)}" value="{esc(now)}"></label>'
        for field, now in (("since", listing.since), ("until", listing.until))
    )
    return f'<span class="doc-dates" role="group" aria-label="{t("library.filter_dates", language)}">{fields}</span>'


def _chooser(field: str, choices: Sequence[tuple[str, str]], now: str, language: Language) -> str:
    """A filter by one of several values; "" where there is nothing to choose from."""
    if not choices:
        return ""
    everything = t(f"library.filter_{field}", language)
    options = "".join(_option(value, shown, chosen=value == now) for value, shown in choices[:MOST_CHOICES])
    return (
        f'<select class="doc-filter" data-field="{field}" aria-label="{everything}">'
        f'<option value="">{everything}</option>{options}</select>'
    )


MOST_CHOICES = 500
"""Choices in one list at most; further ones are found by words."""


def _option(value: str, shown: str, *, chosen: bool) -> str:
    return f'<option value="{esc(value)}"{" selected" if chosen else ""}>{name(shown)}</option>'


def new(language: Language, *, entered: str = "", problem: str = "") -> str:
    """The sheet for a new knowledge base. `problem` is an escaped sentence."""
    body = (
        f'<form class="kb-form" data-submit="base-create">{_problem(problem)}'
        f"{_field('name', entered, language, most=NAME_LENGTH, required=True)}"
        f"{_area('description', '', language, most=DESCRIPTION_LENGTH)}"
        f'<p class="kb-do"><button type="submit" class="primary">{t("library.base_create", language)}</button></p>'
        "</form>"
    )
    return sheet(t("library.base_new", language), body, language, kind="small kb-sheet")


def edit(base: KnowledgeBase, language: Language, *, is_default: bool, filled: bool = False, problem: str = "") -> str:
    """The sheet that sets up a knowledge base, and deletes it. `filled`: a job is adding documents to it."""
    own = (
        f"<fieldset><legend>{t('library.base_own', language)}</legend>"
        f'<p class="kb-hint">{t("library.base_own_about", language)}</p>'
        f"{_own(base, language)}</fieldset>"
    )
    body = (
        f'<form class="kb-form" data-submit="base-save">{_problem(problem)}'
        f"{_field('name', base.name, language, most=NAME_LENGTH, required=not is_default)}"
        f"{_area('description', base.description, language, most=DESCRIPTION_LENGTH)}"
        f"{_field('language', base.language, language, most=3, about='base_language_about')}{own}"
        f'<p class="kb-do"><button type="submit" class="primary">{t("library.base_save", language)}</button></p></form>'
        f"{'' if is_default else _deletion(base, language, filled)}"
    )
    title = t("library.base_edit_of", language, name=called(base, language))
    return sheet(title, body, language, kind="small kb-sheet")


def _own(base: KnowledgeBase, language: Language) -> str:
    """Fields for the knowledge base's own retrieval options: texts above, the others in a row."""
    texts = [option for option in OWN.values() if option.kind is OptionKind.TEXT]
    above = "".join(wish_area(option, base, language) for option in texts)
    row = "".join(wish_field(option, base, language) for option in OWN.values() if option not in texts)
    return f'{above}<div class="kb-row">{row}</div>'


def _deletion(base: KnowledgeBase, language: Language, filled: bool) -> str:
    about = t("library.base_delete_about", language, name=base.name)
    running = f'<p class="kb-hint">{t("jobs.ends_with_base", language)}</p>' if filled else ""
    return (
        f'<details class="kb-delete" id="kb-delete"><summary>{t("library.base_delete", language)}</summary>'
        f'{running}<form data-submit="base-delete"><label><span>{about}</span>'
        '<input type="text" name="typed" autocomplete="off" required></label>'
        f'<button type="submit" class="danger">{t("library.base_delete_do", language)}</button></form></details>'
    )


def _problem(problem: str) -> str:
    return f'<p class="kb-problem" role="alert">{problem}</p>' if problem else ""


def _field(field: str, value: str, language: Language, *, most: int, required: bool = False, about: str = "") -> str:
    needed = " required" if required else ""
    hint = f"<small>{t(f'library.{about}', language)}</small>" if about else ""
    return (
        f"<label><span>{t(f'library.base_{field}', language)}</span>"
        f'<input type="text" name="{field}" value="{esc(value)}" maxlength="{most}" autocomplete="off"{needed}>{hint}'
        "</label>"
    )


def _area(field: str, value: str, language: Language, *, most: int) -> str:
    return (
        f"<label><span>{t(f'library.base_{field}', language)}</span>"
        f'<textarea name="{field}" rows="2" maxlength="{most}">{esc(value)}</textarea></label>'
    )
