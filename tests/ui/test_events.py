"""Every event of the page, fed with what no browser sends: an answer in words or a quiet refusal, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.pages import config, scripted_page, visitor

API = "/gradio_api"
SHAPES_OF_EVENT = 5
"""Every event is sent so many of the shapes, every shape to some events."""
STRANGE: dict[str, Any] = {
    "null": None,
    "number": 7,
    "huge": 10**30,
    "text": "x",
    "list": [[1, None]],
    "object": {"a": {"b": None}},
    "file": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("events")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[httpx.Client]:
    with scripted_page(folder) as address, visitor(address) as client:
        yield client


def said(folder: Path) -> str:
    return (folder / "server.log").read_text(encoding="utf-8", errors="replace")


def dependencies(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = config(str(client.base_url))["dependencies"]
    return [each for each in found if each["backend_fn"]]


def bodies(dependency: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What such an event may be sent with instead of what the page sends."""
    count = len(dependency["inputs"])
    for data in [[], [None] * (count + 3), *([strange] * count for strange in STRANGE.values())]:
        yield {"data": data}
    for strange in (STRANGE[kind] for kind in ("null", "number", "object", "file")):
        yield {"data": [None] * count, "event_data": strange}
    for key in ("data", "trigger_id", "session_hash", "event_id", "batched", "simple_format"):
        yield {"data": [None] * count, key: {"no": ["such"]}}
    yield {"data": [None] * count, "trigger_id": 10**6}
    yield {"data": [None] * count, "batched": True}
    yield {}


def followed(client: httpx.Client, session: str) -> list[dict[str, Any]]:
    """What a session is told until its last event has ended."""
    with client.stream("GET", f"{API}/queue/data", params={"session_hash": session}) as stream:
        return [json.loads(line.removeprefix("data:")) for line in stream.iter_lines() if line.startswith("data:")]


def test_no_event_of_the_page_fails_in_the_log_whatever_it_is_sent(client: httpx.Client, folder: Path) -> None:
    known = dependencies(client)
    assert len(known) > 50, "every event of the page is walked"
    for number, dependency in enumerate(known):
        session, joined = f"walk-{dependency['id']}", 0
        shapes = list(bodies(dependency))
        for body in (shapes[(number + step * 4) % len(shapes)] for step in range(SHAPES_OF_EVENT)):
            sent = {"fn_index": dependency["id"], "session_hash": session, **body}
            if not dependency["queue"]:
                direct = client.post(f"{API}/run/predict", json=sent)
                said_so = direct.status_code in (200, 400, 403, 422) or direct.json()["error"]
                assert said_so, (dependency["targets"], sent)
                continue
            reply = client.post(f"{API}/queue/join", json=sent)
            assert reply.status_code in (200, 400, 403, 422), (dependency["targets"], sent, reply.text)
            joined += reply.status_code == 200
        assert not joined or joined == len([e for e in followed(client, session) if e["msg"] == "process_completed"])
    assert "Traceback" not in said(folder)


@pytest.mark.parametrize("sent", [{"fn_index": 10**6}, {"fn_index": -1}, {"fn_index": None}, {"fn_index": "x"}, {}])
@pytest.mark.parametrize("path", ["/queue/join", "/run/predict", "/run/nothing", "/call/nothing"])
def test_an_event_that_does_not_exist_is_refused_quietly(
    client: httpx.Client, folder: Path, path: str, sent: dict[str, Any]
) -> None:
    for session in ({}, {"session_hash": "none"}):
        assert client.post(API + path, json={"data": [], **session, **sent}).status_code in (400, 404, 405, 422)
    assert "Traceback" not in said(folder)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b"1e999"])
def test_a_body_that_is_no_event_is_refused_quietly(client: httpx.Client, folder: Path, body: bytes) -> None:
    for path in ("/queue/join", "/run/predict", "/cancel", "/component_server"):
        reply = client.post(API + path, content=body, headers={"content-type": "application/json"})
        assert 400 <= reply.status_code < 500
    assert "Traceback" not in said(folder)


def test_a_stream_of_nobody_and_a_reader_who_leaves_are_no_errors(client: httpx.Client, folder: Path) -> None:
    nobody = client.get(f"{API}/queue/data", params={"session_hash": "nobody"})
    assert "session_not_found" in nobody.text
    event = next(d for d in dependencies(client) if d["targets"][0][1] == "talks")
    sent = {"fn_index": event["id"], "session_hash": "leaver", "data": [None] * len(event["inputs"])}
    for _ in range(3):
        client.post(f"{API}/queue/join", json=sent)
        with client.stream("GET", f"{API}/queue/data", params={"session_hash": "leaver"}) as stream:
            next(stream.iter_lines())
    assert client.get("/theme.css").status_code == 200
    assert "Traceback" not in said(folder)
