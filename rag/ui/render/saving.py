"""The sheet that offers an answer's evidence as a file."""

from __future__ import annotations

from ...messages import Language
from ..html.markup import t
from ..html.sheet import sheet

FORMS = ("html", "json")


def choices(turn: int, language: Language) -> str:
    """What can be saved of an answer, and how it is checked later."""
    rows = "".join(
        f'<li><button type="button" class="primary" data-act="save-as" data-turn="{turn}" data-form="{form}">'
        f"{t(f'saving.{form}', language)}</button><span>{t(f'saving.{form}_about', language)}</span></li>"
        for form in FORMS
    )
    body = (
        f'<p>{t("saving.about", language)}</p><ul class="forms">{rows}</ul>'
        f'<p>{t("saving.verify", language)}</p><pre tabindex="0">python -m rag verify FILE</pre>'
    )
    return sheet(t("saving.title", language), body, language, kind="small saving")
