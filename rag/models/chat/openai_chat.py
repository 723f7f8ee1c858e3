"""Answers from any server that speaks OpenAI's chat completions: messages in, text deltas out.

The only importer of `openai`. The request runs on a thread of its own with its own event loop, because there a
waiting connection can be dropped at any moment: while connecting, before the first token and between tokens.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from ipaddress import ip_address
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from rag.errors import GenerationError
from rag.events import Cancel
from rag.messages import Reason, reason
from rag.protocols import Afresh
from rag.status import ModelInfo
from rag.text.well_formed import WellFormed, well_formed
from rag.types import Message, Usage

from . import failures
from .background import Background
from .failures import Endpoint, Failure, Redactor
from .thinking import WithoutThinking

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

OPENAI_URL = "https://api.openai.com/v1"
CONNECT_S = 10.0
"""A server that has not accepted a connection by then is not there; tokens may take far longer."""
CHARACTERS_PER_TOKEN = 16
"""More than any text has: four in English, fewer than two in Chinese, more only in rows of blanks and dashes."""
SHORTEST_LIMIT, LONGEST_LIMIT = 20_000, 200_000
"""Bounds of an answer's limit in characters: servers count tokens differently, and nobody reads a hundred pages."""
MOST_THOUGHT = 1_000_000
"""Characters of thinking before an answer."""
EMPTY = 50
"""Characters that a chunk counts which holds nothing: reading it is work all the same."""
BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 8.0
OPTIONAL = frozenset({"temperature", "max_tokens", "max_completion_tokens", "stream_options"})
"""Parameters an answer does not depend on: left out for a server that rejects them."""
USER_AGENT = "plainsight"
SILENT_HEADERS = ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async", "Retry-Count")
"""`X-Stainless-…`: what the client library would tell about this machine."""

log = logging.getLogger(__name__)


class ProviderError(Exception):
    """The provider's own words, redacted: the cause of a GenerationError."""


