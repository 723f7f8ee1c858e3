"""The fixed pieces of the page, rendered once per language and chosen by the browser."""

from __future__ import annotations

from rag.messages import SHIPPED, Language

from ..i18n import locale
from .markup import esc, icon, t


def header(language: Language) -> str:
    """Brand on the left, switches on the right; tabs and status pill are laid between them."""
    other = SHIPPED.after(language)
    return (
        f'<a class="skip" href="#composer" data-act="skip">{t("skip", language)}</a>'
        '<div class="bar-top"><div class="brand-group">'
        f'<button type="button" class="switch talks-open" data-act="talks" aria-haspopup="dialog" '
        f'aria-label="{t("talks.open", language)}" title="{t("talks.open", language)}">{icon("talks")}</button>'
        f'<h1 class="brand">{icon("mark", size=24)}<span>Plainsight</span></h1></div>'
        '<div class="switches">'
        f'<button type="button" class="switch" data-act="language" lang="{esc(locale(other))}" '
        f'title="{t("language.switch", other)}">{t("language.short", other)}</button>'
        f'<button type="button" class="switch" data-act="theme" aria-label="{t("switch_theme", language)}" '
        f'title="{t("switch_theme", language)}">{icon("theme")}</button>'
        f'<button type="button" class="switch ev-toggle" data-act="panel" aria-expanded="true" aria-controls="side" '
        f'aria-label="{t("toggle_evidence", language)}" title="{t("toggle_evidence", language)}">{icon("panel")}'
        "</button>"
        "</div></div>"
    )


def hint(language: Language) -> str:
    """The line under the composer that explains its keys."""
    return (
        f'<p class="hint"><kbd>Enter</kbd> {t("hint_send", language)} <i aria-hidden="true">·</i> '
        f"<kbd>Shift</kbd>+<kbd>Enter</kbd> {t('hint_line', language)}</p>"
    )


def documents_head(language: Language) -> str:
    return (
        f'<div class="page-head"><h2>{t("add_documents", language)}</h2><p>{t("add_documents_about", language)}'
        "</p></div>"
    )


def settings_head(language: Language) -> str:
    return (
        f'<div class="page-head"><h2>{t("retrieval_settings", language)}</h2><p>{t("settings_about", language)}'
        "</p></div>"
    )
