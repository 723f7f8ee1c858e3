"""Too much at once, or without end; clients that leave."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack, suppress

from rag.accounts.browser import token
from tests.support.loopback_openai import Gated, Hung

from .page import OPTIONS, TOKEN_HEADER, Page
from .target import QUESTION, Target
from .wire import PATIENCE_S, client_of

FLOOD = 300
"""Connections or streams at once: bounded, as the machine is shared."""


def flood_of_connections(target: Target) -> None:
    """Hundreds of connections that say nothing; the app answers while they are there and after they went."""
    with ExitStack() as open_now:
        for _ in range(FLOOD):
            with suppress(OSError):
                open_now.enter_context(socket.create_connection(("127.0.0.1", target.port), PATIENCE_S))
        with client_of(target) as client:
            assert client.get("/theme.css").status_code in (200, 429, 503)


def half_requests(target: Target) -> None:
    """Hundreds of requests that never end, byte by byte."""
    own = {TOKEN_HEADER: token("half"), "Cookie": "plainsight=half", "Origin": target.address}
    more = "".join(f"{name}: {value}\r\n" for name, value in own.items())
    head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\nContent-Length: 100000\r\n{more}"
    with ExitStack() as open_now:
        for _ in range(FLOOD // 2):
            with suppress(OSError):
                one = open_now.enter_context(socket.create_connection(("127.0.0.1", target.port), PATIENCE_S))
                one.sendall(f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n--b".encode())
        with client_of(target) as client:
            assert client.get("/theme.css").status_code in (200, 429, 503)


def flood_of_streams(target: Target) -> None:
    """Hundreds of event streams of sessions that wait for nothing; another visitor is served all the same."""
    with ExitStack() as open_now:
        for number in range(FLOOD):
            with suppress(OSError):
                one = open_now.enter_context(socket.create_connection(("127.0.0.1", target.port), PATIENCE_S))
                path = "queue/data?session_hash" if number % 2 else "heartbeat/"
                one.sendall(
                    f"GET /gradio_api/{path}=f{number} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n\r\n".encode()
                )
        with Page(target.address) as page:
            assert "pill" in page.event("look", "", "").text


def flood_of_followers(target: Target) -> None:
    """Forty pages that follow an answer which never comes: the next question is answered, or told that it waits."""
    with ExitStack() as open_now, target.replying(Hung(headers=True)):
        for _ in range(40):
            page = open_now.enter_context(Page(target.address))
            page.event("ask", QUESTION, page.tab, *OPTIONS)
            body = {"fn_index": page.calls["follow"], "data": [page.tab], "session_hash": page.session}
            page.client.post("/gradio_api/queue/join", json=body)
            one = open_now.enter_context(socket.create_connection(("127.0.0.1", target.port), PATIENCE_S))
            asked = (
                f"GET /gradio_api/queue/data?session_hash={page.session} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n"
            )
            one.sendall(f"{asked}Cookie: plainsight={page.client.cookies['plainsight']}\r\n\r\n".encode())
        began = time.monotonic()
        with Page(target.address) as mine:
            asked_now = mine.event("ask", QUESTION, mine.tab, *OPTIONS)
            assert not asked_now.failed or asked_now.words, "nothing said"
            assert time.monotonic() - began < PATIENCE_S, "the next question waited"


def flood_of_visitors(target: Target) -> None:
    """Hundreds of new cookies while one answer runs: it is not dropped."""
    gated = Gated(["Send "], ["SIGHUP [1]."])
    with Page(target.address) as mine:
        with target.replying(gated):
            assert not mine.event("ask", QUESTION, mine.tab, *OPTIONS).failed
            with client_of(target, origin=target.address) as client:
                number = mine.calls["open"]
                for _ in range(520):
                    client.cookies.clear()
                    body = {"fn_index": number, "data": ["t", "", ""], "session_hash": "f"}
                    own = {"cookie": f"plainsight=flood{_}", TOKEN_HEADER: token(f"flood{_}")}
                    assert client.post("/gradio_api/run/predict", json=body, headers=own).status_code == 200
            gated.gate.set()
            told = mine.event("follow", mine.tab)
        assert "SIGHUP" in told.text, "the running answer was dropped"


def disconnects(target: Target) -> None:
    """Clients that leave in the middle of everything."""
    with Page(target.address) as page:
        for _ in range(10):
            page.tab, page.session = f"{page.tab}x", f"{page.session}x"  # a stream nobody reads takes what it is told
            page.event("ask", QUESTION, page.tab, *OPTIONS)
            body = {"fn_index": page.calls["follow"], "data": [page.tab], "session_hash": page.session}
            page.client.post("/gradio_api/queue/join", json=body)
            for path in (
                f"/gradio_api/queue/data?session_hash={page.session}",
                "/",
                "/config",
                "/gradio_api/heartbeat/x",
            ):
                line = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n\r\n".encode()
                with socket.create_connection(("127.0.0.1", target.port), PATIENCE_S) as one:
                    one.sendall(line)
                    if _ % 2:
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        with socket.create_connection(("127.0.0.1", target.port), PATIENCE_S) as one:
            one.sendall(b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n--b")


def many_uploads(target: Target) -> None:
    """One visitor uploads without end: somewhere there is a limit, and it is said."""
    with Page(target.address) as page:
        for number in range(60):
            reply = page.upload([(f"{number}.md", b"a" * 10_000_000)])
            if reply.status_code in (413, 429, 507):
                return
            assert reply.status_code == 200, reply.status_code
    raise AssertionError("600 MB were taken from one visitor and kept")


def a_large_body(target: Target) -> None:
    """Bodies of hundreds of megabytes where an event of the page should be."""
    with Page(target.address) as page:
        client = page.client
        body = json.dumps({"fn_index": 3, "data": ["a" * 50_000_000, ""], "session_hash": "x"})
        reply = client.post("/gradio_api/queue/join", content=body, headers={"content-type": "application/json"})
        assert reply.status_code in (400, 403, 413), f"50 MB taken as an event: {reply.status_code}"
