"""The body of a request to a chat model: what is asked for, less what its server has refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from rag.text.well_formed import well_formed
from rag.types import Message, ReplyForm, ReplyWay

from . import failures

OPENAI_URL = "https://api.openai.com/v1"
OPTIONAL = frozenset(
    {"temperature", "max_tokens", "max_completion_tokens", "stream_options", "stream", "stop", "reasoning_effort"}
)
"""Parameters an answer does not depend on: left out for a server that rejects them."""
IN_ONE_PIECE = "extra_body"
"""Argument of the client library that replaces a part of the body; given where no stream is to be asked for."""
TOOLS = "tools"
THINKER = re.compile(r"(?:^|[/:])(?:o[1-9]|gpt-5(?!-chat|\.\d-chat))(?![a-z0-9])", re.IGNORECASE)
"""Names of OpenAI's models that think before they answer, and take no temperature and no `max_tokens`."""
THINKING_ROOM = 8_000
"""Tokens such a model is given beyond the answer's: its thinking counts among them."""
USUAL_S, PATIENT_S = 60.0, 300.0
"""Seconds to wait for the next token, and for the first one of a model that thinks or runs on this machine."""
WHOLE = 5
"""Times that patience is for an answer that comes in one piece."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What every request to one model asks for."""

    model: str
    temperature: float | None = None
    max_output_tokens: int | None = None
    reasoning_effort: str = ""

    @property
    def thinks(self) -> bool:
        """True if its name says that it thinks before it answers."""
        return bool(THINKER.search(self.model))

    def body(
        self,
        messages: Sequence[Message],
        stop: Sequence[str],
        *,
        refused: frozenset[str],
        form: ReplyForm | None = None,
    ) -> dict[str, Any]:
        """Few parameters, so that every server understands; none of those it has `refused` before.

        The client library is always told that a stream comes: it reads the body as it arrives.
        """
        optional = self._optional(stop)
        if "max_tokens" in refused:
            optional.setdefault("max_completion_tokens", optional.pop("max_tokens", ()))
        if "stream" in refused:
            optional["stream_options"], optional[IN_ONE_PIECE] = (), ({"stream": False},)
        turns = _in_turns(messages) if failures.SYSTEM in refused else messages
        return {
            "model": self.model,
            "messages": [{"role": m.role, "content": well_formed(m.content)} for m in turns],
            "stream": True,
            **{name: value[0] for name, value in optional.items() if value and name not in refused},
            **(_held_to(form) if form else {}),
        }

    def _optional(self, stop: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """Each parameter as a tuple of its value, empty where it is not asked for."""
        limit = () if self.max_output_tokens is None else (self.max_output_tokens,)
        effort = (self.reasoning_effort,) if self.reasoning_effort else ()
        asked: dict[str, tuple[Any, ...]] = {"stream_options": ({"include_usage": True},), "reasoning_effort": effort}
        if self.thinks:
            return asked | {"max_completion_tokens": tuple(tokens + THINKING_ROOM for tokens in limit)}
        heat = () if self.temperature is None else (self.temperature,)
        return {"temperature": heat, "max_tokens": limit, "stop": (list(stop),) if stop else (), **asked}

    def patience(self, url: str, timeout_s: float) -> tuple[float, float]:
        """Seconds to wait for the first token, and between two; `timeout_s` for both unless it is 0."""
        if timeout_s:
            return timeout_s, timeout_s
        return PATIENT_S if self.thinks or is_loopback(url) else USUAL_S, USUAL_S


def _held_to(form: ReplyForm) -> dict[str, Any]:
    """The parameters that ask for a form. The only tool there is to be called, whichever that is: more servers know
    how to force any call than that of a tool by its name."""
    match form.way:
        case ReplyWay.SCHEMA:
            schema = {"name": form.name, "strict": True, "schema": dict(form.schema)}
            return {"response_format": {"type": "json_schema", "json_schema": schema}}
        case ReplyWay.TOOL:
            tool = {"name": form.name, "description": "Take this step", "parameters": dict(form.schema)}
            return {TOOLS: [{"type": "function", "function": tool}], "tool_choice": "required"}
        case ReplyWay.JSON:
            return {"response_format": {"type": "json_object"}}
    return {}


def _in_turns(messages: Sequence[Message]) -> list[Message]:
    """The messages without a system role: rules go before what the user says next, so that the roles alternate."""
    turns: list[Message] = []
    for message in messages:
        role = "user" if message.role == "system" else message.role
        if turns and turns[-1].role == role:
            turns[-1] = Message(role, f"{turns[-1].content}\n\n{message.content}")
        else:
            turns.append(Message(role, message.content))
    return turns


def is_loopback(url: str) -> bool:
    """True for an address on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