class OpenAIChat:
    """A chat model behind an OpenAI-compatible address; `base_url` "" is OpenAI's own.

    `timeout_s` bounds the wait for the first token and between two. An answer longer than `max_output_tokens` could
    give is cut: the server does not keep to it. Optional parameters a server does not take are left out
    from then on. The key is sent to `base_url` and goes nowhere else: no message, log line or repr has it.
    """

    def __init__(
        self,
        model: str,
        api_key: str,
        base_url: str = "",
        *,
        timeout_s: float = 60.0,
        max_retries: int = 2,
        temperature: float | None = None,
        max_output_tokens: int | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.model = model
        self._key = str.__str__(api_key).strip()  # a starred string subclass shows stars in any other way
        self._url = base_url or OPENAI_URL
        self._max_retries = max_retries
        self._optional: dict[str, Any] = {
            "temperature": temperature,
            "max_tokens": max_output_tokens,
            "stream_options": {"include_usage": True},
        }
        self._not_taken: frozenset[str] = frozenset()
        self._longest = min(max(CHARACTERS_PER_TOKEN * (max_output_tokens or 0), SHORTEST_LIMIT), LONGEST_LIMIT)
        self._sleep = sleep
        self._redact = Redactor(self._key)
        try:
            url, host = failures.shown_url(self._url)
        except ValueError:
            url, host = "", ""
        connect_s = min(CONNECT_S, timeout_s)
        self._to = Endpoint(model, url, host, bool(self._key), timeout_s, connect_s)

    def __repr__(self) -> str:
        return f"OpenAIChat({self.model!r}, base_url={self._to.url!r})"

    @property
    def info(self) -> ModelInfo:
        """`device` is the host the requests go to."""
        return ModelInfo(name=self.model, revision="", device=self._to.host, dtype="")

    def stream(
        self, messages: Sequence[Message], *, cancel: Cancel, on_usage: Callable[[Usage], None] | None = None
    ) -> Iterator[str]:
        """Yield text deltas. Raises GenerationError, also after some deltas: then the answer is incomplete.

        Ends quietly and drops the connection as soon as `cancel` is thrown or the iterator is closed. `on_usage` is
        called from the request's thread, at most once, when the provider counts tokens.
        """
        self._check()
        if cancel:
            return
        items: SimpleQueue[str | Exception | None] = SimpleQueue()

        async def work() -> None:
            try:
                await self._attempts(messages, items.put, on_usage)
            except Exception as e:  # handed to the caller's thread, which raises it
                items.put(e)
            finally:
                items.put(None)

        request = Background(work)

        def stop() -> None:
            request.stop()
            items.put(None)

        with cancel.calls(stop):
            threading.Thread(target=request.run, name="chat-stream", daemon=True).start()
            try:
                while (item := items.get()) is not None and not cancel:
                    if isinstance(item, Exception):
                        raise item
                    yield item
            finally:
                request.stop()

    def _check(self) -> None:
        """Raises GenerationError for an address or key no request can be made with."""
        if not self._to.url:
            raise GenerationError(reason("generation.bad_url", url=self._redact(self._url)))
        if not self._key.isascii() or not self._key.isprintable() or " " in self._key:
            raise GenerationError(reason("generation.malformed_key"))
        if not self._key and self._url == OPENAI_URL:
            raise GenerationError(reason("generation.no_key", host=self._to.host))

    async def _attempts(
        self, messages: Sequence[Message], put: Callable[[str], None], on_usage: Callable[[Usage], None] | None
    ) -> None:
        tries = 0
        async with self._client() as client:
            while True:
                attempt = _Attempt(self._to, self._redact, put, on_usage, longest=self._longest)
                failure = await attempt.run(client, self._request(messages))
                if failure is None:
                    return
                detail = self._redact(failure.detail)
                log.info("chat request failed: %s %s", failure.reason.code, detail)
                if failure.rejected:
                    self._not_taken |= {failure.rejected}
                elif failure.again and tries < self._max_retries:
                    backoff = min(BACKOFF_S * 2**tries, LONGEST_BACKOFF_S)
                    await self._sleep(backoff if failure.wait_s is None else failure.wait_s)
                    tries += 1
                else:
                    raise GenerationError(failure.reason) from ProviderError(detail)

    def _request(self, messages: Sequence[Message]) -> dict[str, Any]:
        """Few parameters, so that every server understands; none it has rejected before."""
        import openai

        optional = {name: value for name, value in self._optional.items() if value is not None}
        if "max_tokens" in self._not_taken and "max_tokens" in optional:
            optional["max_completion_tokens"] = optional.pop("max_tokens")
        headers: dict[str, Any] = {f"X-Stainless-{name}": openai.omit for name in SILENT_HEADERS}
        headers |= {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}  # what is packed may have any size
        if not self._key:
            headers["Authorization"] = openai.omit
        if self._url != OPENAI_URL:
            headers |= {"OpenAI-Organization": openai.omit, "OpenAI-Project": openai.omit}
        return {
            "model": self.model,
            "messages": [
                {"role": m.role, "content": well_formed(m.content)}
                for m in (_in_turns(messages) if failures.SYSTEM in self._not_taken else messages)
            ],
            "stream": True,
            "extra_headers": headers,
            **{name: value for name, value in optional.items() if name not in self._not_taken},
        }

    def _client(self) -> AsyncOpenAI:
        import openai

        from .bounded import bound

        is_loopback = _is_loopback(self._url)
        http = openai.DefaultAsyncHttpxClient(
            # reads are bounded by our own clock, which comment lines sent to keep a connection open do not reset
            timeout=openai.Timeout(None, connect=self._to.connect_s),
            follow_redirects=False,  # documents go to the address the user gave and to no other
            trust_env=not is_loopback,  # a proxy does not know this machine's own servers
            verify=not (
                is_loopback and self._url.startswith("http:")
            ),  # certificates take long to load: not for nothing
            event_hooks={"response": [bound]},
        )
        address = urlsplit(self._url)
        return openai.AsyncOpenAI(
            api_key=self._key or "none",
            base_url=urlunsplit(address._replace(query="", fragment="")),
            default_query=dict(parse_qsl(address.query, keep_blank_values=True)),
            max_retries=0,
            http_client=http,
        )


class _Attempt:
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
        self.begun = False
        self.thought = False
        self.finish = ""

    async def run(self, client: AsyncOpenAI, request: dict[str, Any]) -> Failure | None:
        """Deliver the answer; the failure, if that went wrong."""
        import openai

        sent = OPTIONAL & frozenset(request)
        if any(message["role"] == "system" for message in request["messages"]):
            sent |= {failures.SYSTEM}
        try:
            async with asyncio.timeout(self.to.connect_s + self.to.timeout_s):
                stream = await client.chat.completions.create(**request)
            async with stream:
                return await self._read(stream)
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

    async def _read(self, stream: AsyncStream[ChatCompletionChunk]) -> Failure | None:
        content_type = stream.response.headers.get("content-type", "")
        chunks = 0
        async for chunk in _timed(stream, self.to.timeout_s):
            chunks += 1
            self._take(chunk)
        self._deliver(self.thinking.feed(self.well_formed.flush()))
        self._deliver(self.thinking.flush())
        if not chunks:
            code = "empty" if "event-stream" in content_type else "garbage"
            return Failure(reason(f"generation.{code}", url=self.to.url), detail=content_type)
        why = self._incomplete()
        return Failure(why) if why else None

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
        if not self.finish and self.begun:
            return reason("generation.cut", host=self.to.host)
        if not self.begun:
            code = "only_thought" if self.thought else "said_nothing"
            return reason(f"generation.{code}", model=self.to.model)
        return None

    def _too_slow(self) -> Reason:
        code = "generation.stalled" if self.begun else "generation.first_token"
        return reason(code, model=self.to.model, seconds=f"{self.to.timeout_s:g}")

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


def _count(usage: object, name: str) -> int:
    tokens = getattr(usage, name, 0)
    return tokens if isinstance(tokens, int) else 0


async def _timed(chunks: AsyncIterator[Any], limit_s: float) -> AsyncIterator[Any]:
    """The chunks; TimeoutError when one takes longer than `limit_s`."""
    while True:
        async with asyncio.timeout(limit_s):
            chunk = await anext(chunks, None)
        if chunk is None:
            return
        yield chunk


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
