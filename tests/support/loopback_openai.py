"""A chat completions server on loopback that does what a test tells it to, good or bad, and keeps what it was sent.

Real sockets and the real streaming protocol. Waiting is done on events: a reply that hangs ends when the client hangs
up or the server closes, never after a time.
"""

from __future__ import annotations

import json
import selectors
import socket
import socketserver
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

TURN_S = 0.02
"""How often a waiting reply looks whether the server is closing."""


@dataclass(frozen=True)
class Good:
    """A whole answer in the given deltas."""

    deltas: Sequence[str]
    finish: str | None = "stop"
    usage: tuple[int, int] | None = None
    reasoning: Sequence[str] = ()
    """`reasoning_content` deltas that come first."""
    done: bool = True
    """It says that this is all."""


@dataclass(frozen=True)
class Called:
    """A call of a tool, its arguments in the given pieces, with what is said before."""

    arguments: Sequence[str]
    said: Sequence[str] = ()


@dataclass(frozen=True)
class Gated:
    """An answer that stops between `before` and `after` until the test opens the gate."""

    before: Sequence[str]
    after: Sequence[str] = ()
    gate: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Cut:
    """The connection drops after these deltas; with none, right after the request."""

    deltas: Sequence[str] = ()
    headers: bool = True


@dataclass(frozen=True)
class Hung:
    """Nothing comes, ever: not even a status line, or nothing after the headers and these deltas."""

    headers: bool = False
    deltas: Sequence[str] = ()
    pings: int = 0
    """Comment lines sent first, as servers do to keep proxies patient."""


@dataclass(frozen=True)
class Status:
    """An HTTP status with a body."""

    code: int
    body: Mapping[str, Any] | str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """Status 200 and any bytes."""

    body: bytes
    content_type: str = "text/event-stream"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Endless:
    """The same delta again and again, until the client hangs up or the server closes."""

    delta: str


@dataclass(frozen=True)
class StreamError:
    """Deltas, then an error as an event of the stream."""

    deltas: Sequence[str]
    error: Mapping[str, Any]


@dataclass(frozen=True)
class ModelList:
    """The list of models, in the form OpenAI gives it."""

    models: Sequence[object]


Reply = Good | Called | Gated | Cut | Hung | Status | Raw | Endless | StreamError


