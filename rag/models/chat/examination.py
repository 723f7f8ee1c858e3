"""Asks a language model's server what it has and can do, in few and small requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rag.text.well_formed import well_formed
from rag.types.chat_server import ChatAbilities

from . import failures, whole
from .failures import Endpoint, Failure, Redactor

if TYPE_CHECKING:
    from openai import AsyncOpenAI

LISTING_S = 10.0
"""Seconds for the list of models."""
TRIAL_S = 60.0
"""Seconds for an answer that is tried."""
MOST_MODELS = 500
LONGEST_NAME = 200
CONTEXTS = (
    "max_model_len", "loaded_context_length", "context_length", "context_window", "max_context_length", "n_ctx",
    "n_ctx_train", "max_input_tokens",
)  # fmt: skip
"""Names under which servers tell how long a prompt and its answer may be together, the truest first."""
MOST_CONTEXT = 100_000_000
ROOM = 200
"""Tokens of an answer that is tried; some models think first."""
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SCHEMA = {
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "place", "strict": True, "schema": {**WEATHER, "additionalProperties": False}},
    }
}
TOOL = {
    "tools": [
        {"type": "function", "function": {"name": "look_up", "description": "Find a city", "parameters": WEATHER}}
    ]
}
ASKED = 'Look up the city "Oslo". Call the function, or reply with JSON: {"city": "Oslo"}'


Listing = Sequence[Mapping[str, Any]]
"""Models as a server tells of them."""


async def listed(
    client: AsyncOpenAI, headers: Mapping[str, Any], to: Endpoint, redact: Redactor
) -> tuple[Listing, Failure | None]:
    """The models of a server as it tells of them; the failure where it cannot be asked at all.

    Many servers have no such list: that is no failure.
    """
    import openai

    try:
        listing = client.models.with_streaming_response.list(extra_headers=headers)
        async with asyncio.timeout(LISTING_S), listing as reply:
            body = await whole.read(reply.http_response)
    except openai.APIStatusError as e:
        failure = failures.of_status(e.status_code, e.body, {}, to=to, redact=redact, sent=frozenset())
        return (), failure if e.status_code in (401, 403) else None
    except openai.APIConnectionError as e:
        return (), failures.of_connection(e, to=to, redact=redact)
    except (TimeoutError, ValueError, RecursionError, openai.APIError):
        return (), None
    data = body.get("data")
    return [each for each in data if isinstance(each, dict)][:MOST_MODELS] if isinstance(data, list) else (), None


def names(models: Listing) -> tuple[str, ...]:
    """The names of listed models, each once."""
    said = (model.get("id") for model in models)
    known = (name for name in said if isinstance(name, str) and 0 < len(name) <= LONGEST_NAME)
    return tuple(dict.fromkeys(map(well_formed, known)))


def context_of(models: Listing, name: str) -> int:
    """Tokens of a listed model's context; 0 where nobody says."""
    model = next((each for each in models if each.get("id") == name), models[0] if len(models) == 1 else {})
    meta = model.get("meta")
    for place in (model, meta if isinstance(meta, dict) else {}):
        for key in CONTEXTS:
            value = place.get(key)
            if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_CONTEXT:
                return value
    return 0


async def holds_to_schema(client: AsyncOpenAI, request: Mapping[str, Any]) -> bool | None:
    """Whether an answer can be held to a schema; None where that could not be tried."""
    message = await _message(client, {**request, **SCHEMA})
    if message is None or message is REFUSED:
        return None if message is None else False
    content = message.get("content")
    try:
        return isinstance(json.loads(content), dict) if isinstance(content, str) else False
    except (ValueError, RecursionError):
        return False


async def calls_tools(client: AsyncOpenAI, request: Mapping[str, Any]) -> bool | None:
    """Whether the model calls a tool; None where that could not be tried."""
    message = await _message(client, {**request, **TOOL})
    return None if message is None else bool(message.get("tool_calls"))


REFUSED: Mapping[str, Any] = {}


async def _message(client: AsyncOpenAI, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The message of a reply; `REFUSED` where the server does not take the request, None for any other failure."""
    import openai

    try:
        async with (
            asyncio.timeout(TRIAL_S),
            client.chat.completions.with_streaming_response.create(**request) as reply,
        ):
            body = await whole.read(reply.http_response)
            return whole.message_of(body)["message"]  # type: ignore[no-any-return]
    except openai.APIStatusError as e:
        return REFUSED if e.status_code in (400, 404, 405, 415, 422, 501) else None
    except (TimeoutError, ValueError, RecursionError, openai.APIError):
        return None


async def abilities(
    client: AsyncOpenAI, request: dict[str, Any], refused: frozenset[str], context: int
) -> ChatAbilities:
    """What a server can do whose model has just answered, after it `refused` these ways of asking."""
    return ChatAbilities(
        context=context,
        stream=failures.STREAM not in refused,
        system=failures.SYSTEM not in refused,
        schema=await holds_to_schema(client, request),
        tools=await calls_tools(client, request),
    )
