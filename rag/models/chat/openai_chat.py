"""Answers from any server that speaks OpenAI's chat completions: messages in, text deltas out.

The request runs on a thread of its own with its own event loop, because there a
waiting connection can be dropped at any moment: while connecting, before the first token and between tokens.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from rag.errors import ChatChoiceRefused, GenerationError
from rag.events import Cancel
from rag.messages import reason
from rag.status import ModelInfo
from rag.types import Message, ReplyForm, Usage
from rag.types.chat_server import ChatAbilities, ChatExamination

from . import examination, failures
from .attempt import Attempt
from .background import Background
from .failures import Endpoint, Failure, Redactor
from .request import IN_ONE_PIECE, OPENAI_URL, Wanted, is_loopback

if TYPE_CHECKING:
    from openai import AsyncOpenAI

CONNECT_S = 10.0
"""A server that has not accepted a connection by then is not there; tokens may take far longer."""
CHARACTERS_PER_TOKEN = 16
"""More than any text has: four in English, fewer than two in Chinese, more only in rows of blanks and dashes."""
SHORTEST_LIMIT, LONGEST_LIMIT = 20_000, 200_000
"""Bounds of an answer's limit in characters: servers count tokens differently, and nobody reads a hundred pages."""
BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 8.0
USER_AGENT = "plainsight"
SILENT_HEADERS = ("Lang", "Package-Version", "OS", "Arch", "Runtime", "Runtime-Version", "Async", "Retry-Count")
"""`X-Stainless-…`: what the client library would tell about this machine."""
TRIAL = (Message("system", "Reply with one word."), Message("user", "Are you there?"))
SPOKE = frozenset(f"generation.{code}" for code in ("only_thought", "said_nothing", "length", "overlong", "filtered"))
"""Reasons of an answer that came to nothing, from a server that answers."""

log = logging.getLogger(__name__)


class ProviderError(Exception):
    """The provider's own words, redacted: the cause of a GenerationError."""


