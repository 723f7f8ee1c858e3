"""The server of a language model: what was chosen for it, and what it was found to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

from rag.messages import Reason, reason

HOW = ("model", "url", "key", "temperature", "max_tokens")
"""Names of what can be chosen."""


@dataclass(frozen=True, slots=True)
class ChatChoice:
    """What somebody chose on the page; "" and None where they chose nothing."""

    model: str = ""
    url: str = ""
    key: str = field(default="", repr=False)
    temperature: float | None = None
    max_tokens: int | None = None

    @property
    def names_a_model(self) -> bool:
        return bool(self.model or self.url or self.key)


@dataclass(frozen=True, slots=True)
class ChatAbilities:
    """Abilities of a server with one of its models; None where that was not found out."""

    context: int = 0
    """Tokens of prompt and answer together; 0 where that is not known."""
    stream: bool | None = None
    system: bool | None = None
    """Whether rules may have a message of their own."""
    schema: bool | None = None
    """Whether an answer can be held to a JSON schema."""
    tools: bool | None = None

    def said(self) -> Reason | None:
        """The sentence that says what is known; None where nothing is."""
        known = {"stream": self.stream, "system": self.system, "schema": self.schema, "tools": self.tools}
        tried = {what: can for what, can in known.items() if can is not None}
        parts = [reason(f"chat_server.can_{'' if can else 'no_'}{what}") for what, can in tried.items()]
        parts += [reason("chat_server.can_context", count=self.context)] if self.context else []
        if not parts:
            return None
        return reason("chat_server.can", abilities=reduce(_listed, parts))


def _listed(before: Reason, last: Reason) -> Reason:
    return reason("chat_server.listed", before=before, last=last)


@dataclass(frozen=True, slots=True)
class ChatExamination:
    """Result of asking a server: what stands in the way, if anything does, the models it has and what it can do."""

    failure: Reason | None = None
    models: tuple[str, ...] = ()
    abilities: ChatAbilities = ChatAbilities()


@dataclass(frozen=True, slots=True)
class ChatInUse:
    """The language model in use as a page may show it: its key is not in it."""

    choice: ChatChoice
    """The values that apply; the key is "" whatever it is."""
    host: str
    """Address that requests go to, in a form that may be shown; "" without a model."""
    has_key: bool
    chosen: bool
    """Somebody chose something on the page."""
    fixed: Mapping[str, str]
    """Names of values that the settings fix -> the variable of each."""
    abilities: ChatAbilities | None = None