def error(message: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """The error body OpenAI sends."""
    return {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}


@dataclass
class Request:
    """What the client sent, and whether it has hung up since."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    began: threading.Event = field(default_factory=threading.Event)
    """Everything that precedes the waiting of a `Gated` or `Hung` reply has been sent."""
    hung_up: threading.Event = field(default_factory=threading.Event)


class LoopbackOpenAI:
    """Use as a context manager. Replies are taken from the queue; when it is empty, `answer` makes one."""

    def __init__(self, answer: Callable[[Request], Reply] | None = None) -> None:
        self.answer = answer or (lambda request: Good(["Hello", " there."]))
        self.replies: deque[Reply] = deque()
        self.requests: list[Request] = []
        """Those for answers."""
        self.models: ModelList | Status | None = None
        """The reply to whoever asks for the models; None where there is no such list."""
        self.closing = threading.Event()
        self._arrived = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(TURN_S,), daemon=True)

    def __enter__(self) -> LoopbackOpenAI:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def script(self, *replies: Reply) -> None:
        """Queue replies, one per request to come."""
        self.replies.extend(replies)

    def request(self, number: int = 1, timeout_s: float = 10.0) -> Request:
        """The n-th request, as soon as it is there."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) >= number, timeout_s):
                raise AssertionError(f"request {number} never came")
            return self.requests[number - 1]

    def _accept(self, request: Request) -> Reply:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
            return self.replies.popleft() if self.replies else self.answer(request)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = True
    allow_reuse_address = True


def _handler(owner: LoopbackOpenAI) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        server_of_tests = owner

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of_tests: LoopbackOpenAI

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        request = Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
        reply = self.server_of_tests._accept(request)
        self.close_connection = True
        try:
            self._send(reply, request)
        except ConnectionError:  # it left in the middle of what was sent
            request.hung_up.set()

    def do_GET(self) -> None:
        self.close_connection = True
        models = self.server_of_tests.models or Status(404, error("no such path"))
        if isinstance(models, ModelList):
            models = Status(200, {"object": "list", "data": list(models.models)})
        self._send(models, Request(self.path, {}, {}))

    def log_message(self, format: str, *args: object) -> None:
        """Silence: tests read `requests`."""

    def _send(self, reply: Reply, request: Request) -> None:
        match reply:
            case Gated():
                self._stream(_deltas(reply.before))
                request.began.set()
                if self._wait(request, reply.gate):
                    self._write_all([*_deltas(reply.after), _chunk({}, "stop"), "data: [DONE]\n\n"])
                    self._end()
            case Cut():
                if reply.headers:
                    self._stream(_deltas(reply.deltas))
                self.connection.shutdown(socket.SHUT_RDWR)
            case Hung():
                if reply.headers:
                    self._stream([": still here\n\n"] * reply.pings + list(_deltas(reply.deltas)))
                request.began.set()
                self._wait(request, threading.Event())
            case Status():
                is_text = isinstance(reply.body, str)
                body = str(reply.body) if is_text else json.dumps(reply.body)
                kind = "text/html" if is_text else "application/json"
                self._plain(reply.code, body.encode(), {"Content-Type": kind, **reply.headers})
            case Raw():
                self._plain(200, reply.body, {"Content-Type": reply.content_type, **reply.headers})
            case Endless():
                self._stream(self._without_end(_chunk({"content": reply.delta})))
            case _:
                self._stream(_events(reply))
                self._end()

    def _plain(self, code: int, body: bytes, headers: Mapping[str, str]) -> None:
        self._headers(code, {"Content-Length": str(len(body)), **headers})
        self.wfile.write(body)

    def _headers(self, code: int, headers: Mapping[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def _stream(self, events: Sequence[str] | Iterator[str]) -> None:
        self._headers(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
        self._write_all(events)

    def _write_all(self, events: Sequence[str] | Iterator[str]) -> None:
        for event in events:
            data = event.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

    def _without_end(self, event: str) -> Iterator[str]:
        while not self.server_of_tests.closing.is_set():
            yield event

    def _end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def _wait(self, request: Request, gate: threading.Event) -> bool:
        """Until the gate opens (True), the client hangs up or the server closes (False)."""
        while not self.server_of_tests.closing.is_set():
            if gate.is_set():
                return True
            if self._readable(TURN_S) and self._is_gone():
                request.hung_up.set()
                return False
        return False

    def _readable(self, seconds: float) -> bool:
        with selectors.DefaultSelector() as selector:  # select() knows no descriptor beyond 1023
            selector.register(self.connection, selectors.EVENT_READ)
            return bool(selector.select(seconds))

    def _is_gone(self) -> bool:
        try:
            return not self.connection.recv(1)
        except ConnectionError:
            return True


def _chunk(delta: Mapping[str, Any], finish: str | None = None, usage: tuple[int, int] | None = None) -> str:
    choices = [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish}]
    chunk: dict[str, Any] = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "m",
        "choices": choices,
    }
    if usage:
        chunk["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return f"data: {json.dumps(chunk)}\n\n"


def _deltas(texts: Sequence[str]) -> Iterator[str]:
    yield from (_chunk({"content": text}) for text in texts)


def _events(reply: Good | Called | StreamError) -> Iterator[str]:
    if isinstance(reply, Good):
        return _good(reply)
    return _calling(reply) if isinstance(reply, Called) else _failing(reply)


def _good(reply: Good) -> Iterator[str]:
    yield _chunk({"role": "assistant", "content": ""})
    yield from (_chunk({"reasoning_content": text}) for text in reply.reasoning)
    yield from _deltas(reply.deltas)
    if reply.finish:
        yield _chunk({}, reply.finish)
    if reply.usage:
        yield _chunk({}, usage=reply.usage)
    if reply.done:
        yield "data: [DONE]\n\n"


def _calling(reply: Called) -> Iterator[str]:
    yield from _deltas(reply.said)
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "next_step", "arguments": ""}}
    yield _chunk({"role": "assistant", "content": None, "tool_calls": [call]})
    for piece in reply.arguments:
        yield _chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    yield _chunk({}, "tool_calls")
    yield "data: [DONE]\n\n"


def _failing(reply: StreamError) -> Iterator[str]:
    yield from _deltas(reply.deltas)
    yield f"data: {json.dumps({'error': reply.error})}\n\n"
