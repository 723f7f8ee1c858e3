"""The documents page: how an ingest goes, what is in the knowledge base."""

from __future__ import annotations

from ...messages import Language, Reason
from ..html.markup import icon, why


def unavailable(reason: Reason, language: Language) -> str:
    """In place of the table while the database does not answer."""
    return (
        f'<section class="sheet"><p class="job-error">{icon("warning", size=16)}<span>{why(reason, language)}'
        "</span></p></section>"
    )
