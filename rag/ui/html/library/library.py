"""The knowledge bases: a switch between them, filters of the list, and the sheets that make, set up or delete one."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rag.knowledge.knowledge_base import DESCRIPTION_LENGTH, NAME_LENGTH, OWN, KnowledgeBase
from rag.knowledge.listing import STATES, Listed, Listing
from rag.messages import Language, label
from rag.options import OptionKind

from ..markup import button, html, joined, name, t
from ..options import choice, wish_area, wish_field
from ..sheet import sheet


def called(base: KnowledgeBase, language: Language) -> str:
    """Name of a knowledge base, not yet escaped."""
    return base.name or label("library.default_name", language)


def tools(
    bases: Sequence[KnowledgeBase], base: KnowledgeBase, found: Listed | None, listing: Listing, language: Language
) -> Markup:
    """The head of the document list: the knowledge base, and the filters of the list."""
    about = html('<p class="kb-about">{}</p>')(base.description) if base.description else ""
    filters = _filters(found, listing, language) if found and found.total else ""
    possible = ("profile", "edit", "new") if found and found.total else ("edit", "new")
    acts = joined(button("tool wide", f"base-{act}", t(f"library.base_{act}", language)) for act in possible)
    return html(
        '<section class="sheet kb-tools" aria-label="{}" data-drop="{}">'
        '<div class="sheet-head">{}<span class="kb-space"></span>{}</div>{}{}</section>'
    )(t("library.base", language), _drop(bases, base, language), _switcher(bases, base, language), acts, about, filters)


def _drop(bases: Sequence[KnowledgeBase], base: KnowledgeBase, language: Language) -> str:
    """What the field for files says: into which knowledge base they go, where there are several."""
    several = len(bases) > 1
    return t("library.drop_into", language, base=called(base, language)) if several else t("library.drop", language)


def _switcher(bases: Sequence[KnowledgeBase], base: KnowledgeBase, language: Language) -> Markup:
    if len(bases) < 2:
        title = called(base, language) if base.name else t("documents", language)
        return html("<h2>{}</h2>")(name(title) if base.name else title)
    options = joined(choice(each.id, name(called(each, language)), chosen=each.id == base.id) for each in bases)
    switcher = html('<h2 class="sr">{}</h2><select class="kb-select" aria-label="{}">{}</select>')
    return switcher(t("documents", language), t("library.base", language), options)


def _filters(found: Listed, listing: Listing, language: Language) -> Markup:
    chosen = [
        _chooser("folder", [(f, f"{f} ({n})") for f, n in found.folders], listing.folder, language),
        _chooser("tag", [(tag, f"{tag} ({n})") for tag, n in found.tags], listing.tag, language),
        _chooser("kind", [(k, k) for k in found.kinds] if len(found.kinds) > 1 else [], listing.kind, language),
        _chooser("state", [(s, label(f"library.state_{s}", language)) for s in STATES], listing.state, language),
    ]
    return html(
        '<div class="kb-filters"><input type="search" class="doc-words" value="{}" placeholder="{words}" '
        'aria-label="{words}">{}{}</div>'
    )(listing.words, joined(chosen), _dates(found, listing, language), words=t("filter", language))


def _dates(found: Listed, listing: Listing, language: Language) -> Markup:
    """A filter by a range of dates; "" where no document has one."""
    first, last = found.dates
    if not first:
        return Markup()
    field = html('<input type="date" class="doc-date" data-field="{}" min="{}" max="{}" value="{}">')
    fields = joined(
        html("<label><span>{}</span> {}</label>")(t(f"library.filter_{key}", language), field(key, first, last, now))
        for key, now in (("since", listing.since), ("until", listing.until))
    )
    group = html('<span class="doc-dates" role="group" aria-label="{}">{}</span>')
    return group(t("library.filter_dates", language), fields)


def _chooser(field: str, choices: Sequence[tuple[str, str]], now: str, language: Language) -> Markup:
    """A filter by one of several values; "" where there is nothing to choose from."""
    if not choices:
        return Markup()
    everything = t(f"library.filter_{field}", language)
    options = [choice(value, name(shown), chosen=value == now) for value, shown in choices[:MOST_CHOICES]]
    chooser = html('<select class="doc-filter" data-field="{}" aria-label="{}">{}</select>')
    return chooser(field, everything, joined([choice("", everything, chosen=False), *options]))


MOST_CHOICES = 500
"""Choices in one list at most; further ones are found by words."""


def new(language: Language, *, entered: str = "", problem: str = "") -> Markup:
    """The sheet for a new knowledge base. `problem` is a sentence on why it could not be made."""
    fields = _field("name", entered, language, most=NAME_LENGTH, required=True)
    fields += _area("description", "", language, most=DESCRIPTION_LENGTH)
    body = _form("base-create", problem, fields, t("library.base_create", language))
    return sheet(t("library.base_new", language), body, language, kind="small kb-sheet")


def edit(
    base: KnowledgeBase, language: Language, *, is_default: bool, filled: bool = False, problem: str = ""
) -> Markup:
    """The sheet that sets up a knowledge base, and deletes it. `filled`: a job is adding documents to it."""
    own = html('<fieldset><legend>{}</legend><p class="kb-hint">{}</p>{}</fieldset>')
    fields = [
        _field("name", base.name, language, most=NAME_LENGTH, required=not is_default),
        _area("description", base.description, language, most=DESCRIPTION_LENGTH),
        _field("language", base.language, language, most=3, about="base_language_about"),
        own(t("library.base_own", language), t("library.base_own_about", language), _own(base, language)),
    ]
    form = _form("base-save", problem, joined(fields), t("library.base_save", language))
    title = t("library.base_edit_of", language, name=called(base, language))
    deletion = Markup() if is_default else _deletion(base, language, filled)
    return sheet(title, form + deletion, language, kind="small kb-sheet")


def _form(submit: str, said: str, fields: Markup, button: Markup) -> Markup:
    return html(
        '<form class="kb-form" data-submit="{}">{}{}'
        '<p class="kb-do"><button type="submit" class="primary">{}</button></p></form>'
    )(submit, problem(said), fields, button)


def problem(said: str) -> Markup:
    """A sentence on why the form was not accepted; "" for none."""
    return html('<p class="kb-problem" role="alert">{}</p>')(said) if said else Markup()


def _own(base: KnowledgeBase, language: Language) -> Markup:
    """Fields for the knowledge base's own retrieval options: texts above, the others in a row."""
    texts = [option for option in OWN.values() if option.kind is OptionKind.TEXT]
    above = joined(wish_area(option, base, language) for option in texts)
    row = joined(wish_field(option, base, language) for option in OWN.values() if option not in texts)
    return html('{}<div class="kb-row">{}</div>')(above, row)


