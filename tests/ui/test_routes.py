"""What is open in front of the page: nothing but what it needs, to nobody but its own visitor."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx
import pytest

from rag.accounts.browser import token
from rag.ui.http.hosts import Proxies, addressed_to
from rag.ui.http.routes import below, page_at_top, route_at, way_up
from tests.support.pages import config, scripted_page, visitor

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
NEEDED = {
    ("GET", "/"),
    ("HEAD", "/"),
    ("GET", "/theme.css"),
    ("GET", "/favicon.ico"),
    ("GET", "/assets/{path:path}"),
    ("GET", "/static/{path:path}"),
    ("GET", "/gradio_api/startup-events"),
    ("POST", "/gradio_api/run/{api_name}"),
    ("POST", "/gradio_api/queue/join"),
    ("GET", "/gradio_api/queue/data"),
    ("POST", "/gradio_api/upload"),
    ("GET", "/gradio_api/upload_progress"),
}
"""What the page asks of Gradio. Whatever else is reachable is a fault."""
REFUSED = "x-plainsight-refused"
QUESTION = "How do I rotate a certificate?"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with scripted_page(tmp_path_factory.mktemp("page")) as served:
        yield served


@pytest.fixture
def alice(address: str) -> Iterator[httpx.Client]:
    with visitor(address) as client:
        yield client


@pytest.fixture
def bob(address: str) -> Iterator[httpx.Client]:
    with visitor(address) as client:
        yield client


# ---- routes ----------------------------------------------------------------------------------------------------------


ROUTES = """
import gradio as gr
from gradio.routes import App
with gr.Blocks(analytics_enabled=False) as blocks:
    gr.HTML("")
left = list(App.create_app(blocks).routes)
while left:
    route = left.pop()
    router = getattr(route, "original_router", None)
    left += router.routes if router else []
    print(getattr(route, "path", ""))
