"""The page in a browser behind ordinary reverse proxies: below a path, on another port, and refused in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.pages import scripted_page
from tests.support.proxy import Proxy, proxied

from .conftest import Open, ready
from .steps import answered, ask, composer

NAME = "plainsight.localhost"
"""A name every browser finds on this machine, and the page does not know by itself."""


@pytest.mark.parametrize(
    ("host", "env"),
    [
        pytest.param("kept", {}, id="with the browser's host"),
        pytest.param("no port", {}, id="with the host alone"),
        pytest.param("target", {}, id="with the host of the page itself"),
        pytest.param("target", {"RAG_TRUSTED_PROXIES": "127.0.0.1"}, id="named, with the host of the page itself"),
    ],
)
def test_behind_a_proxy_on_another_port_questions_are_answered(
    open_page: Open, tmp_path: Path, host: str, env: dict[str, str]
) -> None:
    with (
        scripted_page(tmp_path, env={"RAG_ALLOWED_HOSTS": NAME, **env}) as target,
        proxied(Proxy(target, host=host)) as port,  # type: ignore[arg-type]  # one of its words
    ):
        page = open_page(f"http://{NAME}:{port}")
        expect(ask(page, "How do I rotate a certificate?")).to_contain_text("SIGHUP")
        page.context.close()


@pytest.mark.parametrize("strip", [True, False], ids=["taken off", "left on"])
def test_below_a_path_questions_are_answered_and_files_taken(open_page: Open, tmp_path: Path, strip: bool) -> None:
    with (
        scripted_page(tmp_path, env={"RAG_ROOT_PATH": "/docs/rag"}) as target,
        proxied(Proxy(target, prefix="/docs/rag", strip=strip)) as port,
    ):
        page = open_page(f"http://127.0.0.1:{port}/docs/rag/")
        expect(ask(page, "How do I rotate a certificate?")).to_contain_text("SIGHUP")
        page.get_by_role("tab", name="Documents").click()
        (tmp_path / "new.md").write_text("# New\n\nA file.\n")
        page.locator("#drop input[type=file]").set_input_files(tmp_path / "new.md")
        expect(page.locator("#progress")).to_contain_text("new.md")
        page.context.close()


def test_what_is_refused_is_said_once_and_in_words(browser: Browser, tmp_path: Path) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    with scripted_page(tmp_path) as target, proxied(Proxy(target, host="target")) as port:
        page.goto(f"http://{NAME}:{port}")
        expect(page.locator("#refused")).to_contain_text(re.compile(f"{NAME}:{port}.*RAG_ALLOWED_HOSTS"))
        expect(page.locator("#refused")).to_have_count(1)
        expect(page.locator("#refused")).to_contain_text("请求")
        expect(page.locator(".toast-wrap:visible")).to_have_count(0)
        context.close()


def test_a_tab_whose_cookie_another_tab_replaced_goes_on(browser: Browser, scripted: str) -> None:
    page = browser.new_context(locale="en-US").new_page()
    page.goto(scripted)
    ready(page)
    ask(page)
    page.context.clear_cookies(name="plainsight")
    other = page.context.new_page()
    other.goto(scripted)
    ready(other)
    composer(page).fill("How do I rotate a certificate?")
    composer(page).press("Enter")
    expect(page.locator(".turn")).to_contain_text("How do I rotate a certificate?")
    expect(answered(page)).to_contain_text("SIGHUP")
    expect(page.locator(".asked")).to_have_count(0)
    expect(page.locator("#refused")).to_have_count(0)
    page.context.close()
