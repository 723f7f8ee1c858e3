"""One request to a chat model: its stream read into text deltas, bounded, and whatever goes wrong as a `Failure`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from rag.messages import Reason, reason
from rag.protocols import Afresh
from rag.text.well_formed import WellFormed
from rag.types import Usage

from . import failures, whole
from .bounded import said_done
from .failures import Endpoint, Failure, Redactor
from .request import IN_ONE_PIECE, OPTIONAL, TOOLS, WHOLE
from .thinking import WithoutThinking

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

MOST_THOUGHT = 1_000_000
"""Characters of thinking before an answer."""
EMPTY = 50
"""Characters that a chunk counts which holds nothing: reading it is work all the same."""


class Attempt:
    """One request. `begun` once part of the answer was delivered: from then on it cannot be repeated."""

    def __init__(
        self,
        to: Endpoint,
        redact: Redactor,
        put: Callable[[str], None],
        on_usage: Callable[[Usage], None] | None,
        *,
        longest: int,
    ) -> None:
        self.to = to
        self.redact = redact
        self.put = put
        self.on_usage = on_usage
        self.thinking = WithoutThinking()
        self.well_formed = WellFormed()
        self.longest = longest
        self.length = 0
        """Characters delivered."""
        self.unspoken = 0
        """Characters that came and were not delivered, as far as they are thinking."""
        self.calls = False
        """A call of a tool was asked for: its arguments are the answer."""
        self.begun = False
        self.thought = False
        self.ended = False
        """The server said that this is all, in one way or another."""
        self.finish = ""
        self.patience_s = to.first_s
        """Seconds to wait for the first token."""

    async def run(self, client: AsyncOpenAI, request: dict[str, Any]) -> Failure | None:
        """Deliver the answer; the failure, if that went wrong."""
        import openai

        sent = self._sent(request)
        try:
            async with asyncio.timeout(self.to.connect_s + self.patience_s):
                stream = await client.chat.completions.create(**request)
            async with stream:
                in_one_piece = whole.in_one_piece(stream.response)
                return await (self._read_whole(stream, sent) if in_one_piece else self._read(stream))
        except openai.APIStatusError as e:
            body = e.body if e.body is not None else e.response.text
            return failures.of_status(
                e.status_code, body, e.response.headers, to=self.to, redact=self.redact, sent=sent
            )
        except openai.APIConnectionError as e:
            if self.begun:
                return Failure(reason("generation.cut", host=self.to.host), detail=self.redact(str(e.__cause__)))
            return failures.of_connection(e, to=self.to, redact=self.redact)
        except openai.APIError as e:
            return failures.of_stream(e.body, to=self.to, redact=self.redact, sent=sent, begun=self.begun)
        except TimeoutError:
            return Failure(self._too_slow())
        except _Overlong as e:
            return Failure(e.reason)
        except (ValueError, RecursionError) as e:  # not JSON, or not UTF-8, or nested beyond reason
            return Failure(self._not_understood(), detail=self.redact(str(e)))

    def _sent(self, request: dict[str, Any]) -> frozenset[str]:
        """The ways of asking that a refusal may name; notes what else a request asks for."""
        sent = OPTIONAL & frozenset(request)
        if any(message["role"] == "system" for message in request["messages"]):
            sent |= {failures.SYSTEM}
        self.calls = TOOLS in request
        if self.calls:
            sent -= {"stream"}  # who does not stream calls may well stream an answer
        if IN_ONE_PIECE in request:
            sent, self.patience_s = sent - {"stream"}, self.to.first_s * WHOLE
        return sent

    async def _read(self, stream: AsyncStream[ChatCompletionChunk]) -> Failure | None:
        content_type = stream.response.headers.get("content-type", "")
        chunks = 0
        async for chunk in _timed(stream, lambda: self.to.timeout_s if self.begun else self.patience_s):
            chunks += 1
            self._take(chunk)
        if not chunks:
            self._flush()
            code = "empty" if "event-stream" in content_type else "garbage"
            return Failure(reason(f"generation.{code}", url=self.to.url), detail=content_type)
        self.ended = said_done(stream.response)
        return self._end()

    async def _read_whole(self, stream: AsyncStream[ChatCompletionChunk], sent: frozenset[str]) -> Failure | None:
        """Deliver an answer that comes in one piece, whether or not a stream was asked for."""
        async with asyncio.timeout(self.patience_s):
            body = await whole.read(stream.response)
        if body.get("error"):
            return failures.of_stream(body["error"], to=self.to, redact=self.redact, sent=sent, begun=False)
        self._take(whole.as_chunk(body))
        self.ended = True
        return self._end()

    def _end(self) -> Failure | None:
        """Deliver what is left; the failure, if the answer is not whole."""
        self._flush()
        why = self._incomplete()
        return Failure(why) if why else None

    def _flush(self) -> None:
        self._deliver(self.thinking.feed(self.well_formed.flush()))
        self._deliver(self.thinking.flush())

    def _take(self, chunk: Any) -> None:
        """Deliver what a chunk holds. Raises ValueError when it is not a chunk at all."""
        choices, usage = getattr(chunk, "choices", None), getattr(chunk, "usage", None)
        if usage is not None and self.on_usage:
            self.on_usage(Usage(_count(usage, "prompt_tokens"), _count(usage, "completion_tokens")))
        if usage is not None and not choices:
            return
        if not isinstance(choices, list):
            raise ValueError(f"not a chat completion chunk: {type(chunk).__name__}")
        said = "".join(map(self._said, choices[:1]))
        delivered = self._deliver(self.thinking.feed(self.well_formed.feed(said)))
        self.unspoken += 0 if delivered else len(said) or EMPTY
        if self.unspoken > MOST_THOUGHT:
            raise _Overlong(reason("generation.endless_thought", model=self.to.model))

    def _said(self, choice: Any) -> str:
        """The answer's text in a choice. Raises ValueError when it is none."""
        finish = getattr(choice, "finish_reason", None)
        self.finish = finish if isinstance(finish, str) and finish else self.finish
        delta = getattr(choice, "delta", None)
        said = _text(getattr(delta, "content", None) or getattr(delta, "refusal", None))
        said += _arguments(getattr(delta, "tool_calls", None)) if self.calls else ""
        thought = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
        self.thought = self.thought or bool(said or thought)
        self.unspoken += len(thought) if isinstance(thought, str) else 0
        return said

    def _deliver(self, text: str) -> bool:
        """Hand on what is part of the answer; True if there was any. Raises _Overlong behind the last character."""
        if isinstance(text, Afresh):
            self.length = 0
        elif not text:
            return False
        room = self.longest - self.length
        shown = type(text)(text[:room])
        self.length += len(shown)
        self.begun = True
        self.put(shown)
        if len(text) > room:
            raise _Overlong(reason("generation.overlong", model=self.to.model, limit=self.longest))
        return True

    def _incomplete(self) -> Reason | None:
        """The reason why a stream that ended properly still gave no whole answer; None when the answer is whole."""
        if self.finish == "content_filter":
            return reason("generation.filtered", host=self.to.host)
        if self.finish == "length":
            return reason("generation.length" if self.begun else "generation.only_thought", model=self.to.model)
        if not self.finish and not self.ended and self.begun:
            return reason("generation.cut", host=self.to.host)
        if not self.begun:
            code = "only_thought" if self.thought else "said_nothing"
            return reason(f"generation.{code}", model=self.to.model)
        return None

    def _too_slow(self) -> Reason:
        if self.begun:
            return reason("generation.stalled", model=self.to.model, seconds=f"{self.to.timeout_s:g}")
        return reason("generation.first_token", model=self.to.model, seconds=f"{self.patience_s:g}")

    def _not_understood(self) -> Reason:
        return (
            reason("generation.cut", host=self.to.host) if self.begun else reason("generation.garbage", url=self.to.url)
        )