"""


def gradios_routes() -> list[str]:
    """The path of every route the installed Gradio has, as a template."""
    told = subprocess.run([sys.executable, "-c", ROUTES], capture_output=True, text=True, check=True, timeout=120)
    return sorted(set(told.stdout.split()))


def filled(template: str) -> str:
    """A path of that template that Gradio might answer."""
    return re.sub(r"\{[^}]*\}", "1", template.replace("{api_name}", "predict"))


def test_every_route_of_gradio_is_needed_or_refused(address: str, alice: httpx.Client) -> None:
    routes = gradios_routes()
    assert len(routes) > 40 and {path for _, path in NEEDED} <= set(routes)
    opened = []
    for template in routes:
        for method in METHODS:
            if (method, template) in NEEDED:
                continue
            reply = alice.request(method, filled(template), json={} if method == "POST" else None)
            if reply.status_code not in (404, 405) or REFUSED not in reply.headers:
                opened.append(f"{method} {template}: {reply.status_code}")
    assert opened == []


def test_the_one_call_that_is_run_at_once_has_no_other_name(address: str, alice: httpx.Client) -> None:
    names = {str(call["api_name"]) for call in config(address)["dependencies"]}
    assert len(names) > 20
    for name in names | {"predict/", "Predict"}:
        assert alice.post(f"/gradio_api/run/{name}", json={}).status_code == 404


def raw(address: str, method: str, path: str) -> tuple[int, bytes]:
    """Status and body of the answer to a path as it stands, which other clients would tidy up."""
    url = urlsplit(address)
    with contextlib.closing(http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)) as connection:
        connection.request(method, path, headers={"connection": "close"})
        with connection.getresponse() as reply:
            return reply.status, reply.read()


@contextmanager
def canary() -> Iterator[tuple[str, list[str]]]:
    """The address of a foreign server, and what was asked of it."""
    asked: list[str] = []

    class Canary(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<script>canary</script>")

        do_HEAD = do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "end", ["file=", "file/", "proxy=", "FILE=", "file%3D", "%66ile=", "file=../", "./file=", "/file="]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_foreign_address_is_fetched_and_no_file_handed_out(address: str, end: str, method: str) -> None:
    with canary() as (host, asked):
        there = f"http://{host}/"
        named = [
            there,
            there.upper(),
            quote(there, safe=""),
            quote(quote(there, safe=""), safe=""),
            f"//{host}/",
            f"http:/{host}/",
            f"http:{host}/",
            f"\\\\{host}\\",
            f"http:\\\\{host}\\",
            f"hTTp://{host}/",
            f"%20{there}",
            f"%09{there}",
            f"file://{host}/",
            "file:///etc/hosts",
            "/etc/hosts",
            "..%2f..%2f..%2f..%2fetc%2fhosts",
            "README.md",
        ]
        for each in named:
            status, body = raw(address, method, f"/gradio_api/{end}{each}")
            assert status in (400, 404, 405), f"{end}{each}"
            assert b"canary" not in body
    assert asked == []


@pytest.mark.parametrize(
    "path", ["/assets/../../routes.py", "/static/..%2f..%2froutes.py", "/assets//etc/hosts", "/assets/.env"]
)
def test_the_files_of_gradio_are_those_of_its_page(address: str, path: str) -> None:
    assert raw(address, "GET", path)[0] == 404


@pytest.mark.parametrize("query", ["?deep_link=x", "?page=nowhere", "?deep_link=../../x&page=%00"])
def test_the_page_takes_nothing_from_its_address(address: str, query: str) -> None:
    reply = httpx.get(f"{address}/{query}")
    assert reply.status_code == 200 and '"deep_link_state":"none"' in reply.text


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["/", "/theme.css", "/gradio_api/queue/join", "/gradio_api/upload", "/original", "/nothing"]
)
@pytest.mark.parametrize(
    "origin", ["http://localhost:9999", "http://127.0.0.1:1", "null", "https://evil.example", "own"]
)
def test_no_answer_is_open_to_other_sites(
    address: str, alice: httpx.Client, method: str, path: str, origin: str
) -> None:
    asks = {"origin": address if origin == "own" else origin, "access-control-request-method": "POST"}
    reply = alice.request(method, path, headers={**asks, "access-control-request-headers": "x-plainsight-token"})
    assert [name for name in reply.headers if name.startswith("access-control-")] == []
    if method == "OPTIONS":
        assert reply.status_code in (404, 405)


# ---- scripts ---------------------------------------------------------------------------------------------------------


def test_only_the_inline_scripts_of_the_page_itself_may_run(address: str) -> None:
    reply = httpx.get(address)
    allowed = re.search("script-src ([^;]*)", reply.headers["content-security-policy"])
    assert allowed and "'unsafe-inline'" not in allowed[1]
    inline = re.findall(r"<script(?![^>]*\ssrc)[^>]*>", reply.text)
    assert inline and len(re.findall("'sha256-", allowed[1])) == len(inline)
    assert reply.headers["cache-control"] == "no-store"
    assert (
        "unsafe-inline"
        not in httpx.get(f"{address}/theme.css").headers["content-security-policy"].split("style-src")[0]
    )


# ---- hosts and proxies -----------------------------------------------------------------------------------------------


def test_on_the_network_only_known_names_are_answered(tmp_path: Path) -> None:
    env = {"RAG_HOST": "0.0.0.0", "RAG_ALLOWED_HOSTS": "docs.example"}
    with scripted_page(tmp_path, env=env) as served:
        for host in ("docs.example", "docs.example:8443", "localhost", urlsplit(served).netloc):
            assert httpx.get(served, headers={"host": host}).status_code == 200
        refused = httpx.get(served, headers={"host": "rebound.example", "accept-language": "zh-CN"})
        assert refused.status_code == 403 and refused.headers[REFUSED] == "front.host"
        assert "rebound.example" in refused.text and "RAG_ALLOWED_HOSTS" in refused.text and "主机" in refused.text


@pytest.mark.parametrize(
    ("host", "server", "answers"),
    [
        pytest.param("192.0.2.7:7860", "192.0.2.7", True, id="the address it arrived at"),
        pytest.param("[2001:db8::7]:7860", "2001:db8:0::7", True, id="the same of version 6"),
        pytest.param("192.0.2.7", "::ffff:192.0.2.7", True, id="the same on a socket for both"),
        pytest.param("192.0.2.8", "192.0.2.7", False, id="another address"),
        pytest.param("192.0.2.7.evil.example", "192.0.2.7", False, id="a name that begins so"),
        pytest.param("3221225991", "192.0.2.7", False, id="a number"),
        pytest.param("plainsight.sock", "plainsight.sock", False, id="a name"),
    ],
)
def test_the_address_a_connection_arrived_at_needs_no_name(host: str, server: str, answers: bool) -> None:
    assert addressed_to(frozenset(), [(b"host", host.encode())], server=server) is answers


def test_forwarded_headers_count_only_from_named_proxies(tmp_path: Path, address: str) -> None:
    forwarded = {
        "x-forwarded-host": "docs.example",
        "x-forwarded-proto": "https",
        "x-gradio-server": "http://evil.example",
    }
    for path in (address, f"{address}/theme.css"):
        assert "docs.example" not in (reply := httpx.get(path, headers=forwarded)).text + str(reply.headers)
        assert "evil.example" not in reply.text
    with visitor(address, headers=forwarded, origin="https://docs.example") as client:
        assert client.post("/gradio_api/upload", files={"files": b"x"}).headers[REFUSED] == "front.origin"
    env = {"RAG_TRUSTED_PROXIES": "10.0.0.0/8, 127.0.0.1", "RAG_ALLOWED_HOSTS": "docs.example"}
    with scripted_page(tmp_path, env=env) as served:
        with visitor(served, headers={**forwarded, "host": "app"}, origin="https://docs.example") as client:
            assert client.post("/gradio_api/upload", files={"files": ("a.md", b"x")}).status_code == 200
        foreign = httpx.get(served, headers={"x-forwarded-host": "evil.example"})
        assert foreign.headers[REFUSED] == "front.host", "the name the browser used must be known, too"


@pytest.mark.parametrize(
    ("client", "headers", "expected"),
    [
        pytest.param("203.0.113.1", {"x-forwarded-for": "198.51.100.1"}, ("203.0.113.1", "http", "app"), id="nobody's"),
        pytest.param("10.0.0.1", {"x-forwarded-for": "198.51.100.1"}, ("198.51.100.1", "http", "app"), id="the client"),
        pytest.param(
            "10.0.0.1", {"x-forwarded-for": "6.6.6.6, 198.51.100.1, 10.0.0.2"}, ("198.51.100.1", "http", "app"),
            id="what the client says of itself",
        ),
        pytest.param(
            "10.0.0.1", {"x-forwarded-host": "docs.example, app2", "x-forwarded-proto": "https"},
            ("10.0.0.1", "https", "docs.example"), id="host and scheme",
        ),
        pytest.param("10.0.0.1", {"x-forwarded-proto": "javascript"}, ("10.0.0.1", "http", "app"), id="no scheme"),
    ],
)  # fmt: skip
def test_what_a_proxy_says(client: str, headers: dict[str, str], expected: tuple[str, str, str]) -> None:
    from ipaddress import ip_network

    sent = [(b"host", b"app"), *((k.encode(), v.encode()) for k, v in headers.items())]
    scope = {"type": "http", "client": (client, 1), "scheme": "http", "headers": sent}
    heard = Proxies([ip_network("10.0.0.0/8")]).heard(scope)
    assert (heard["client"][0], heard["scheme"], dict(heard["headers"])[b"host"].decode()) == expected
    assert {k for k, _ in heard["headers"]} == {b"host"}


@pytest.mark.parametrize("below", ["/docs/rag", ""], ids=["left on", "taken off"])
def test_the_page_may_be_below_a_path(tmp_path: Path, below: str) -> None:
    with scripted_page(tmp_path, env={"RAG_ROOT_PATH": "docs/rag/"}) as served:
        with visitor(f"{served}{below}", origin=served) as client:
            assert client.get("/early.js").status_code == client.get("/theme.css").status_code == 200
            assert client.get("/original?name=x").headers["content-type"].startswith("text/plain")
            assert client.post("/gradio_api/upload", files={"files": ("a.md", b"x")}).status_code == 200
            assert client.get("/gradio_api/file=/etc/hosts").status_code == 404
        assert httpx.get(f"{served}/docs/rag").headers["location"] == "/docs/rag/"
        assert httpx.get(f"{served}/docs/ragged").status_code == 404


# ---- whose request it is ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({"x-plainsight-token": ""}, "front.token", id="no token"),
        pytest.param({"x-plainsight-token": "bob"}, "front.token", id="the token of another visitor"),
        pytest.param({"x-plainsight-token": token("")}, "front.token", id="the token of no cookie"),
        pytest.param({"cookie": ""}, "front.no_cookie", id="no cookie"),
        pytest.param({"cookie": "bob"}, "front.token", id="the cookie of another visitor"),
        pytest.param({"origin": "http://localhost:9999"}, "front.origin", id="another page of this machine"),
        pytest.param({"origin": ""}, "front.origin", id="an empty origin"),
    ],
)
@pytest.mark.parametrize("path", ["upload", "queue/join", "run/predict"])
def test_a_change_needs_the_page_of_the_same_browser(
    alice: httpx.Client, bob: httpx.Client, path: str, change: dict[str, str], why: str
) -> None:
    headers = {name: bob.headers[name] if value == "bob" else value for name, value in change.items()}
    reply = alice.post(f"/gradio_api/{path}", headers=headers, json={})
    assert reply.status_code == 403 and reply.headers[REFUSED] == why
    assert reply.headers["content-type"] == "text/plain; charset=utf-8" and reply.text.strip().endswith(".")


def test_what_names_no_origin_is_refused(address: str, alice: httpx.Client) -> None:
    del alice.headers["origin"]
    assert alice.post("/gradio_api/upload", files={"files": b"x"}).headers[REFUSED] == "front.origin"


# ---- whose it is that a request names --------------------------------------------------------------------------------


class Tab:
    """A tab of a visitor, which calls as the page's script does."""

    def __init__(self, client: httpx.Client, address: str, *, id: str, session: str) -> None:
        self.client = client
        self.calls = config(address)["dependencies"]
        self.id = id
        self.session = session

    def body(self, event: str, data: list[Any], **told: Any) -> dict[str, Any]:
        number = next(call["id"] for call in self.calls if any(name == event for _, name in call["targets"]))
        return {"fn_index": number, "data": data, "event_data": told, "session_hash": self.session, "trigger_id": None}

    def join(self, event: str, data: list[Any], **told: Any) -> httpx.Response:
        return self.client.post("/gradio_api/queue/join", json=self.body(event, data, **told))

    def messages(self) -> list[dict[str, Any]]:
        """Everything that comes over the tab's stream until it ends."""
        told: list[dict[str, Any]] = []
        asks = {"session_hash": self.session}
        with (
            contextlib.suppress(httpx.RemoteProtocolError),  # a stream for no tab is broken off behind its one word
            self.client.stream("GET", "/gradio_api/queue/data", params=asks) as reply,
        ):
            for line in reply.iter_lines():
                told += [json.loads(line[6:])] if line.startswith("data: ") else []
        return told

    def told(self, event: str, data: list[Any], **told: Any) -> str:
        """All a call brings the tab."""
        assert self.join(event, data, **told).status_code == 200
        return json.dumps(self.messages(), ensure_ascii=False)


