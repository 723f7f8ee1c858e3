"""Checked reading of what a browser sends: the owner of its session, and the fields of its events."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import gradio as gr

from rag.accounts.actor import Actor
from rag.accounts.browser import secret_in
from rag.answering.answerer import MAX_QUESTION
from rag.errors import RagError
from rag.messages import Language, reason
from rag.text.well_formed import well_formed

from ..http import visitors
from ..i18n import language

MAX_TAB_ID = 64


def user_of(request: gr.Request) -> str:
    """The signed-in user, as the guard in front of the page noted it; "" where nobody signs in."""
    inner = getattr(request, "request", None)
    return visitors.user(inner.scope) if inner is not None else ""


def actor_of(request: gr.Request) -> Actor:
    """Actor of a request: the signed-in user, else the visitor with the browser's secret cookie."""
    return Actor.of(user_of(request), secret_in(request.cookies))


def address_of(request: gr.Request) -> str:
    """The address a request came from; "" where that is not known."""
    inner = getattr(request, "request", None)
    return visitors.address(inner.scope) if inner is not None else ""


def key_of(tab: str, request: gr.Request) -> str:
    """Key of a tab's session: its owner and the tab's own id, both out of others' reach.

    Browsers without cookies have no owner, and nothing in common: each page of theirs has a session of its own.
    """
    known = well_formed(tab) if isinstance(tab, str) and len(tab) <= MAX_TAB_ID else ""
    owner = actor_of(request).owner
    return f"{owner}/{known}" if owner else f"/{known}/{_page_of(request)}"


def _page_of(request: gr.Request) -> str:
    """Digest of Gradio's secret name for the page, which tells pages of browsers without cookies apart; "" for none."""
    page = getattr(request, "session_hash", None)
    return sha256(page.encode("utf-8", "replace")).hexdigest()[:32] if isinstance(page, str) and page else ""


def number_in(event: gr.EventData, field: str) -> int:
    """A whole number of the event; 0 for anything else."""
    value = getattr(event, field, 0)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def text_in(event: gr.EventData, field: str) -> str:
    """A text of the event; "" for anything else."""
    value = getattr(event, field, "")
    return well_formed(value) if isinstance(value, str) else ""


def question_in(value: object) -> str:
    """A question without the blanks around it; "" for anything else. Raises RagError for one that is too long."""
    question = value.strip() if isinstance(value, str) else ""
    if len(question) > MAX_QUESTION:
        raise RagError(reason("stages.question_too_long", length=len(question), limit=MAX_QUESTION))
    return question


def switch_in(event: gr.EventData, field: str) -> bool:
    """True if the field of the event is exactly True."""
    return getattr(event, field, False) is True


def texts_in(event: gr.EventData, field: str, most: int) -> list[str]:
    """At most `most` texts of the event, without repetitions; none for anything else."""
    return texts(getattr(event, field, []), most)


def texts(value: object, most: int) -> list[str]:
    """At most `most` texts of a value that should be a list of them, without repetitions; none for anything else."""
    found = value if isinstance(value, list) else []
    return list(dict.fromkeys(well_formed(each) for each in found if isinstance(each, str)))[:most]


def records_in(event: gr.EventData, field: str, most: int) -> list[dict[str, object]]:
    """At most `most` objects of the event; none for anything else."""
    value = getattr(event, field, [])
    found = [each for each in value if isinstance(each, dict)][:most] if isinstance(value, list) else []
    return [{key: well_formed(v) if isinstance(v, str) else v for key, v in each.items()} for each in found]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Visitor who asks: the key of their session, their actor, the language to reply in, and their address."""

    key: str
    actor: Actor
    language: Language
    address: str = ""

    @classmethod
    def of(cls, tab: str, request: gr.Request) -> Visitor:
        return cls(key_of(tab, request), actor_of(request), language(request), address_of(request))
