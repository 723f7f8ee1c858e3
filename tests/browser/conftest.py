"""One browser for the session, a fresh context for every page, and a watch over what no page may ever do."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.support.chromium import executable
from tests.support.pages import real_page, scripted_page

HARMLESS = (
    "Method not implemented.",
    "AbortError: signal is aborted",
    "Connection errored out",
    "TypeError: Failed to fetch",
    "net::ERR_CONNECTION_REFUSED",
)
"""What Gradio itself writes to the console when files are uploaded, when a page with an open stream is left, and when
its server has ended first."""
CUT_OFF = ("net::ERR_INCOMPLETE_CHUNKED_ENCODING", "net::ERR_CONNECTION_RESET", "TypeError: network error")
"""What it writes when its server ends in the middle of a stream: harmless once nobody listens at the address."""

Open = Callable[..., Page]

expect.set_options(timeout=20_000)  # for a page that shares two cores with the rest of the tests; 5 s by itself


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")  # no longer: Playwright keeps an event loop running in this thread
def browser() -> Iterator[Browser]:
    path = executable()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page whose answers follow the question's words."""
    executable()
    with scripted_page(tmp_path_factory.mktemp("scripted"), pause=0.02) as address:
        yield address


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The product itself with its offline models."""
    executable()
    with real_page(tmp_path_factory.mktemp("real"), {}) as address:
        yield address


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open an address in a context of its own; at the end nothing may have gone wrong in any of them."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_(
        address: str, *, width: int = 1440, height: int = 900, language: str = "en-US", theme: str = "light"
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            color_scheme="dark" if theme == "dark" else "light",
            accept_downloads=True,
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        _watch(page, address, wrong)
        page.goto(address)
        ready(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


def ready(page: Page) -> None:
    """Wait until the page can be used."""
    page.locator("html[data-ready]").wait_for(state="attached")
    page.locator("#status .pill").wait_for()


def _served(address: str) -> bool:
    """Whether a server still listens there."""
    url = urlsplit(address)
    with socket.socket() as s:
        return s.connect_ex((url.hostname, url.port)) == 0


def _watch(page: Page, address: str, wrong: list[str]) -> None:
    def console(message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning") or any(known in message.text for known in HARMLESS):
            return
        if any(known in message.text for known in CUT_OFF) and not _served(address):
            return
        wrong.append(f"console {message.type}: {message.text}")

    def request(sent: Request) -> None:
        if not sent.url.startswith((address, "data:", "blob:")):
            wrong.append(f"request to {sent.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: wrong.append(f"page error: {error}"))
    page.on("request", request)
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
