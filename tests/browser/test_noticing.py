"""What others change is on an open page without a reload, and nothing the reader is at is lost for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import ROOT
from tests.support.pages import real_page, scripted_page

from .conftest import Open, ready
from .steps import row_menu, tab
from .test_documents import drop
from .test_library import create


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with scripted_page(tmp_path / "server", pause=0.02) as served:
        yield served


def look(page: Page) -> None:
    """Look now, as the page does by itself every now and then, and whenever it comes into sight."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def recorded(page: Page) -> None:
    """Open it anew, with every event of its own written down from the first one."""
    page.add_init_script("""
      let bus;
      window.sent = [];
      const written = (name, data) => { window.sent.push(name); return bus?.(name, data); };
      Object.defineProperty(window, "plainsightBus", { get: () => written, set: (made) => { bus = made; } });
    """)
    page.reload()
    ready(page)


def sent(page: Page) -> list[str]:
    """Names of the page's own events."""
    names: list[str] = page.evaluate("window.sent")
    return names


def rows(page: Page) -> Locator:
    return page.locator("#document-table tbody tr")


def test_a_job_of_another_tab_is_followed_to_its_documents(open_page: Open, address: str, tmp_path: Path) -> None:
    idle, other = open_page(address), open_page(address)
    tab(idle, "Documents")
    tab(other, "Documents")
    drop(other, tmp_path, [f"other-{i:02}.md" for i in range(40)])
    expect(other.locator("#progress tr.added").first).to_be_visible()
    look(idle)
    expect(idle.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
    expect(idle.locator("#progress")).to_contain_text("40 added", timeout=60_000)
    expect(rows(idle)).to_have_count(40)
    expect(idle.locator("#document-table")).to_contain_text("40 documents")
    expect(idle.get_by_label("Filter documents")).to_be_visible()
    tab(idle, "Chat")
    expect(idle.locator(".scope-chip")).to_contain_text("40 documents")


def test_an_idle_page_looks_by_itself(open_page: Open, tmp_path: Path) -> None:
    gate = tmp_path / "never"  # while models load a page looks every second
    with scripted_page(tmp_path / "server", gate=gate) as address:
        idle, other = open_page(address), open_page(address)
        tab(idle, "Documents")
        tab(other, "Documents")
        drop(other, tmp_path / "files", ["one.md"])
        expect(rows(idle)).to_have_count(1)


def test_a_page_where_nothing_changed_asks_for_nothing(open_page: Open, address: str) -> None:
    page = open_page(address)
    recorded(page)
    expect(page.locator("#news")).not_to_be_empty()
    expect(page.locator("#talks .talks-search")).to_be_visible()
    begun = sent(page)
    assert set(begun) == {"talks"}, "the list of conversations is all that is asked for"
    for looks in (1, 2):
        with page.expect_response(lambda response: "/run/" in response.url, timeout=10_000) as answered:
            look(page)
        answered.value.finished()
        assert sent(page) == [*begun, *["look"] * looks]


def test_what_the_reader_is_at_stays(open_page: Open, address: str, tmp_path: Path) -> None:
    other = open_page(address)
    tab(other, "Documents")
    drop(other, tmp_path, ["keep-1.md", "keep-2.md", "keep-3.md", "away.md"])
    expect(other.locator("#progress")).to_contain_text("4 added")
    page = open_page(address)
    tab(page, "Documents")
    page.get_by_label("Filter documents").fill("keep")
    expect(rows(page)).to_have_count(3)
    page.locator("[data-sort=name]").click()
    expect(rows(page).first).to_contain_text("keep-3.md")
    page.get_by_label("Select keep-1.md").check()
    page.get_by_label("Select keep-2.md").check()
    page.get_by_label("Select keep-2.md").focus()
    row_menu(other, "keep-3.md", "Delete")
    expect(rows(other)).to_have_count(3)
    look(page)
    expect(rows(page)).to_have_count(2)
    expect(rows(page).first).to_contain_text("keep-2.md")
    expect(page.get_by_label("Filter documents")).to_have_value("keep")
    expect(page.locator("#document-table")).to_contain_text("2 selected")
    expect(page.get_by_label("Select keep-1.md")).to_be_checked()
    expect(page.get_by_label("Select keep-2.md")).to_be_focused()
    expect(page.locator("#document-table")).to_contain_text("2 of 3 documents")


def test_the_knowledge_base_that_is_looked_at_stays_chosen(open_page: Open, address: str) -> None:
    page, other = open_page(address), open_page(address)
    tab(page, "Documents")
    tab(other, "Documents")
    create(page, "Zoo")
    create(page, "Policies")
    chosen = page.locator(".kb-select option:checked")
    expect(chosen).to_have_text("Policies")
    page.locator(".kb-select").select_option("Main")
    expect(page.locator("#document-table [data-base=plainsight]")).to_be_visible()
    page.locator(".kb-select").select_option("Policies")
    expect(page.locator("#document-table [data-base=plainsight]")).to_have_count(0)
    page.get_by_role("tab", name="Documents").focus()
    page.mouse.move(0, 0)
    look(other)
    expect(other.locator(".kb-select option")).to_have_count(3)
    create(other, "Alpha")
    look(page)
    expect(page.locator(".kb-select option")).to_have_count(4)
    expect(chosen).to_have_text("Policies")


def test_typing_in_the_filter_is_not_disturbed(open_page: Open, address: str, tmp_path: Path) -> None:
    page, other = open_page(address), open_page(address)
    tab(other, "Documents")
    tab(page, "Documents")
    drop(page, tmp_path, ["one.md", "only.md", "two.md"])
    expect(rows(page)).to_have_count(3)
    field = page.get_by_label("Filter documents")
    field.click()
    page.keyboard.type("on")
    expect(rows(page)).to_have_count(2)
    look(other)
    row_menu(other, "only.md", "Delete")
    create(other, "Extra")
    look(page)
    expect(rows(page)).to_have_count(1)
    expect(field).to_be_focused()
    expect(page.locator(".kb-select")).to_have_count(0)
    page.keyboard.type("e")
    expect(field).to_have_value("one")
    page.locator("#document-table .pick").first.focus()
    page.mouse.move(0, 0)
    expect(page.locator(".kb-select")).to_be_visible()
    expect(field).to_have_value("one")
    expect(rows(page)).to_have_count(1)


def two_pages(open_page: Open, address: str, tmp_path: Path) -> tuple[Page, Page]:
    """One that has added two documents, and one that looks at them and whose events are recorded."""
    other = open_page(address)
    tab(other, "Documents")
    drop(other, tmp_path, ["one.md", "two.md"])
    expect(other.locator("#progress")).to_contain_text("2 added")
    page = open_page(address)
    recorded(page)
    tab(page, "Documents")
    return other, page


def test_an_open_sheet_is_left_alone(open_page: Open, address: str, tmp_path: Path) -> None:
    other, page = two_pages(open_page, address, tmp_path)
    expect(rows(page)).to_have_count(2)
    opened = page.get_by_role("button", name="two.md", exact=True)
    opened.click()
    viewer = page.get_by_role("dialog", name="two.md")
    expect(viewer).to_be_visible()
    before = page.locator("#news").text_content() or ""
    assert "notice" not in sent(page)
    row_menu(other, "one.md", "Delete")
    expect(rows(other)).to_have_count(1)
    look(page)
    expect(page.locator("#news")).not_to_have_text(before)
    expect(viewer).to_be_visible()
    assert "notice" not in sent(page)
    viewer.get_by_role("button", name="Close", exact=True).click()
    expect(rows(page)).to_have_count(1)
    expect(opened).to_be_focused()


def test_a_knowledge_base_of_the_command_line_is_there(open_page: Open, tmp_path: Path) -> None:
    with real_page(tmp_path, {}) as address:
        page = open_page(address)
        tab(page, "Documents")
        expect(page.locator("#document-table")).to_contain_text("0 documents")
        env = {**os.environ, "RAG_DATA_DIR": str(tmp_path / "data")}
        subprocess.run([sys.executable, "-m", "rag", "kb", "create", "Policies"], cwd=ROOT, env=env, check=True)
        look(page)
        expect(page.locator(".kb-select")).to_contain_text("Policies")


def test_an_open_menu_is_left_alone(open_page: Open, address: str, tmp_path: Path) -> None:
    other, page = two_pages(open_page, address, tmp_path)
    page.get_by_role("button", name="Actions for two.md", exact=True).click()
    menu = page.get_by_role("menu", name="Actions for two.md", exact=True)
    expect(menu).to_be_visible()
    before = page.locator("#news").text_content() or ""
    row_menu(other, "one.md", "Delete")
    expect(rows(other)).to_have_count(1)
    look(page)
    expect(page.locator("#news")).not_to_have_text(before)
    assert "notice" not in sent(page)
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("button", name="Actions for two.md", exact=True)).to_be_focused()
