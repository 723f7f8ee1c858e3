"""The fixed pieces of the page, rendered once per language and chosen by the browser."""

from __future__ import annotations

from markupsafe import Markup

from rag.messages import SHIPPED, Language

from ..i18n import locale
from .markup import button, html, icon, joined, t, tool
from .sheet import sheet


def header(language: Language) -> Markup:
    """Brand on the left, switches on the right; tabs and status pill are laid between them."""
    other = SHIPPED.after(language)
    theme = t("switch_theme", language)
    return html(
        '<a class="skip" href="#composer" data-act="skip">{}</a><div class="bar-top"><div class="brand-group">'
        '<button type="button" class="switch talks-open" data-act="talks" aria-expanded="false" '
        'aria-controls="talks-side" aria-label="{talks}" title="{talks}">{}</button>'
        '<h1 class="brand">{}<span>Plainsight</span></h1></div>'
        '<div class="switches">'
        '<button type="button" class="switch" data-act="language" lang="{}" title="{}">{}</button>{}'
        '<button type="button" class="switch ev-toggle" data-act="panel" aria-expanded="true" aria-controls="side" '
        'aria-label="{panel}" title="{panel}">{}</button></div></div>'
    )(
        t("skip", language), icon("talks"), icon("mark", size=24),
        locale(other), t("language.switch", other), t("language.short", other),
        button("switch", "theme", icon("theme"), label=theme, title=theme), icon("panel"),
        talks=t("talks.open", language), panel=t("toggle_evidence", language),
    )  # fmt: skip


def hint(language: Language) -> Markup:
    """The line under the composer: its paper clip, and its keys."""
    return html(
        '{}<p class="hint"><kbd>Enter</kbd> {} <i aria-hidden="true">·</i> <kbd>Shift</kbd>+<kbd>Enter</kbd> {} '
        '<i aria-hidden="true">·</i> {}</p>'
    )(
        tool("attach", "clip", t("attach", language), size=16), t("hint_send", language), t("hint_line", language),
        button("hint-keys", "keys", html("<kbd>?</kbd> {}")(t("keys.hint", language))),
    )  # fmt: skip


KEYS = {
    "new": ("Ctrl ⌘", "Shift", "O"), "search": ("Ctrl ⌘", "K"), "composer": ("/",), "edit": ("↑",), "send": ("Enter",),
    "line": ("Shift", "Enter"), "escape": ("Esc",), "list": ("?",),
}  # fmt: skip
"""What is done by keys, under its name among the words, and the keys pressed together."""


def keys(language: Language) -> Markup:
    """The sheet that lists the keys."""
    rows = joined(
        html("<div><dt>{}</dt><dd>{}</dd></div>")(
            joined((html("<kbd>{}</kbd>")(key) for key in pressed), between="+"), t(f"keys.{done}", language)
        )
        for done, pressed in KEYS.items()
    )
    return sheet(t("keys.title", language), html('<dl class="keys">{}</dl>')(rows), language, kind="small")


def documents_head(language: Language) -> Markup:
    return _page_head("add_documents", "add_documents_about", language)


def settings_head(language: Language) -> Markup:
    return _page_head("retrieval_settings", "settings_about", language)


def _page_head(title: str, about: str, language: Language) -> Markup:
    return html('<div class="page-head"><h2>{}</h2><p>{}</p></div>')(t(title, language), t(about, language))
