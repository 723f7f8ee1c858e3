"""A conversation that went on in another tab."""

from __future__ import annotations

from dataclasses import replace

from rag.errors import KeepingError
from rag.service import Service

from ..state.session import Sessions
from .visitor import Visitor


def caught_up(service: Service, sessions: Sessions, who: Visitor) -> bool:
    """True if the visitor's conversation went on elsewhere: the session then holds that too."""
    session = sessions.get(who.key)
    if not session.conversation:
        return False
    known = [turn.id for turn in session.turns]
    try:
        thread = service.conversations.newer(who.actor, session.conversation, known)
    except KeepingError:
        return False  # deleted elsewhere, or not readable now: what is shown stays
    if thread:
        sessions.update(who.key, lambda s: replace(s.resumed(s.conversation, s.title, thread), scope=s.scope))
    return bool(thread)
