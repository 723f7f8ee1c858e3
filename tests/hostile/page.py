"""One visitor's page without a browser: its cookie, its events and what comes back, as Gradio's own script does it."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx

PATIENCE_S = 60.0
"""For one call; what is not told by then counts as never."""

OPTIONS: tuple[dict[str, Any], ...] = ({},)
"""What the browser of a reader keeps who changed nothing on the settings page."""


TOKEN_HEADER = "x-plainsight-token"


def token_of(html: str) -> str:
    """The token of a page, as it was given to the browser that opened it."""
    found = re.search('<meta name="plainsight-token" content="([0-9a-f]+)">', html)
    return found[1] if found else ""


def dependencies_of(html: str) -> list[dict[str, Any]]:
    """The events of a page."""
    found = re.search("window.gradio_config = (.*?);</script>", html)
    assert found, f"no page: {html[:200]!r}"
    listed: list[dict[str, Any]] = json.loads(found[1])["dependencies"]
    return listed


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one event: the values for the page, or that it failed, with the sentence shown."""

    values: Sequence[Any] = ()
    failed: bool = False
    words: str = ""

    @property
    def text(self) -> str:
        """All that the page would show of it."""
        return f"{json.dumps(self.values, ensure_ascii=False)} {self.words}"


@dataclass
class Page:
    """Use as a context manager. `script` names the functions that the page's own script calls, by number."""

    address: str
    session: str = field(default_factory=lambda: secrets.token_hex(6))
    tab: str = field(default_factory=lambda: secrets.token_hex(16))
    calls: dict[str, int] = field(default_factory=dict)
    inputs: dict[str, int] = field(default_factory=dict)

    def __enter__(self) -> Page:
        self.client = httpx.Client(base_url=self.address, timeout=PATIENCE_S, headers={"origin": self.address})
        self.html = self.client.get("/").text
        self.client.headers[TOKEN_HEADER] = token_of(self.html)
        for call in dependencies_of(self.html):
            if call["backend_fn"]:
                self.calls.setdefault(str(call["api_name"]), call["id"])
                self.inputs[str(call["api_name"])] = len(call["inputs"])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def event(self, name: str, *data: Any, event: Any = None) -> Told:
        """What the event `name` tells the page at last."""
        body = {
            "fn_index": self.calls[name],
            "data": list(data),
            "event_data": event,
            "session_hash": self.session,
            "trigger_id": None,
        }
        return self.sent(json.dumps(body))

    def sent(self, body: str | bytes) -> Told:
        """As `event`, with a body of one's own."""
        joined = self.client.post("/gradio_api/queue/join", content=body, headers={"content-type": "application/json"})
        if joined.status_code != 200:
            return Told(failed=True, words=f"{joined.status_code} {joined.text}")
        number = joined.json()["event_id"]
        with self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            return _last(stream, number)

    def ask(self, question: Any) -> Told:
        """Put a question and read its answer to the end."""
        put = self.event("ask", question, self.tab, *OPTIONS)
        return put if put.failed else self.event("follow", self.tab)

    def upload(self, files: Sequence[tuple[str, bytes]]) -> httpx.Response:
        """The files as a browser sends them, before any is taken in: half a character pair is no name there."""
        whole = [(name.encode("utf-8", "replace").decode(), data) for name, data in files]
        return self.client.post("/gradio_api/upload", files=[("files", one) for one in whole])

    def ingest(self, files: Sequence[tuple[str, bytes]]) -> Told:
        """Drop files on the page and follow the job to its end."""
        sent = self.upload(files)
        if sent.status_code != 200:
            return Told(failed=True, words=f"{sent.status_code} {sent.text}")
        names = [name for name, _ in files]
        dropped = [
            {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
            for name, path in zip(names, sent.json(), strict=False)
        ]
        begun = self.event("ingest", dropped, self.tab)
        return begun if begun.failed else self.event("follow_ingest", self.tab)


def _last(stream: httpx.Response, number: str) -> Told:
    """The last of what a stream of events tells of one of them."""
    values: list[Any] = []
    for line in _lines(stream):
        if not line.startswith("data:"):
            continue
        message: Mapping[str, Any] = json.loads(line.removeprefix("data:"))
        if message.get("event_id") not in (number, None):
            continue
        output = message.get("output") or {}
        if message["msg"] == "process_generating" and message.get("success") and output.get("data"):
            values = _grown(values, output["data"])
        elif message["msg"] == "process_completed":
            said = str(output.get("error") or message.get("title") or "")
            data = output.get("data") or []
            return Told(_kept(values, data), not message.get("success", True), said)
        elif message["msg"] in ("unexpected_error", "close_stream"):
            return Told(values, message["msg"] == "unexpected_error", str(message.get("message") or ""))
    return Told(values, True, "the stream ended")


def _lines(stream: httpx.Response) -> Iterator[str]:
    """As a browser cuts a stream of events: other signs that end lines stay in them."""
    held = ""
    for part in stream.iter_text():
        *whole, held = (held + part).split("\n")
        yield from whole


def _grown(before: list[Any], new: Sequence[Any]) -> list[Any]:
    """Values so far; of differences only the texts put in, which is all that is looked for here."""
    return [*before, *new][-64:]


def _kept(before: Sequence[Any], data: Sequence[Any]) -> list[Any]:
    return [*before, *data]
