"""A reply that came in one piece instead of a stream, read as the one chunk of a stream."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .bounded import LONGEST_EVENT, EndlessEvent

if TYPE_CHECKING:
    import httpx2
    from openai.types.chat import ChatCompletionChunk


def in_one_piece(response: httpx2.Response) -> bool:
    """True if the body is JSON, whatever was asked for: some servers never stream."""
    return "json" in str(response.headers.get("content-type", "")).lower()


async def read(response: httpx2.Response) -> Mapping[str, Any]:
    """The object in the body. Raises ValueError for anything else, RecursionError for one nested beyond reason."""
    data = bytearray()
    async for piece in response.aiter_bytes():
        data += piece
        if len(data) > LONGEST_EVENT:
            raise EndlessEvent(f"a reply of more than {LONGEST_EVENT} bytes")
    body = json.loads(data)
    if not isinstance(body, dict):
        raise ValueError(f"a reply that is {type(body).__name__}")
    return body


def message_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The choice of a reply that holds its message. Raises ValueError for a reply without one."""
    choices = body.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict) or not isinstance(first.get("message"), dict):
        raise ValueError("a reply without a message")
    return first


def as_chunk(body: Mapping[str, Any]) -> ChatCompletionChunk:
    """The chunk that says all a reply says. Raises ValueError for one without a message."""
    from openai.types.chat import ChatCompletionChunk

    first = message_of(body)
    choice = {"index": 0, "delta": first["message"], "finish_reason": first.get("finish_reason")}
    return ChatCompletionChunk.construct(choices=[choice], usage=body.get("usage"))
