"""The product itself, from one start to the next: a kept conversation keeps its evidence when its document is gone."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.support.pages import free_port, real_page

from .conftest import ready
from .steps import INGEST_MS, answered, ask, tab
from .test_product import GUIDE

QUESTION = "When does the harbour gate open?"


def ingest(page: Page, folder: Path) -> None:
    tab(page, "Documents")
    (folder / "harbour.md").write_text(GUIDE, encoding="utf-8")
    page.locator("#drop input[type=file]").set_input_files(folder / "harbour.md")
    expect(page.locator("#document-table")).to_contain_text("harbour.md", timeout=INGEST_MS)
    tab(page, "Chat")


def test_a_conversation_outlives_the_program_and_its_documents(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    page = browser.new_context(locale="en-US").new_page()
    with real_page(tmp_path / "page", {}, port=port) as address:
        page.goto(address)
        ready(page)
        expect(page.locator(".pill")).to_contain_text("offline", timeout=INGEST_MS)
        ingest(page, tmp_path)
        expect(ask(page, QUESTION)).to_contain_text("two hours before high water")
        refused = ask(page, "Explain quantum chromodynamics of Klingon starships")
        expect(refused.locator(".verdict")).to_contain_text("No answer")
        expect(refused.locator(".misses small").first).to_contain_text("does not hold")
        refused.get_by_role("button", name="Answer anyway").click()
        expect(page.locator(".branches")).to_contain_text("2 of 2", timeout=60_000)
        expect(answered(page)).to_contain_text("Extractive answer")
    (tmp_path / "page" / "data" / "milvus.db").rename(tmp_path / "gone.db")  # every document with its vectors
    with real_page(tmp_path / "page", {}, port=port):
        page.reload()
        ready(page)
        expect(page.locator(".question p").first).to_have_text(QUESTION)
        expect(page.locator(".turn")).to_have_count(2)
        page.locator("#turn-1 .chip").first.click()
        expect(page.locator("#ev-1-1")).to_contain_text("two hours before high water")
        page.get_by_role("button", name="The answer before").click()
        expect(page.locator(".turn").last.locator(".verdict")).to_contain_text("No answer")
        expect(page.locator("#talks .talk")).to_contain_text("3 answers")
        page.context.close()
