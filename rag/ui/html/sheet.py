"""The sheet: the one dialog in which everything deep opens, so that the page itself stays calm."""

from __future__ import annotations

from rag.messages import Language

from .markup import icon, t


def sheet(title: str, body: str, language: Language, *, kind: str = "", tools: str = "") -> str:
    """A dialog. `title`, `body` and `tools` are escaped HTML; `kind` is a class for the feature's own style sheet."""
    return (
        f'<div class="sheet-back"><section class="sheet-dialog {kind}" role="dialog" aria-modal="true" '
        'aria-labelledby="sheet-title" tabindex="-1">'
        f'<header class="sheet-top"><h2 id="sheet-title">{title}</h2>{tools}'
        f'<button type="button" class="tool" data-act="close-sheet" aria-label="{t("close", language)}" '
        f'title="{t("close", language)}">{icon("close", size=18)}</button></header>'
        f'<div class="sheet-body">{body}</div></section></div>'
    )
