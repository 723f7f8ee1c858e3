"""What can be done to one document: the button that ends its row, and the menu the page's script opens there."""

from __future__ import annotations

from ...messages import Language
from ...types import Document
from ..html import originals
from ..html.markup import esc, icon, name, t
from ..i18n import say

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
    """Names of the items that work for a document; `kept` tells whether its file is."""
    on = document.enabled
    works = {"ask": on, "disable": on, "enable": not on, "reingest": kept, "file": kept}
    return [item for item, _act, _words in ITEMS if works.get(item, True)]


def button(document: Document, language: Language, *, base: str, kept: bool) -> str:
    """The button of a row. It names its document, so that the menu need not ask in which row that stands by then."""
    label = name(say("library.actions_of", language, name=document.name))
    file = f' data-file="{originals.address(document.name, base)}"' if kept else ""
    return (
        f'<button type="button" class="row-more tool" data-act="row-menu" data-name="{esc(document.name)}" '
        f'data-base="{esc(base)}" data-can="{" ".join(able(document, kept=kept))}"{file} aria-haspopup="menu" '
        f'aria-expanded="false" aria-label="{label}">{icon("more")}</button>'
    )


def menu(language: Language) -> str:
    """Every item there is, once for the whole list; the script leaves those a document is able to."""
    items = "".join(_item(*item, language) for item in ITEMS)
    return f'<template class="row-actions"><div class="row-menu" role="menu">{items}</div></template>'


def _item(item: str, act: str, words: str, language: Language) -> str:
    common = f'class="row-item" role="menuitem" tabindex="-1" data-item="{item}"'
    if not act:
        return f"<a {common} download>{t(words, language)}</a>"
    return f'<button type="button" {common} data-act="{act}">{t(words, language)}</button>'