def asked(tab: Tab, options: list[Any]) -> str:
    """What the tab sees after it has asked."""
    tab.told("submit", [QUESTION, tab.id, *options])
    opened = tab.client.post("/gradio_api/run/predict", json=tab.body("load", [tab.id, "", ""]))
    assert opened.status_code == 200
    return opened.text


def options(address: str) -> list[Any]:
    """The values of the settings as the page opens with them."""
    found = config(address)
    submit = next(c for c in found["dependencies"] if any(name == "submit" for _, name in c["targets"]))
    kept = {component["id"]: component["props"].get("value") for component in found["components"]}
    return [kept[id] for id in submit["inputs"][2:]]


def test_nothing_of_a_visitor_is_reached_by_another_who_knows_all_its_names(
    address: str, alice: httpx.Client, bob: httpx.Client
) -> None:
    hers = Tab(alice, address, id="0" * 32, session="abcdefghijk")
    his = Tab(bob, address, id=hers.id, session=hers.session)
    seen = asked(hers, options(address))
    assert QUESTION in seen
    conversation = re.search(r'data-conversation=\\*"([0-9a-f]+)', seen)
    name = conversation[1] if conversation else ""
    opened = bob.post("/gradio_api/run/predict", json=his.body("load", [his.id, name, name]))
    assert opened.status_code == 200 and QUESTION not in opened.text
    for event, told in (
        ("record", {"turn": 1}),
        ("evidence", {"turn": 1}),
        ("save", {"turn": 1}),
        ("save_as", {"turn": 1, "kind": "html", "form": "html", "what": "answer"}),
        ("copy_sources", {"turn": 1}),
        ("talks", {}),
        ("open_talk", {"id": name}),
        ("retry", {"turn": 1}),
    ):
        call = next(c for c in his.calls if any(named == event for _, named in c["targets"]))
        extra = options(address) if len(call["inputs"]) > 1 else []
        assert "rotate" not in his.told(event, [his.id, *extra], **told), event


