"""Messages to and from a language model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request to a language model, as the provider counted them."""

    prompt_tokens: int
    answer_tokens: int


class ReplyWay(StrEnum):
    """Way in which a server is asked for a reply that is one JSON object, the strictest first."""

    SCHEMA = "schema"
    TOOL = "tool"
    """As the arguments of the one tool there is to call."""
    JSON = "json"
    """As any JSON object."""
    TEXT = "text"
    """By the words of the messages alone."""


@dataclass(frozen=True, slots=True)
class ReplyForm:
    """The form a reply is to have; whoever asks looks whether it has."""

    name: str
    schema: Mapping[str, Any]
    """JSON schema of a flat object."""
    way: ReplyWay


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier question and its answer, as the history of a conversation holds it."""

    question: str
    answer: str
    query: str = ""
    """What was searched for it; "" where that is not known."""
