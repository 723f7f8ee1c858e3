"""Requests whose head or body is broken, wrong or far too large."""

from __future__ import annotations

import re
from contextlib import suppress

import httpx

from .page import Page
from .target import Target
from .wire import client_of, no_leak, raw


def wrong_bodies(target: Target) -> None:
    bodies = (
        b"", b"{", b"null", b"[]", b"7", b'"x"', b"{}", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"9" * 100_000,
        b'{"fn_index": 99999, "data": [], "session_hash": "x"}', b'{"fn_index": -1, "data": [], "session_hash": "x"}',
        b'{"fn_index": "x", "data": {}, "session_hash": 7}', b'{"fn_index": 7, "data": [], "session_hash": null}',
        b'{"fn_index": 1e400, "data": [], "session_hash": "x"}',
        b'{"data": [], "session_hash": "\\ud800", "fn_index": 3}',
        b'{"fn_index": 3, "data": ["",""], "session_hash": "' + b"x" * 100_000 + b'"}',
        b'{"fn_index": 3, "data": ["",""], "session_hash": "../../x", "event_id": "x", "trigger_id": "x"}',
        b'{"fn_index": 3, "fn_index": 4, "data": ["",""], "session_hash": "x", "batched": true}',
    )  # fmt: skip
    with Page(target.address) as page:
        client = page.client
        for path in (
            "queue/join",
            "cancel",
            "reset",
            "run/predict",
            "component_server",
            "upload",
            "call/ask",
            "stream/x",
        ):
            for body in bodies:
                for kind in ("application/json", "multipart/form-data", "multipart/form-data; boundary=", "text/plain"):
                    reply = client.post(f"/gradio_api/{path}", content=body, headers={"content-type": kind})
                    assert reply.status_code < 500, f"{path} {kind} {body[:60]!r}: {reply.status_code}"
                    no_leak(reply.text)


def half_uploads(target: Target) -> None:
    """Multipart bodies that are broken in every way."""
    head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\n'
    bodies = (
        head, head + b"# a", head + b"# a\r\n--b", b"--b--", b"--b\r\n\r\n\r\n--b--\r\n", b"x" * 1000,
        head.replace(b"files", b"x") + b"# a\r\n--b--\r\n",
        head.replace(b"a.md", b"\xff\xfe\xed\xa0\x80.md") + b"\r\n--b--\r\n",
        head.replace(b"a.md", b"a" * 100_000) + b"\r\n--b--\r\n", b"--b\r\n" + b"X: y\r\n" * 10_000 + b"\r\n--b--\r\n",
        (head + b"# a\r\n") * 3000 + b"--b--\r\n", head.replace(b"form-data;", b"form-data; " + b"a=b; " * 20_000),
        head.replace(b'filename="a.md"', b"filename*=UTF-8''%ED%A0%80%00..%2F..%2Fpwned.md") + b"\r\n--b--\r\n",
    )  # fmt: skip
    with Page(target.address) as page:
        client = page.client
        for body in bodies:
            for query in ("", "?upload_id=x", "?upload_id=" + "x" * 5000, "?upload_id=../../x"):
                reply = client.post(
                    f"/gradio_api/upload{query}",
                    content=body,
                    headers={"content-type": "multipart/form-data; boundary=b"},
                )
                assert reply.status_code < 500, f"{body[:60]!r}: {reply.status_code}"
                no_leak(reply.text)


def originals(target: Target) -> None:
    names = (
        "../../etc/passwd",
        "/etc/passwd",
        "x" * 100_000,
        "\ud800".encode("utf-8", "surrogatepass"),
        b"\xff",
        "a\0b",
        "",
    )
    with client_of(target) as client:
        for name in names:
            for base in ("", "x", '" or 1 == 1', "../.."):
                with suppress(httpx.InvalidURL):
                    reply = client.get("/original", params={"name": name, "base": base})
                    assert reply.status_code < 500 or reply.status_code == 503, f"{name!r:.40}: {reply.status_code}"
                    no_leak(reply.text)
        reply = client.get("/original?name=certificates.md&name=x&base=%ED%A0%80&base=")
        assert reply.status_code < 500


def cookies(target: Target) -> None:
    sent = (
        "plainsight=",
        "plainsight=" + "x" * 60_000,
        "plainsight=\xff",
        "plainsight=a; plainsight=b",
        "=",
        ";" * 5000,
    )
    for cookie in (*sent, "a=" + '"' * 3000, "plainsight=\x01", "plainsight=../../x", "a b c", "x" * 3000 + "=1"):
        line = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        reply = raw(target, line.encode("latin-1"))
        assert not re.match(rb"HTTP/1.1 5\d\d", reply), f"{cookie[:40]!r}: {reply[:60]!r}"


def languages(target: Target) -> None:
    values = (b"x" * 30_000, b"zh;q=" + b"9" * 5000, b"," * 20_000, b"zh-" * 10_000, b";q=;q=;q=", b"*", b"\xff")
    with client_of(target) as client:
        for value in values:
            reply = client.get("/", headers=[(b"accept-language", value), (b"cookie", b"plainsight.language=xx")])
            assert reply.status_code in (200, 400, 431), f"{value[:40]!r}: {reply.status_code}"


def broken_requests(target: Target) -> None:
    host = f"Host: 127.0.0.1:{target.port}\r\n".encode()
    for data in (
        b"\0" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00" * 50,
        b"GET " + b"/" * 100_000,
        b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 200_000, b"GET / HTTP/1.1\r\n" + host + b"X: y\r\n" * 20_000,
        b"POST / HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 9" + b"9" * 30 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
        b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        b"GET /%ff%fe%00 HTTP/1.1\r\n" + host + b"\r\n", b"GET /\xff\xfe HTTP/1.1\r\n" + host + b"\r\n",
        b"GET / HTTP/1.1\r\n" + host + b"X: a\r\n b\r\n\r\n", b"GET / HTTP/1.1\r\n" + host + b"\xff: \xff\r\n\r\n",
        b"GET /" + b"%2e%2e/" * 2000 + b" HTTP/1.1\r\n" + host + b"\r\n",
        b"GET /?" + b"a=b&" * 10_000 + b" HTTP/1.1\r\n" + host + b"\r\n",
        b"GET / HTTP/1.1\r\n" + host + b"Range: bytes=" + b"0-1," * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + host + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ):  # fmt: skip
        reply = b""
        with suppress(OSError):
            reply = raw(target, data)
        assert not re.match(rb"HTTP/1.1 5\d\d", reply), f"{data[:40]!r}: {reply[:60]!r}"