def test_a_stream_brings_nothing_of_another_visitor_and_takes_nothing_away(
    address: str, alice: httpx.Client, bob: httpx.Client
) -> None:
    hers = Tab(alice, address, id="1" * 32, session="bcdefghijkl")
    his = Tab(bob, address, id=hers.id, session=hers.session)
    event = hers.join("talks", [hers.id]).json()["event_id"]
    stolen = his.messages()
    assert [message.get("session_not_found") for message in stolen] == [True], "his stream knows no such call"
    for path in ("cancel", "reset", f"stream/{event}", f"stream/{event}/close", "component_server"):
        told = {"session_hash": hers.session, "event_id": event, "fn_index": 0}
        assert bob.post(f"/gradio_api/{path}", json=told).status_code == 404
    for path in (f"heartbeat/{hers.session}", f"call/talks/{event}", f"call/v2/talks/{event}"):
        assert bob.get(f"/gradio_api/{path}").status_code == 404
    done = [message for message in hers.messages() if message["msg"] == "process_completed"]
    assert [message["event_id"] for message in done] == [event] and done[0]["success"]


def test_a_call_carries_no_running_event(address: str, alice: httpx.Client, bob: httpx.Client) -> None:
    hers = Tab(alice, address, id="2" * 32, session="cdefghijklm")
    his = Tab(bob, address, id="3" * 32, session="defghijklmn")
    event = hers.join("talks", [hers.id]).json()["event_id"]
    body = {**his.body("close_sheet", []), "event_id": event, "batched": True, "simple_format": True}
    reply = bob.post("/gradio_api/run/predict", json=body)
    assert reply.status_code == 200 and reply.json()["data"] == [""]
    assert any(message.get("event_id") == event for message in hers.messages())