class _Overlong(Exception):
    """A stream beyond its limit in answer or thinking: it is no answer any more, but has no end either."""

    def __init__(self, why: Reason) -> None:
        super().__init__(why)
        self.reason = why


def _text(content: object) -> str:
    """The text of a delta's content: a string, or a list of parts. Raises ValueError for anything else."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise ValueError(f"content is {type(content).__name__}, not text")
    return "".join(_part(part) for part in content)


def _part(part: object) -> str:
    """The text of a part; "" for a part of another kind, as thinking in a part of its own."""
    if isinstance(part, str):
        return part
    text = part.get("text") if isinstance(part, dict) and part.get("type", "text") in ("text", "output_text") else ""
    return text if isinstance(text, str) else ""


def _arguments(calls: object) -> str:
    """The arguments in a delta of the first call: pieces of text, or all of them as an object."""
    first = [call for call in calls if not _of(call, "index")][:1] if isinstance(calls, list) else []
    found = _of(_of(first[0], "function"), "arguments") if first else ""
    if isinstance(found, dict):
        return json.dumps(found, ensure_ascii=False)
    return found if isinstance(found, str) else ""


def _of(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)


def _count(usage: object, name: str) -> int:
    tokens = getattr(usage, name, 0)
    return tokens if isinstance(tokens, int) else 0


async def _timed(chunks: AsyncIterator[Any], limit_s: Callable[[], float]) -> AsyncIterator[Any]:
    """The chunks; TimeoutError when one takes longer than `limit_s` says at that moment."""
    while True:
        async with asyncio.timeout(limit_s()):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        yield chunk
