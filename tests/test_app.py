"""The running page over plain HTTP: headers on everything, no open door, nothing reported to anyone."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from rag.accounts.browser import COOKIE_SECONDS, OWNER_COOKIE
from rag.ui.http.guard import Guard
from rag.ui.http.hosts import same_origin
from rag.ui.http.visitors import user

from .support.pages import config, scripted_page, started_page, visitor


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scripted_page(tmp_path_factory.mktemp("page")) as served:
        yield served


@pytest.mark.parametrize("path", ["/", "/config", "/theme.css", "/gradio_api/info", "/no/such/page"])
def test_every_answer_carries_the_security_headers(address: str, path: str) -> None:
    headers = httpx.get(address + path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy, "no other origin may be allowed"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_page_starts_with_our_script_and_sets_a_cookie_scripts_cannot_read(address: str) -> None:
    reply = httpx.get(address)
    script = re.search('src="./(early.js[^"]*)"', reply.text)
    assert script and script.start() < reply.text.index("gradio_config")
    assert "plainsight.language" in httpx.get(f"{address}/{script[1]}").text
    cookie = reply.headers["set-cookie"]
    assert cookie.startswith(f"{OWNER_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert f"Max-Age={COOKIE_SECONDS}" in cookie, "conversations outlive the browser's windows"
    assert httpx.get(address, cookies=dict(reply.cookies)).headers["set-cookie"] == cookie


@pytest.mark.parametrize(
    "sent", [r'"a\073 Domain=evil.example"', r'"a\015\012X-Other: 1"', r'"\001"', "é", "x" * 5000, "short"]
)
def test_a_cookie_we_did_not_make_is_not_sent_back(address: str, sent: str) -> None:
    reply = httpx.get(address, headers={b"cookie": f"{OWNER_COOKIE}={sent}".encode()})
    assert reply.status_code == 200 and "set-cookie" not in reply.headers


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/cancel"])
def test_a_request_from_another_site_is_refused(address: str, path: str) -> None:
    foreign = httpx.post(address + path, headers={"origin": "https://evil.example"}, files={"files": b"x"})
    assert foreign.status_code == 403


def test_the_pages_own_upload_is_accepted(address: str) -> None:
    with visitor(address) as page:
        own = page.post("/gradio_api/upload", files={"files": ("a.md", b"# A")})
    assert own.status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE"])
def test_a_page_on_loopback_answers_to_no_other_host_name(address: str, method: str) -> None:
    headers = {"host": "evil.example:7860", "origin": "http://evil.example:7860", "x-forwarded-host": "127.0.0.1"}
    reply = httpx.request(method, address, headers=headers)
    assert reply.status_code == 403
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert "set-cookie" not in reply.headers


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
def test_a_page_on_loopback_answers_to_every_name_of_loopback(address: str, name: str) -> None:
    port = urlsplit(address).port
    for host in (name, f"{name}:{port}"):
        assert httpx.get(address, headers={"host": host}).status_code == 200
    with visitor(address, headers={"host": f"{name}:{port}"}, origin=f"http://{name}:{port}") as page:
        assert page.post("/gradio_api/upload", files={"files": ("a.md", b"#")}).status_code == 200


def test_on_loopback_a_forwarded_host_proves_nothing(address: str) -> None:
    foreign = {"origin": "https://evil.example", "x-forwarded-host": "evil.example"}
    assert httpx.post(address + "/gradio_api/upload", headers=foreign, files={"files": b"x"}).status_code == 403


def test_a_host_named_in_the_settings_may_stand_in_front(tmp_path: Path) -> None:
    with scripted_page(tmp_path, env={"RAG_ALLOWED_HOSTS": "other.example, docs.example"}) as served:
        assert httpx.get(served, headers={"host": "docs.example"}).status_code == 200
        assert httpx.get(served, headers={"host": "docs.example.evil.example"}).status_code == 403
        with visitor(served, headers={"host": "docs.example"}, origin="https://docs.example") as page:
            assert page.post("/gradio_api/upload", files={"files": ("a.md", b"#")}).status_code == 200


def asked(bound: str, named: list[str], headers: list[tuple[bytes, bytes]], kind: str = "http") -> bool:
    """Whether such a request gets past the guard of a page that listens on `bound`."""
    reached: list[str] = []
    sent: list[MutableMapping[str, Any]] = []

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("the guard reads no body")

    scope = {"type": kind, "method": "GET", "path": "/", "headers": headers}
    asyncio.run(Guard(app, script="", bound=bound, named=named)(scope, receive, send))
    assert bool(reached) is not bool(sent)
    return bool(reached)


def reached(headers: list[tuple[bytes, bytes]], *, header: str, method: str = "GET", path: str = "/") -> str | None:
    """The user a request gets past the guard as; None when it is refused."""
    users: list[str] = []

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        users.append(user(scope))

    async def send(message: MutableMapping[str, Any]) -> None:
        assert message.get("status", 403) == 403

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("the guard reads no body")

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"host", b"localhost"), *headers]}
    asyncio.run(Guard(app, script="", user_header=header)(scope, receive, send))
    return users[0] if users else None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param([(b"x-forwarded-user", b"carol")], "carol", id="named"),
        pytest.param([(b"x-forwarded-user", "\u674e\u96f7".encode())], "\u674e\u96f7", id="in Chinese"),
        pytest.param([(b"x-forwarded-user", b"J\xf6rg")], "J\xf6rg", id="in Latin-1"),
        pytest.param([], None, id="not named"),
        pytest.param([(b"x-forwarded-user", b"  ")], None, id="blank"),
        pytest.param([(b"x-forwarded-user", b"carol"), (b"X-Forwarded-User", b"dave")], None, id="named twice"),
        pytest.param([(b"x-forwarded-user", b"carol\x00")], None, id="not printable"),
        pytest.param([(b"x-forwarded-user", b"c" * 257)], None, id="too long"),
        pytest.param([(b"x-forwarded-user2", b"carol")], None, id="another header"),
    ],
)
def test_behind_a_signing_in_proxy_only_requests_of_one_user_pass(
    headers: list[tuple[bytes, bytes]], expected: str | None
) -> None:
    assert reached(headers, header="X-Forwarded-User") == expected


def test_no_header_is_believed_while_the_setting_is_empty() -> None:
    assert reached([(b"x-forwarded-user", b"carol"), (b"plainsight.user", b"carol"), (b"", b"carol")], header="") == ""


def test_what_shows_nothing_needs_no_user() -> None:
    assert reached([], header="X-Forwarded-User", method="HEAD") == ""
    assert reached([], header="X-Forwarded-User", path="/gradio_api/startup-events") == ""
    assert reached([], header="X-Forwarded-User", path="/gradio_api/queue/data") is None


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([], id="none"),
        pytest.param([(b"host", b"")], id="empty"),
        pytest.param([(b"host", b"localhost"), (b"host", b"evil.example")], id="two"),
        pytest.param([(b"host", b"localhost@evil.example")], id="a name before the host"),
        pytest.param([(b"host", b"evil.example/localhost")], id="a path behind the host"),
        pytest.param([(b"host", b"localhost.evil.example")], id="a longer name"),
        pytest.param([(b"host", b"[::1].evil.example")], id="behind an address"),
        pytest.param([(b"host", b"\xff\xfe")], id="no text"),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_malformed_host_is_refused_on_loopback(headers: list[tuple[bytes, bytes]], kind: str) -> None:
    assert not asked("127.0.0.1", [], headers, kind)
    assert asked("127.0.0.1", [], [(b"host", b"localhost:7860")], kind) is (kind == "http"), "the page has no websocket"


@pytest.mark.parametrize(
    ("bound", "named", "host", "answers"),
    [
        pytest.param("localhost", [], "evil.example", False, id="on loopback by name"),
        pytest.param("::1", [], "evil.example", False, id="on loopback of version 6"),
        pytest.param("::1", [], "[::1]:7860", True, id="loopback's own name"),
        pytest.param("0.0.0.0", [""], "docs.example", False, id="on the network"),
        pytest.param("0.0.0.0", [""], "localhost:7860", True, id="on the network, from the machine itself"),
        pytest.param("0.0.0.0", [""], "0.0.0.0:7860", False, id="on the network, by nobody's address"),
        pytest.param("wiki.lan", [""], "wiki.lan:7860", True, id="on the network, by the name it listens on"),
        pytest.param("0.0.0.0", ["docs.example"], "docs.example:7860", True, id="on the network, named"),
        pytest.param("0.0.0.0", ["docs.example"], "evil.example", False, id="on the network, not named"),
        pytest.param("127.0.0.1", [" Docs.Example "], "docs.example", True, id="named on loopback"),
        pytest.param("127.0.0.1", ["https://docs.example:8443/"], "docs.example", True, id="named as an address"),
        pytest.param("127.0.0.1", ["docs.example"], "docs.example.", True, id="with the dot of the root"),
    ],
)
def test_which_hosts_are_answered(bound: str, named: list[str], host: str, answers: bool) -> None:
    assert asked(bound, named, [(b"host", host.encode())]) is answers


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        pytest.param({"host": "app:7860"}, False, id="no origin"),
        pytest.param({"origin": "http://app:7860", "host": "app:7860"}, True, id="own page"),
        pytest.param({"origin": "https://docs.example", "host": "app:7860"}, True, id="named, behind a proxy"),
        pytest.param({"origin": "https://docs.example:8443", "host": "docs.example"}, True, id="named, other port"),
        pytest.param({"origin": "https://evil.example", "host": "docs.example"}, False, id="not named"),
        pytest.param(
            {"origin": "https://evil.example", "host": "app:7860", "x-forwarded-host": "evil.example"},
            False,
            id="behind a proxy that is not believed",
        ),
        pytest.param({"origin": "http://app:9999", "host": "app:7860"}, False, id="other port"),
        pytest.param(
            {"origin": "http://localhost:9999", "host": "localhost:7860"}, False, id="other port of localhost"
        ),
        pytest.param({"origin": "null", "host": "app:7860"}, False, id="sandboxed page"),
        pytest.param({"origin": "https://docs.example@evil.example", "host": "app:7860"}, False, id="a name before it"),
        pytest.param({"origin": "ftp://docs.example", "host": "app:7860"}, False, id="no page"),
        pytest.param({"sec-fetch-site": "cross-site", "host": "app:7860"}, False, id="cross-site without origin"),
        pytest.param(
            {"origin": "https://docs.example", "sec-fetch-site": "same-site", "host": "docs.example"},
            False,
            id="of another page of the site",
        ),
    ],
)
def test_same_origin(headers: dict[str, str], allowed: bool) -> None:
    named = frozenset({"docs.example", "localhost"})
    assert same_origin([(k.encode(), v.encode()) for k, v in headers.items()], named=named) is allowed


@pytest.mark.parametrize("prefix", ["", "/gradio_api"])
@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc"])
def test_the_server_does_not_describe_itself(address: str, prefix: str, path: str) -> None:
    assert httpx.get(address + prefix + path).status_code == 404


def test_no_function_is_offered_to_programs(address: str) -> None:
    told = re.search("window.gradio_api_info = (.*?);</script>", httpx.get(address).text)
    info: dict[str, Any] = json.loads(told[1]) if told else {}
    assert info["named_endpoints"] == {}
    assert info["unnamed_endpoints"] == {}
    assert httpx.get(address + "/gradio_api/info").status_code == 404


def test_no_answer_is_dropped_while_the_browser_waits_for_the_end_of_the_one_before(address: str) -> None:
    calls = config(address)["dependencies"]
    modes = [call["trigger_mode"] for call in calls if re.fullmatch(r"follow(_\d+)?", str(call["api_name"]))]
    assert modes and set(modes) == {"multiple"}


@pytest.mark.parametrize("path", ["/monitoring/summary", "/gradio_api/runs", "/gradio_api/mcp/sse"])
def test_what_gradio_would_show_of_others_is_closed(address: str, path: str) -> None:
    assert httpx.get(address + path).status_code in (403, 404)


@pytest.mark.parametrize("path", ["app.py", "/etc/passwd", "../app.py", "rag/settings/settings.py"])
def test_no_file_of_the_server_can_be_read(address: str, path: str) -> None:
    assert httpx.get(f"{address}/gradio_api/file={path}").status_code in (403, 404)


def test_an_app_told_to_end_closes_what_it_has_open(tmp_path: Path) -> None:
    def uploads() -> list[Path]:
        return [each for each in (tmp_path / "data" / "tmp").iterdir() if each.is_dir()]

    with started_page(tmp_path) as address, visitor(address) as page:
        page.post("/gradio_api/upload", files={"files": ("a.md", b"# A")})
        assert len(uploads()) == 1
    assert uploads() == []
    assert "Traceback" not in (tmp_path / "server.log").read_text(encoding="utf-8")