def _deletion(base: KnowledgeBase, language: Language, filled: bool) -> Markup:
    about = t("library.base_delete_about", language, name=base.name)
    running = html('<p class="kb-hint">{}</p>')(t("jobs.ends_with_base", language)) if filled else ""
    return html(
        '<details class="kb-delete" id="kb-delete"><summary>{}</summary>{}<form data-submit="base-delete">'
        '<label><span>{}</span><input type="text" name="typed" autocomplete="off" required></label>'
        '<button type="submit" class="danger">{}</button></form></details>'
    )(t("library.base_delete", language), running, about, t("library.base_delete_do", language))


def _field(field: str, value: str, language: Language, *, most: int, required: bool = False, about: str = "") -> Markup:
    needed = " required" if required else ""
    hint = html("<small>{}</small>")(t(f"library.{about}", language)) if about else ""
    return html(
        '<label><span>{}</span><input type="text" name="{}" value="{}" maxlength="{}" autocomplete="off"{}>{}</label>'
    )(t(f"library.base_{field}", language), field, value, most, needed, hint)


def _area(field: str, value: str, language: Language, *, most: int) -> Markup:
    area = html('<label><span>{}</span><textarea name="{}" rows="2" maxlength="{}">{}</textarea></label>')
    return area(t(f"library.base_{field}", language), field, most, value)