def given(client: httpx.Client, name: str = "secret.md") -> str:
    """The path of a file just uploaded."""
    return str(client.post("/gradio_api/upload", files={"files": (name, b"# Mine\n\nOnly mine.")}).json()[0])


def file(path: str, **more: Any) -> dict[str, Any]:
    """A file in a call, as the page's script writes it."""
    return {"path": path, "orig_name": "secret.md", "meta": {"_type": "gradio.FileData"}, **more}


def test_only_own_uploads_can_be_ingested(address: str, alice: httpx.Client, bob: httpx.Client) -> None:
    hers = Tab(alice, address, id="4" * 32, session="efghijklmno")
    his = Tab(bob, address, id="5" * 32, session="fghijklmnop")
    path = given(alice)
    assert alice.get(f"/gradio_api/file={path}").status_code == bob.get(f"/gradio_api/file={path}").status_code == 404
    with canary() as (host, asks):
        for each in (path, f"http://{host}/", "/etc/hosts", "README.md", f"{path}/../../x", 7, None):
            for shape in ([file(each)], file(each), {"value": [file(each)]}):  # type: ignore[arg-type]  # hostile
                for send in (his.join, lambda *a, **k: bob.post("/gradio_api/run/predict", json=his.body(*a, **k))):
                    assert send("upload", [shape, his.id]).headers.get(REFUSED) == "front.foreign_file"
        own = file(path, url=f"http://{host}/")
        assert '"success": true' in hers.told("upload", [[own], hers.id])
    assert asks == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"fn_index": 0, "data": []}', id="no tab"),
        pytest.param(b'{"session_hash": 7, "data": []}', id="a tab that is no name"),
        pytest.param(b"[" * 200_000, id="nested without end"),
        pytest.param(b"\xff\xfe{", id="no text"),
    ],
)
def test_what_is_no_call_is_refused(alice: httpx.Client, body: bytes) -> None:
    for path in ("queue/join", "run/predict"):
        reply = alice.post(f"/gradio_api/{path}", content=body, headers={"content-type": "application/json"})
        assert (reply.status_code, reply.headers[REFUSED]) == (400, "front.no_call")


