"""Addresses in a browser: conversations, documents and pages have one each, which is theirs after a reload and back."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.support.pages import scripted_page
from tests.support.proxy import Proxy, proxied

from .conftest import Open, ready
from .steps import ask, tab

FIRST, SECOND = "How do I rotate TLS certificates?", "Which settings need a restart?"
TALK = re.compile("/c/[0-9a-f]{32}$")


def two(page: Page) -> tuple[str, str]:
    """The addresses of two conversations, the second of which is open."""
    ask(page, FIRST)
    first = page.url
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".hero")).to_be_visible()
    ask(page, SECOND)
    expect(page).to_have_url(TALK)
    return first, page.url


def test_a_conversation_has_an_address_and_its_title_is_the_browsers(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    expect(page).to_have_title("Plainsight")
    first, second = two(page)
    assert TALK.search(first) and first != second
    expect(page).to_have_title(f"{SECOND} · Plainsight")
    page.reload()
    ready(page)
    expect(page.locator(".question p")).to_have_text(SECOND)
    other = page.context.new_page()
    other.goto(first)
    ready(other)
    expect(other.locator(".question p")).to_have_text(FIRST)
    expect(other).to_have_title("Rotate TLS certificates · Plainsight")
    assert ask(other, "And then?")
    expect(other).to_have_url(first)


def test_back_and_forward_go_from_conversation_to_conversation_and_page(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    first, _ = two(page)
    tab(page, "Settings")
    expect(page).to_have_url(f"{scripted}/settings")
    expect(page).to_have_title("Settings · Plainsight")
    page.go_back()
    expect(page.locator(".question p")).to_have_text(SECOND)
    expect(page.locator(".question p")).to_be_visible()
    page.get_by_role("button", name="New chat").click()
    expect(page).to_have_url(f"{scripted}/")
    page.go_back()
    expect(page.locator(".question p")).to_have_text(SECOND)
    page.go_back()
    expect(page.locator(".question p")).to_have_text(FIRST)
    expect(page).to_have_title("Rotate TLS certificates · Plainsight")
    assert page.url == first
    page.go_forward()
    expect(page.locator(".question p")).to_have_text(SECOND)
    page.go_forward()
    expect(page.locator(".hero")).to_be_visible()
    expect(page).to_have_title("Plainsight")
    tab(page, "Settings")
    page.reload()
    ready(page)
    expect(page.get_by_role("tab", name="Settings")).to_have_attribute("aria-selected", "true")
    assert page.url == f"{scripted}/settings"


def test_somebody_elses_conversation_shows_nothing_of_it(open_page: Open, scripted: str) -> None:
    alice, bob = open_page(scripted), open_page(scripted)
    ask(alice, "A secret of Alice?")
    ask(bob, "What Bob asks?")
    bob.goto(alice.url)
    ready(bob)
    expect(bob.locator(".hero")).to_be_visible()
    expect(bob.get_by_role("status").filter(has_text="no such conversation")).to_be_visible()
    expect(bob).to_have_url(f"{scripted}/")
    expect(bob.locator("body")).not_to_contain_text("A secret of Alice?")
    bob.goto(f"{scripted}/c/{'0' * 32}")
    ready(bob)
    expect(bob.get_by_role("status").filter(has_text="no such conversation")).to_be_visible()


def test_a_document_has_an_address_with_a_place(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    answer = ask(page)
    talk = page.url
    answer.locator(".chip").first.click()
    page.locator(".card").first.locator("[data-act=doc-open]").first.click()
    viewer = page.locator("#sheet .doc")
    expect(viewer).to_be_visible()
    expect(page).to_have_url(re.compile(r"/documents/[^#]+\.md#.+"))
    address, name = page.url, viewer.get_attribute("data-name")
    expect(page).to_have_title(f"{name} · Plainsight")
    page.keyboard.press("Escape")
    expect(page).to_have_url(talk)
    expect(viewer).to_have_count(0)
    page.go_forward()
    expect(viewer).to_be_visible()
    page.go_back()
    expect(viewer).to_have_count(0)
    page.goto(address)
    ready(page)
    expect(viewer).to_have_attribute("data-name", str(name))
    expect(viewer).to_have_attribute("data-target", re.compile(r"doc-at-\d+"))
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{scripted}/documents")


def test_addresses_hold_below_a_path(open_page: Open, tmp_path: Path) -> None:
    with (
        scripted_page(tmp_path, env={"RAG_ROOT_PATH": "/docs/rag"}) as target,
        proxied(Proxy(target, prefix="/docs/rag")) as port,
    ):
        page = open_page(f"http://127.0.0.1:{port}/docs/rag/")
        ask(page, FIRST)
        expect(page).to_have_url(re.compile(f"^http://127.0.0.1:{port}/docs/rag/c/[0-9a-f]+$"))
        page.reload()
        ready(page)
        expect(page.locator(".question p")).to_have_text(FIRST)
        assert ask(page, "And then?")
        page.goto(f"http://127.0.0.1:{port}/docs/rag/documents/no%2Fwhere/at%20all.md")
        ready(page)
        tab(page, "Chat")
        expect(page.locator(".question p").first).to_have_text(FIRST)
        page.context.close()
