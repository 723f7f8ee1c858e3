"""One client among many: what it may take is bounded, and the others are answered while it tries for more."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from rag.messages import reason, text
from rag.ui.http.calls import BODY_LIMIT
from rag.ui.http.quota import Allowance, Payer, Quota
from tests.support.pages import scripted_page, visitor

from .test_events import API, said

EACH = 40
ENV = {
    "RAG_CONNECTIONS_PER_ADDRESS": str(EACH),
    "RAG_UPLOAD_MB_PER_HOUR": "2",
    "RAG_UPLOAD_FILES_PER_HOUR": "12",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("limits")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with scripted_page(folder, env=ENV) as served:
        yield served


def connected(address: str, source: str) -> socket.socket:
    there = urlsplit(address)
    return socket.create_connection((there.hostname or "", there.port or 0), timeout=60, source_address=(source, 0))


GET = b"GET /theme.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def upload_of(client: httpx.Client, length: int, **more: str) -> bytes:
    """The head of an upload, whose answer begins once the server waits for its body."""
    names = ("cookie", "origin", "x-plainsight-token")
    headers = {
        "Host": client.base_url.netloc.decode(),
        "Content-Length": str(length),
        "Content-Type": "multipart/form-data; boundary=b",
        "Expect": "100-continue",
        **{name: client.headers[name] for name in names},
        **more,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {API}/upload HTTP/1.1\r\n{lines}\r\n".encode()


def refused(connection: socket.socket, sent: bytes = GET) -> bool:
    """Whether the server has closed it; False once it answers."""
    try:
        connection.sendall(sent)
        return not connection.recv(1)
    except ConnectionError:
        return True


def test_a_flood_of_endless_requests_is_bounded_by_address_and_said_once(address: str, folder: Path) -> None:
    before = said(folder).count("refused")
    with visitor(address, source="127.0.0.9") as client:
        head = upload_of(client, 100)
    with ExitStack() as flood:
        for number in range(3 * EACH):
            endless = flood.enter_context(closing(connected(address, "127.0.0.9")))
            assert refused(endless, head) is (number >= EACH)
        assert refused(flood.enter_context(closing(connected(address, "127.0.0.9"))))
        with visitor(address, source="127.0.0.8") as other:
            assert other.get("/theme.css").status_code == 200
    with visitor(address, source="127.0.0.9") as again:
        assert again.get("/theme.css").status_code == 200
    assert said(folder).count("refused") == before + 1
    assert "Traceback" not in said(folder)


def test_behind_a_named_proxy_the_clients_are_told_apart_by_what_it_forwards(tmp_path: Path) -> None:
    env = {"RAG_TRUSTED_PROXIES": "127.0.0.1", "RAG_CONNECTIONS_PER_ADDRESS": "4"}
    with scripted_page(tmp_path, env=env) as served, ExitStack() as flood, visitor(served) as client:
        for number in range(16):
            head = upload_of(client, 100, **{"X-Forwarded-For": f"198.51.100.{number // 4}"})
            assert not refused(flood.enter_context(closing(connected(served, "127.0.0.1"))), head)
        for number, status in ((0, 429), (4, 200)):
            reply = client.get("/theme.css", headers={"x-forwarded-for": f"6.6.6.6, 198.51.100.{number}"})
            assert reply.status_code == status
    assert said(tmp_path).count("refused: 198.51.100.0") == 1


def test_connections_that_say_nothing_make_room_for_those_that_do(address: str) -> None:
    with ExitStack() as flood:
        for _ in range(2 * EACH):
            flood.enter_context(closing(connected(address, "127.0.0.7")))
        assert not refused(flood.enter_context(closing(connected(address, "127.0.0.7"))))


def test_a_body_larger_than_any_event_is_refused_before_it_is_parsed(address: str) -> None:
    big = json.dumps({"data": ["x" * 4 * BODY_LIMIT], "fn_index": 0, "session_hash": "big"}).encode()
    with visitor(address) as client:
        for body in (big, iter([big])):  # announced, and in pieces of no announced length
            reply = client.post(f"{API}/queue/join", content=body, headers={"content-type": "application/json"})
            assert (reply.status_code, reply.headers["x-plainsight-refused"]) == (413, "front.too_long")
            assert reply.text.startswith("That is more than")


@pytest.mark.parametrize("announced", [True, False])
def test_an_upload_beyond_the_quota_is_refused_with_a_sentence_and_leaves_nothing(
    address: str, folder: Path, announced: bool
) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\n' + b"x" * 2_500_000
    body += b"\r\n--b--\r\n"
    with visitor(address, source=f"127.0.0.{20 + announced}") as client:
        cookie = f"{client.headers['cookie']}; lang=zh"
        headers = {"content-type": "multipart/form-data; boundary=b", "cookie": cookie}
        content: Any = body if announced else iter([body[:1_000_000], body[1_000_000:]])
        reply = client.post(f"{API}/upload", content=content, headers=headers)
    assert reply.status_code in (400, 413)
    assert reply.headers["x-plainsight-refused"] == "ui.upload_quota"
    assert "RAG_UPLOAD_MB_PER_HOUR" in reply.text
    assert "一小时内" in reply.text
    assert [
        path for path in (folder / "uploads").rglob("*") if path.is_file() and path.stat().st_size > 1_000_000
    ] == []


def test_files_count_one_by_one_for_browsers_and_address(address: str) -> None:
    def sent(browser: httpx.Client, count: int) -> int:
        files = [("files", (f"{n}.md", b"#")) for n in range(count)]
        return browser.post(f"{API}/upload", files=files).status_code

    with ExitStack() as opened:
        a, b, *new = [opened.enter_context(visitor(address, source="127.0.0.30")) for _ in range(7)]
        assert [sent(a, 8), sent(a, 8), sent(b, 8)] == [200, 400, 200]
        assert [sent(browser, 12) for browser in new].count(400) >= 2, "a new cookie is no new quota for ever"


def test_an_upload_that_breaks_off_leaves_no_file_and_no_traceback(address: str, folder: Path) -> None:
    begun = b'--b\r\nContent-Disposition: form-data; name="files"; filename="cut.md"\r\n\r\n' + b"x" * 200_000
    with visitor(address, source="127.0.0.31") as client, closing(connected(address, "127.0.0.31")) as connection:
        connection.sendall(upload_of(client, 900_000))
        assert connection.recv(12) == b"HTTP/1.1 100"
        connection.sendall(begun)
    with visitor(address) as other:
        assert other.get("/theme.css").status_code == 200
    assert "Traceback" not in said(folder)


@pytest.mark.parametrize(
    "field",
    [
        b'form-data; name="files"',
        b"form-data; name=\"files\"; filename*=UTF-8''a.md",
        b'form-data; name="other"; filename="a.md"',
        b"form-data",
        b"",
        b'form-data; name="files"; filename="\xff\xfe.md"',
    ],
    ids=["no file", "a file of an extended name", "another field", "no name", "nothing", "no UTF-8"],
)
def test_a_form_without_files_is_refused_in_words(address: str, folder: Path, field: bytes) -> None:
    body = b"--b\r\nContent-Disposition: " + field + b"\r\n\r\n# a\r\n--b--\r\n"
    with visitor(address, source="127.0.0.33") as client:
        headers = {"content-type": "multipart/form-data; boundary=b"}
        reply = client.post(f"{API}/upload", content=body, headers=headers)
    assert reply.status_code < 500
    assert "Traceback" not in said(folder)


def quota(free: int = 10**12, now: list[float] | None = None) -> Quota:
    clock = now or [0.0]
    return Quota(Allowance(1_000_000, 10), free=lambda: free, reserve=500_000_000, now=lambda: clock[0])


def test_a_quota_comes_back_with_the_next_hour() -> None:
    now = [10.0]
    counted = quota(now=now)
    alice = (Payer("alice"),)
    assert counted.spend(alice, 900_000, 1) is None
    assert counted.spend(alice, 200_000, 1) == reason("ui.upload_quota", limit=1, minutes=60)
    assert counted.spend((Payer("bob"),), 200_000, 1) is None
    now[0] = 3601.0
    assert counted.spend(alice, 900_000, 1) is None


def test_what_was_announced_and_never_came_is_given_back() -> None:
    counted, alice = quota(), (Payer("alice"),)
    counted.spend(alice, 900_000, 0)
    counted.give_back(alice, 800_000)
    assert counted.spend(alice, 900_000, 0) is None


def test_uploads_leave_the_disk_its_reserve() -> None:
    assert quota(free=600_000_000).room(50_000_000) is None
    why = quota(free=600_000_000).room(150_000_000)
    assert why == reason("ui.disk_full", reserve=500)
    assert "500 MB" in text(why, "en")
