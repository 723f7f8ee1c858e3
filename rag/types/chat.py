"""Messages to and from a language model."""

from __future__ import annotations

from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier question and its answer, as the history of a conversation holds it."""

    question: str
    answer: str
    query: str = ""
    """What was searched for it; "" where that is not known."""
