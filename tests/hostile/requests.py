"""What arrives at the port from those who do not use the page: other sites, programs, floods, half requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests import ROOT

from .bodies import broken_requests, cookies, half_uploads, languages, originals, wrong_bodies
from .floods import (
    a_large_body,
    disconnects,
    flood_of_connections,
    flood_of_followers,
    flood_of_streams,
    flood_of_visitors,
    half_requests,
    many_uploads,
)
from .target import Target
from .visitors import folder_closed, foreign_sessions, foreign_uploads, uploads_kept_inside, without_cookie
from .wire import client_of, no_leak, raw

Request = Callable[[Target], None]
"""Does it, and raises AssertionError where what must hold does not."""

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "gEt", "X" * 300)

CROSS_SITE: Mapping[str, Mapping[str, str]] = {
    "a foreign origin": {"origin": "https://evil.example"},
    "no origin at all, says the browser": {"origin": "null"},
    "another port of this machine": {"origin": "http://127.0.0.1:1"},
    "another name of this machine": {"origin": "http://localhost:3000"},
    "an origin that begins like ours": {"origin": "http://127.0.0.1.evil.example"},
    "ours as its user": {"origin": "http://127.0.0.1@evil.example"},
    "two origins": {"origin": "http://127.0.0.1, https://evil.example"},
    "an empty origin": {"origin": ""},
    "cross-site": {"sec-fetch-site": "cross-site"},
    "same-site": {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:1"},
    "a forged forwarded host": {"origin": "https://evil.example", "x-forwarded-host": "evil.example"},
    "forged forwarding of every kind": {
        "origin": "https://evil.example",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "https",
        "x-forwarded-port": "443",
        "x-forwarded-server": "evil.example",
        "x-original-host": "evil.example",
        "forwarded": "host=evil.example;proto=https",
    },
    "a foreign referrer": {"referer": "https://evil.example/", "sec-fetch-site": "cross-site"},
}
HOSTS: Mapping[str, str] = {
    "a foreign name": "evil.example",
    "a foreign name with our port": "evil.example:{port}",
    "our name before a foreign one": "127.0.0.1.evil.example",
    "a user before": "127.0.0.1@evil.example",
    "a path behind": "evil.example/127.0.0.1",
    "a blank": "127.0.0.1 evil.example",
    "two names": "127.0.0.1,evil.example",
    "nothing": "",
    "an ending dot": "evil.example.",
    "a wildcard name": "127.0.0.1.nip.io",
    "a number": "2130706433",
    "all addresses": "0.0.0.0:{port}",
    "an address of the network": "192.168.0.1:{port}",
    "a port that is none": "127.0.0.1:evil",
    "ten thousand characters": "a" * 10_000,
}
LED_AWAY = (
    "file={to}/a", "file=//{host}/a", "file={to}%2fa", "file=%68ttp://{host}/a", "file=HTTP://{host}/a", "file= {to}/a",
    "file=http:/{host}/a", "file=http:%5c%5c{host}/a", "file=ftp://{host}/a", "file=\t{to}/a", "proxy={to}/a",
    "proxy=http:/{host}/a", "proxy=//{host}/a", "proxy=%68ttp://{host}/a", "file/{to}/a", "file=x?u={to}", "proxy=",
    "proxy=x", "file=data:text/html,a", "file=javascript:alert(1)", "custom_component/{to}/server/component/a",
)  # fmt: skip
FILES = (
    "/etc/passwd", "../../../../etc/passwd", "..%2f..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/etc/passwd",
    "/proc/self/environ",
    "file:///etc/passwd", "app.py", "{root}/app.py", "{data}/plainsight.db", "{data}/milvus.db", "{data}/jobs",
    "{folder}/server.log", "//etc/passwd", "/etc/passwd%00.md", "~/.bashrc", "/dev/stdin", "\\etc\\passwd",
)  # fmt: skip


def cross_site(headers: Mapping[str, str]) -> Request:
    def attack(target: Target) -> None:
        with client_of(target, **headers) as client:
            for path in ("upload", "queue/join", "run/predict", "call/ask", "cancel", "reset", "component_server"):
                sent = (
                    client.post(f"/gradio_api/{path}", files={"files": ("a.md", b"# planted")})
                    if path == "upload"
                    else client.post(f"/gradio_api/{path}", json={"data": [], "fn_index": 7, "session_hash": "x"})
                )
                assert sent.status_code in (403, 404, 405), f"{path}: {sent.status_code}"
                assert "access-control-allow-origin" not in sent.headers, f"{path}: CORS"
            simple = client.post(
                "/gradio_api/queue/join", content='{"data":[],"fn_index":23}', headers={"content-type": "text/plain"}
            )
            assert simple.status_code in (403, 404), f"a simple request: {simple.status_code}"

    return attack


def preflight(headers: Mapping[str, str]) -> Request:
    def attack(target: Target) -> None:
        asked = {**headers, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
        with client_of(target, **asked) as client:
            for path in ("/", "/config", "/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/queue/data"):
                for method in ("OPTIONS", "GET", "HEAD"):
                    with client.stream(method, path) as reply:
                        given = [name for name in reply.headers if name.startswith("access-control-allow")]
                        assert not given, f"{method} {path}: {given}"

    return attack


def host(name: str) -> Request:
    def attack(target: Target) -> None:
        sent = name.format(port=target.port)
        for path in (b"/", b"/config", b"/gradio_api/startup-events"):
            reply = raw(target, b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (path, sent.encode()))
            assert re.match(rb"HTTP/1.1 4\d\d", reply) or not reply, reply[:80]

    return attack


def led_away(path: str) -> Request:
    def attack(target: Target) -> None:
        to = target.foreign.url
        asked = path.format(to=to, host=to.removeprefix("http://"))
        for method in (b"GET", b"HEAD", b"POST", b"OPTIONS"):
            line = b"%s /gradio_api/%s HTTP/1.1\r\n" % (method, asked.encode())
            reply = raw(target, line + f"Host: 127.0.0.1:{target.port}\r\nConnection: close\r\n\r\n".encode())
            assert b"foreign" not in reply, "the foreign page came back"
            assert to.encode() not in re.sub(rb"(?i)content-security[^\r]*", b"", reply), "led there"
            assert not re.match(rb"HTTP/1.1 (2|3|5)\d\d", reply), reply[:60]
            if re.search("http|proxy", asked, re.IGNORECASE):
                assert b'{"detail"' not in reply, "it got as far as Gradio, which would fetch a public address"

    return attack


def file(path: str) -> Request:
    def attack(target: Target) -> None:
        asked = path.format(root=ROOT, data=target.data, folder=target.folder)
        prefixes = (
            "gradio_api/file=",
            "gradio_api/file/",
            "static/",
            "assets/",
            "svelte/",
            "gradio_api/stream/",
            "file=",
        )
        with client_of(target) as client:
            for prefix in prefixes:
                for method in ("GET", "HEAD"):
                    reply = client.request(method, f"/{prefix}{asked}")
                    assert reply.status_code in (400, 403, 404, 405), f"{method} {prefix}: {reply.status_code}"
                    no_leak(reply.text)

    return attack


def method(name: str) -> Request:
    def attack(target: Target) -> None:
        for path in ("/", "/config", "/gradio_api/upload", "/gradio_api/queue/join", "/original?name=x", "/*", "*"):
            head = f"{name} {path} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n"
            reply = raw(target, f"{head}Connection: close\r\nContent-Length: 0\r\n\r\n".encode())
            assert not re.match(rb"HTTP/1.1 5\d\d", reply), f"{path}: {reply[:60]!r}"
            no_leak(reply.decode("latin-1"))

    return attack


def routes() -> Sequence[tuple[str, str]]:
    """Every route of the installed Gradio, by method, its places filled in."""
    import gradio as gr
    from gradio.routes import App

    found: set[tuple[str, str]] = set()
    waiting: list[Any] = list(App.create_app(gr.Blocks()).routes)
    for route in waiting:
        waiting += getattr(getattr(route, "original_router", None), "routes", [])
        path = re.sub(r"\{[^}]*\}", "x", str(getattr(route, "path", "")))
        found |= {(each, path) for each in getattr(route, "methods", None) or ("GET",)}
    return sorted(found)


def every_route(target: Target) -> None:
    with client_of(target, origin=target.address) as client:
        for name, path in routes():
            for prefix in ("", "/gradio_api"):
                with client.stream(name, prefix + path) as reply:
                    assert reply.status_code < 500, f"{name} {prefix}{path}: {reply.status_code}"
                    assert "content-security-policy" in reply.headers, f"{name} {prefix}{path}: no policy"
                    heard = reply.headers.get("content-type", "").startswith("text/event-stream")
                    no_leak("" if heard else reply.read().decode("utf-8", "replace"))


REQUESTS: Mapping[str, Request] = {
    "every route of Gradio": every_route,
    "wrong bodies everywhere": wrong_bodies,
    "broken uploads": half_uploads,
    "another visitor's session": foreign_sessions,
    "another visitor's upload": foreign_uploads,
    "visitors without cookies": without_cookie,
    "where uploads lie": uploads_kept_inside,
    "who may look into the data folder": folder_closed,
    "originals by hostile names": originals,
    "hostile cookies": cookies,
    "hostile languages": languages,
    "broken requests": broken_requests,
    "a body of 50 MB": a_large_body,
    "clients that leave": disconnects,
    "a flood of connections": flood_of_connections,
    "requests that never end": half_requests,
    "a flood of event streams": flood_of_streams,
    "a flood of followers": flood_of_followers,
    "a flood of new visitors": flood_of_visitors,
    "uploads without end": many_uploads,
    **{f"led away: {path}": led_away(path) for path in LED_AWAY},
    **{f"file: {path}": file(path) for path in FILES},
    **{f"cross-site post: {name}": cross_site(headers) for name, headers in CROSS_SITE.items()},
    **{f"preflight: {name}": preflight(headers) for name, headers in CROSS_SITE.items()},
    **{f"host: {name}": host(sent) for name, sent in HOSTS.items()},
    **{f"method: {name[:20]}": method(name) for name in METHODS},
}
"""By name."""
