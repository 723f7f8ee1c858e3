"""The running page over plain HTTP: headers on everything, no open door, nothing reported to anyone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from rag.ui.security import OWNER_COOKIE, same_origin

from .pages import scripted_page


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
    assert reply.text.index("plainsight.language") < reply.text.index("gradio_config")
    cookie = reply.headers["set-cookie"]
    assert cookie.startswith(f"{OWNER_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "set-cookie" not in httpx.get(address, cookies=dict(reply.cookies)).headers


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/cancel"])
def test_a_request_from_another_site_is_refused(address: str, path: str) -> None:
    foreign = httpx.post(address + path, headers={"origin": "https://evil.example"}, files={"files": b"x"})
    assert foreign.status_code == 403


def test_the_pages_own_upload_is_accepted(address: str) -> None:
    own = httpx.post(address + "/gradio_api/upload", headers={"origin": address}, files={"files": ("a.md", b"# A")})
    assert own.status_code == 200


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        pytest.param({}, True, id="no browser"),
        pytest.param({"origin": "http://app:7860", "host": "app:7860"}, True, id="own page"),
        pytest.param({"origin": "https://docs.example", "host": "app:7860", "x-forwarded-host": "docs.example"}, True,
                     id="behind a proxy"),
        pytest.param({"origin": "http://app:9999", "host": "app:7860"}, False, id="other port"),
        pytest.param({"origin": "null", "host": "app:7860"}, False, id="sandboxed page"),
        pytest.param({"sec-fetch-site": "cross-site", "host": "app:7860"}, False, id="cross-site without origin"),
    ],
)  # fmt: skip
def test_same_origin(headers: dict[str, str], allowed: bool) -> None:
    assert same_origin([(k.encode(), v.encode()) for k, v in headers.items()]) is allowed


def test_no_function_is_offered_to_programs(address: str) -> None:
    info: dict[str, Any] = httpx.get(address + "/gradio_api/info").json()
    assert info["named_endpoints"] == {}
    assert info["unnamed_endpoints"] == {}


@pytest.mark.parametrize("path", ["/monitoring/summary", "/gradio_api/runs", "/gradio_api/mcp/sse"])
def test_what_gradio_would_show_of_others_is_closed(address: str, path: str) -> None:
    assert httpx.get(address + path).status_code in (403, 404)


@pytest.mark.parametrize("path", ["app.py", "/etc/passwd", "../app.py", "rag/settings.py"])
def test_no_file_of_the_server_can_be_read(address: str, path: str) -> None:
    assert httpx.get(f"{address}/gradio_api/file={path}").status_code in (403, 404)
