"""The sheet: the one dialog in which everything deep opens, so that the page itself stays calm."""

from __future__ import annotations

from markupsafe import Markup

from rag.messages import Language

from .markup import html, t, tool


def sheet(title: Markup, body: Markup, language: Language, *, kind: str = "", tools: Markup = Markup()) -> Markup:
    """A dialog. `kind` is a class for the feature's own style sheet."""
    close = tool("close-sheet", "close", t("close", language), size=18)
    return html(
        '<div class="sheet-back"><section class="sheet-dialog {}" role="dialog" aria-modal="true" '
        'aria-labelledby="sheet-title" tabindex="-1">'
        '<header class="sheet-top"><h2 id="sheet-title">{}</h2>{}{}</header>'
        '<div class="sheet-body">{}</div></section></div>'
    )(kind, title, tools, close, body)