def test_a_call_without_end_is_refused(alice: httpx.Client) -> None:
    def blanks() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 1024 * 1024

    reply = alice.post("/gradio_api/queue/join", content=blanks(), headers={"content-type": "application/json"})
    assert (reply.status_code, reply.headers[REFUSED]) == (413, "front.too_long")


# ---- addresses of the page ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("root", "path", "top", "up"),
    [
        pytest.param("", b"/", "/", "./", id="the page"),
        pytest.param("", b"/documents", "/", "./", id="a page of it"),
        pytest.param("", b"/c/00000000000000000000000000000000", "/", "../", id="a conversation"),
        pytest.param("", b"/documents/a%2Fb.md", "/", "../", id="a slash that was written as none"),
        pytest.param("", b"/documents/a/b.md", "/", "../../", id="a document in a folder"),
        pytest.param("/docs/rag", b"/docs/rag/documents/a/b.md", "/docs/rag/", "../../", id="below a path left on"),
        pytest.param("/docs/rag", b"/documents/a/b.md", "/", "../../", id="below a path taken off"),
        pytest.param("/documents", b"/documents/documents/a.md", "/documents/", "../", id="below a path of that name"),
    ],
)
def test_the_page_stands_at_its_addresses_and_knows_its_top(root: str, path: bytes, top: str, up: str) -> None:
    scope: dict[str, Any] = {"type": "http", "path": unquote(path.decode()), "raw_path": path}
    assert page_at_top(scope, root)["path"] == top
    assert way_up(scope, root) == up
    found = route_at(below(root, scope["path"]))
    assert found and found.methods[0] == "GET"


@pytest.mark.parametrize(
    "path",
    [
        "/c", "/c/", "/c/1", f"/c/{'0' * 33}", f"/c/{'0' * 31}G", f"/c/{'0' * 32}/x", "/settings/x", "/document",
        "/documents/a%0Ab", "/documents" + "/a" * 65, "/c/../theme.css",
    ],
)  # fmt: skip
def test_what_is_no_address_of_the_page_is_refused(address: str, path: str) -> None:
    assert raw(address, "GET", path)[0] == 404


@pytest.mark.parametrize("path", ["/settings", "/documents/a/b%20c.md?base=x&deep_link=y", f"/c/{'0' * 32}"])
def test_an_address_of_the_page_says_nothing_of_what_is_there(address: str, path: str) -> None:
    reply = httpx.get(f"{address}{path}")
    assert reply.status_code == 200 and '"deep_link_state":"none"' in reply.text
    depth = path.partition("?")[0].count("/") - 1
    assert reply.text.index(f'<base href="{"../" * depth or "./"}">') < reply.text.index("early.js")
    assert reply.headers["cache-control"] == "no-store"
    assert httpx.post(f"{address}{path}").status_code in (403, 405)
