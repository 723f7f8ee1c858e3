"""The menu of a document's row: by keyboard, on a phone, without disturbing the ticks, and about no other document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.pages import scripted_page

from .conftest import Open, ready
from .steps import composer, row_menu, tab
from .test_documents import drop

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A page over a service of its own."""
    with scripted_page(tmp_path / "server") as served:
        yield served


@pytest.fixture
def page(open_page: Open, address: str, tmp_path: Path) -> Page:
    """Its documents page, with three documents."""
    opened = open_page(address)
    tab(opened, "Documents")
    drop(opened, tmp_path, ["a.md", "b.md", "c.md"])
    expect(opened.locator("#progress")).to_contain_text("3 added")
    expect(opened.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
    return opened


def more(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=f"Actions for {name}", exact=True)


def rows(page: Page) -> Locator:
    return page.locator("#document-table tbody tr")


def menu(page: Page) -> Locator:
    return page.get_by_role("menu")


def item(page: Page, name: str) -> Locator:
    return page.get_by_role("menuitem", name=name, exact=True)


def test_the_menu_is_opened_walked_and_left_by_keyboard(page: Page) -> None:
    button = more(page, "b.md")
    button.focus()
    expect(button).to_have_attribute("aria-haspopup", "menu")
    for key in ("Enter", "Space", "ArrowDown"):
        page.keyboard.press(key)
        expect(page.get_by_role("menu", name="Actions for b.md", exact=True)).to_be_visible()
        expect(button).to_have_attribute("aria-expanded", "true")
        expect(item(page, "Open")).to_be_focused()
        page.keyboard.press("Escape")
        expect(menu(page)).to_have_count(0)
        expect(button).to_be_focused()
        expect(button).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowUp")
    expect(item(page, "Delete")).to_be_focused()
    for key, name in (
        ("ArrowDown", "Open"), ("ArrowUp", "Delete"), ("ArrowUp", "Copy name"), ("Home", "Open"), ("End", "Delete"),
        ("d", "Do not search"), ("d", "Delete"), ("x", "Delete"),
    ):  # fmt: skip
        page.keyboard.press(key)
        expect(item(page, name)).to_be_focused()
    page.keyboard.press("Tab")
    expect(menu(page)).to_have_count(0)
    expect(page.get_by_label("Select c.md")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    expect(menu(page)).to_have_count(0)
    expect(page.get_by_role("button", name="b.md", exact=True)).to_be_focused()


def test_a_pointer_opens_it_and_closes_it_anywhere(page: Page) -> None:
    more(page, "a.md").click()
    expect(menu(page)).to_be_visible()
    more(page, "a.md").click()
    expect(menu(page)).to_have_count(0)
    more(page, "a.md").click()
    more(page, "b.md").click()
    expect(page.get_by_role("menu", name="Actions for b.md", exact=True)).to_be_visible()
    expect(menu(page)).to_have_count(1)
    page.get_by_role("heading", name="Add documents").click()
    expect(menu(page)).to_have_count(0)


def test_escape_leaves_the_menu_and_not_what_is_edited(page: Page) -> None:
    tab(page, "Chat")
    composer(page).fill("How?")
    composer(page).press("Enter")
    expect(page.locator(".verdict")).to_be_visible()
    page.get_by_role("button", name="Change the question").click()
    expect(page.locator(".editing")).to_be_visible()
    tab(page, "Documents")
    more(page, "a.md").press("Enter")
    page.keyboard.press("Escape")
    more(page, "a.md").press("Enter")
    page.keyboard.press("Escape")
    expect(more(page, "a.md")).to_be_focused()
    tab(page, "Chat")
    expect(page.locator(".editing")).to_be_visible()


def test_one_document_is_changed_and_the_ticks_stay_as_they_are(page: Page) -> None:
    page.get_by_label("Select c.md").check()
    row_menu(page, "a.md", "Do not search")
    expect(page.locator("tr.off")).to_have_count(1)
    expect(page.locator("tr.off")).to_contain_text("a.md")
    expect(more(page, "a.md")).to_be_focused()
    more(page, "a.md").press("Enter")
    expect(page.get_by_role("menuitem")).to_have_text(["Open", "Search again", "Copy name", "Delete"])
    item(page, "Search again").press("Enter")
    expect(page.locator("tr.off")).to_have_count(0)
    row_menu(page, "b.md", "Delete")
    expect(page.locator("#document-table")).to_contain_text("b.md was deleted.")
    expect(more(page, "c.md")).to_be_focused()
    expect(page.get_by_label("Select c.md")).to_be_checked()
    expect(page.locator(".doc-bulk")).to_contain_text("1 selected")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#document-table")).to_contain_text("3 documents")
    expect(page.locator(".doc-bulk")).to_contain_text("1 selected")
    row_menu(page, "a.md", "Ask only this")
    expect(composer(page)).to_be_focused()
    expect(page.locator(".scope-chip")).to_contain_text("Part of Main · 1 document")
    page.locator(".scope-chip").click()
    expect(page.get_by_role("dialog").get_by_label("a.md")).to_be_checked()


def test_it_opens_the_document_and_copies_the_name(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    row_menu(page, "b.md", "Copy name")
    expect(more(page, "b.md")).to_have_class("row-more tool done")
    assert page.evaluate("navigator.clipboard.readText()") == "b.md"
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # as over plain http
    row_menu(page, "a.md", "Copy name")
    expect(more(page, "a.md")).to_be_focused()
    page.get_by_label("Filter documents").press("Control+v")
    expect(page.get_by_label("Filter documents")).to_have_value("a.md")
    page.get_by_label("Filter documents").fill("")
    expect(rows(page)).to_have_count(3)
    more(page, "b.md").press("Enter")
    item(page, "Open").press("Enter")
    viewer = page.get_by_role("dialog", name="b.md")
    expect(viewer).to_be_visible()
    page.keyboard.press("Escape")
    expect(viewer).to_have_count(0)
    expect(more(page, "b.md")).to_be_focused()


def test_the_list_drawn_anew_closes_the_menu_and_keeps_the_focus_with_the_document(page: Page) -> None:
    more(page, "a.md").press("Enter")
    expect(item(page, "Open")).to_be_focused()
    page.evaluate("window.plainsightBus('enable', { name: 'c.md', enabled: false })")  # as of its own accord
    expect(page.locator("tr.off")).to_have_count(1)
    expect(menu(page)).to_have_count(0)
    expect(more(page, "a.md")).to_be_focused()
    page.keyboard.press("Enter")
    expect(item(page, "Open")).to_be_focused()
    page.evaluate("window.plainsightBus('list_documents', { sort: 'name' })")
    expect(rows(page).first).to_contain_text("c.md")
    expect(menu(page)).to_have_count(0)
    expect(more(page, "a.md")).to_be_focused()
    expect(more(page, "a.md")).to_have_attribute("aria-expanded", "false")
    more(page, "b.md").press("Enter")
    page.evaluate("window.plainsightBus('delete', { names: ['a.md', 'b.md'] })")
    expect(rows(page)).to_have_count(1)
    expect(more(page, "c.md")).to_be_focused()
    row_menu(page, "c.md", "Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_focused()


def test_an_item_is_about_the_document_the_menu_was_opened_for(page: Page) -> None:
    more(page, "b.md").click()
    # Gradio changes rows in place before the page hears of it: here the row is another document's already
    page.evaluate(
        """() => { const button = document.querySelector('.row-more[data-name="b.md"]');
            button.closest('tr').querySelectorAll('[data-name]').forEach(el => { el.dataset.name = 'c.md'; });
            document.querySelector('[role=menuitem][data-item=delete]').click(); }"""
    )
    expect(page.locator("#document-table")).to_contain_text("b.md was deleted.")
    expect(page.locator("#document-table tbody")).to_contain_text("c.md")


def test_an_item_that_is_left_over_does_nothing(page: Page) -> None:
    more(page, "b.md").click()
    left = item(page, "Delete").element_handle()
    assert left is not None
    page.evaluate("window.plainsightBus('list_documents', { sort: 'name' })")
    expect(menu(page)).to_have_count(0)
    left.evaluate("item => item.click()")
    row_menu(page, "a.md", "Do not search")
    expect(page.locator("tr.off")).to_have_count(1)
    expect(page.locator("#document-table")).to_contain_text("3 documents")


def test_on_a_phone_the_menu_is_reached_and_not_cut(open_page: Open, page: Page, address: str, tmp_path: Path) -> None:
    long = "a-very-long-name-of-a-document-that-has-no-place-to-break-and-goes-on-and-on.md"
    drop(page, tmp_path, [long])
    expect(page.locator("#progress")).to_contain_text("1 added")
    phone = open_page(address, **PHONE)
    tab(phone, "Documents")
    for name in (long, "c.md"):
        phone.get_by_label("Filter documents").fill(name)
        expect(rows(phone)).to_have_count(1)  # a list that is lower than the menu
        more(phone, name).click()
        expect(menu(phone)).to_be_visible()
        for each in menu(phone).get_by_role("menuitem").all():
            expect(each).to_be_in_viewport(ratio=1)
            reached = each.evaluate(
                """el => { const r = el.getBoundingClientRect(), middle = (r.top + r.bottom) / 2;
                    return [r.left + 2, r.right - 2].every(x => document.elementFromPoint(x, middle) === el); }"""
            )
            assert reached, "nothing covers it or cuts it off"
        card, button = phone.locator("#documents-card").bounding_box(), more(phone, name).bounding_box()
        assert card is not None and card["x"] >= 0, "the page was not pushed aside for it"
        assert button is not None and button["x"] + button["width"] <= PHONE["width"]
        phone.keyboard.press("Escape")
    phone.get_by_label("Filter documents").fill("")
    expect(rows(phone)).to_have_count(4)
    phone.set_viewport_size({"width": 844, "height": 390})  # and turned on its side
    for name in (long, "c.md"):
        more(phone, name).press("Enter")
        expect(menu(phone)).to_be_in_viewport(ratio=1)
        first = item(phone, "Open").bounding_box()
        assert first is not None and first["y"] > 56, "the header does not cover it"
        phone.keyboard.press("Escape")
    row_menu(phone, "c.md", "Delete")
    expect(phone.locator("#document-table")).to_contain_text("c.md was deleted.")


def test_a_hostile_name_is_only_a_name(open_page: Open, address: str) -> None:
    page = open_page(address)
    name = "x'); alert(1); ('\"><img src=x onerror=alert(2)>.md"
    tab(page, "Documents")
    page.evaluate("(name) => { window.hostile = name; }", name)
    page.evaluate(
        """() => { const files = new DataTransfer();
            files.items.add(new File(['# X'], window.hostile, { type: 'text/markdown' }));
            const input = document.querySelector('#drop input[type=file]');
            input.files = files.files; input.dispatchEvent(new Event('change', { bubbles: true })); }"""
    )
    expect(rows(page)).to_have_count(1)
    shown = page.locator(".row-more").get_attribute("data-name")
    assert shown and "alert(1)" in shown
    page.locator(".row-more").click()
    item(page, "Do not search").click()
    expect(page.locator("tr.off")).to_have_count(1)
    page.reload()
    ready(page)
    tab(page, "Documents")
    page.locator(".row-more").click()
    item(page, "Delete").click()
    expect(rows(page)).to_have_count(0)