class OpenAIChat:
    """A chat model behind an OpenAI-compatible address; `base_url` "" is OpenAI's own.

    `timeout_s` bounds the wait for the first token and between two; 0 is the usual time. An answer longer than
    `max_output_tokens` could give is cut: the server does not keep to it. Optional parameters a server does not take
    are left out from then on, and from the start those it is known to lack by its `abilities`. Before every request
    `allowed` may raise ChatChoiceRefused for the address.

    The key is sent to `base_url` and goes nowhere else: no message, log line or repr has it.
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
        reasoning_effort: str = "",
        abilities: ChatAbilities | None = None,
        allowed: Callable[[str], None] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.model = model
        self._key = str.__str__(api_key).strip()  # a starred string subclass shows stars in any other way
        self._url = base_url or OPENAI_URL
        self._max_retries = max_retries
        self._wanted = Wanted(model, temperature, max_output_tokens, reasoning_effort)
        self._not_taken = _not_taken(abilities)
        self._allowed = allowed
        self._longest = min(max(CHARACTERS_PER_TOKEN * (max_output_tokens or 0), SHORTEST_LIMIT), LONGEST_LIMIT)
        self._sleep = sleep
        self._redact = Redactor(self._key)
        try:
            url, host = failures.shown_url(self._url)
        except ValueError:
            url, host = "", ""
        first_s, between_s = self._wanted.patience(url, timeout_s)
        self._to = Endpoint(model, url, host, bool(self._key), between_s, first_s, min(CONNECT_S, between_s))

    def __repr__(self) -> str:
        return f"OpenAIChat({self.model!r}, base_url={self._to.url!r})"

    @property
    def info(self) -> ModelInfo:
        """`device` is the host the requests go to."""
        return ModelInfo(name=self.model, revision="", device=self._to.host, dtype="")

    def stream(
        self,
        messages: Sequence[Message],
        *,
        cancel: Cancel,
        on_usage: Callable[[Usage], None] | None = None,
        stop: Sequence[str] = (),
        form: ReplyForm | None = None,
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
                await self._attempts(partial(self._request, messages, stop, form), items.put, on_usage)
            except Exception as e:  # handed to the caller's thread, which raises it
                items.put(e)
            finally:
                items.put(None)

        request = Background(work)

        def give_up() -> None:
            request.stop()
            items.put(None)

        with cancel.calls(give_up):
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
        try:
            if self._allowed:
                self._allowed(self._url)
        except ChatChoiceRefused as e:
            raise GenerationError(e.reason) from e

    def examine(self, *, trial: bool) -> ChatExamination:
        """Ask the server which models it has; with a `trial`, what it can do too. Raises nothing."""
        try:
            self._check()
        except GenerationError as e:
            return ChatExamination(e.reason)
        models, failed = asyncio.run(self._listed())
        names, context = examination.names(models), examination.context_of(models, self.model)
        if failed or not trial:
            return ChatExamination(failed.reason if failed else None, names, ChatAbilities(context))
        try:
            next(iter(self.stream(TRIAL, cancel=Cancel())), None)
        except GenerationError as e:
            if e.reason.code not in SPOKE:
                return ChatExamination(e.reason, names, ChatAbilities(context))
        return ChatExamination(None, names, asyncio.run(self._abilities(context)))

    async def _listed(self) -> tuple[examination.Listing, Failure | None]:
        async with self._client() as client:
            return await examination.listed(client, self._headers(), self._to, self._redact)

    async def _abilities(self, context: int) -> ChatAbilities:
        wanted = Wanted(self.model, None, examination.ROOM)
        body = wanted.body([Message("user", examination.ASKED)], (), refused=self._not_taken)
        streamed = ("stream", "stream_options", IN_ONE_PIECE)
        request = {name: value for name, value in body.items() if name not in streamed}
        async with self._client() as client:
            request["extra_headers"] = self._headers()
            return await examination.abilities(client, request, self._not_taken, context)

    async def _attempts(
        self,
        request: Callable[[], dict[str, Any]],
        put: Callable[[str], None],
        on_usage: Callable[[Usage], None] | None,
    ) -> None:
        tries = 0
        async with self._client() as client:
            while True:
                attempt = Attempt(self._to, self._redact, put, on_usage, longest=self._longest)
                failure = await attempt.run(client, request())
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

    def _request(self, messages: Sequence[Message], stop: Sequence[str], form: ReplyForm | None) -> dict[str, Any]:
        """The client library's arguments: the body and the headers."""
        body = self._wanted.body(messages, stop, refused=self._not_taken, form=form)
        return {**body, "extra_headers": self._headers()}

    def _headers(self) -> dict[str, Any]:
        """Headers that tell nothing of this machine."""
        import openai

        headers: dict[str, Any] = {f"X-Stainless-{name}": openai.omit for name in SILENT_HEADERS}
        headers |= {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}  # what is packed may have any size
        if not self._key:
            headers["Authorization"] = openai.omit
        if self._url != OPENAI_URL:
            headers |= {"OpenAI-Organization": openai.omit, "OpenAI-Project": openai.omit}
        return headers

    def _client(self) -> AsyncOpenAI:
        import openai

        from .bounded import bound

        on_this_machine = is_loopback(self._url)
        http = openai.DefaultAsyncHttpxClient(
            # reads are bounded by our own clock, which comment lines sent to keep a connection open do not reset
            timeout=openai.Timeout(None, connect=self._to.connect_s),
            follow_redirects=False,  # documents go to the address the user gave and to no other
            trust_env=not on_this_machine,  # a proxy does not know this machine's own servers
            verify=not (
                on_this_machine and self._url.startswith("http:")
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


def _not_taken(abilities: ChatAbilities | None) -> frozenset[str]:
    """The ways of asking that a server is known not to take."""
    if abilities is None:
        return frozenset()
    known = {failures.STREAM: abilities.stream, failures.SYSTEM: abilities.system}
    return frozenset(way for way, taken in known.items() if taken is False)
