"""Knowledge bases in a browser: made, looked at, set up, deleted; and what a conversation searches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.pages import scripted_page

from .conftest import Open
from .steps import ask, composer, tab
from .test_documents import drop


@pytest.fixture
def page(open_page: Open, tmp_path: Path) -> Iterator[Page]:
    """A page over a service of its own, with two documents in the default knowledge base."""
    with scripted_page(tmp_path / "server") as address:
        opened = open_page(address)
        tab(opened, "Documents")
        drop(opened, tmp_path, ["one.md", "two.md"])
        expect(opened.locator("#progress")).to_contain_text("2 added")
        expect(opened.get_by_role("button", name="What is in it")).to_be_visible()  # drawn last, with its neighbours
        yield opened


def create(page: Page, name: str) -> None:
    page.get_by_role("button", name="New knowledge base").click()
    sheet = page.get_by_role("dialog", name="New knowledge base")
    expect(sheet.get_by_label("Name")).to_be_focused()
    sheet.get_by_label("Name").fill(name)
    sheet.get_by_role("button", name="Create").click()
    expect(sheet).to_have_count(0)


def test_making_switching_and_setting_up(page: Page, tmp_path: Path) -> None:
    create(page, "Policies")
    expect(page.locator(".kb-select option:checked")).to_have_text("Policies")
    expect(page.locator("#document-table")).to_contain_text("0 documents")
    drop(page, tmp_path, ["leave.md"])
    expect(page.locator("#document-table")).to_contain_text("leave.md")
    page.locator(".kb-select").select_option("Main")
    expect(page.locator("#document-table")).to_contain_text("one.md")
    expect(page.locator("#document-table")).not_to_contain_text("leave.md")
    page.locator(".kb-select").select_option("Policies")
    expect(page.locator("#document-table")).to_contain_text("leave.md")
    page.get_by_role("button", name="Knowledge base settings").click()
    sheet = page.get_by_role("dialog", name="Settings of Policies")
    sheet.get_by_label("Description").fill("What <b>everybody</b> must know.")
    sheet.get_by_label("Threshold").fill("0.3")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_have_count(0)
    expect(page.locator(".kb-about")).to_have_text("What <b>everybody</b> must know.")


def test_deleting_one_takes_its_name(page: Page) -> None:
    create(page, "Policies")
    page.get_by_role("button", name="Knowledge base settings").click()
    sheet = page.get_by_role("dialog", name="Settings of Policies")
    sheet.get_by_text("Delete this knowledge base").click()
    sheet.get_by_label("to confirm").fill("Police")
    sheet.get_by_role("button", name="Delete for good").click()
    expect(sheet.get_by_role("alert")).to_contain_text("Nothing was deleted")
    sheet.get_by_label("to confirm").fill("Policies")
    sheet.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#document-table")).to_contain_text("one.md")
    expect(page.locator(".kb-select")).to_have_count(0)


def test_the_scope_is_chosen_shown_and_stays_after_a_reload(page: Page) -> None:
    create(page, "Policies")
    tab(page, "Chat")
    chip = page.locator(".scope-chip")
    expect(chip).to_contain_text("All of Main · 2 documents")
    chip.focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog", name="What to search")
    sheet.get_by_label("Policies").check()
    sheet.get_by_role("button", name="Search these").click()
    expect(chip).to_contain_text("Main + Policies")
    expect(ask(page).locator(".searched")).to_contain_text("Main + Policies")
    page.reload()
    expect(chip).to_contain_text("Main + Policies")
    chip.click()
    sheet.get_by_label("Policies").uncheck()
    sheet.get_by_role("checkbox", name="Main").uncheck()
    sheet.get_by_role("button", name="Search these").click()
    expect(sheet.get_by_role("alert")).to_contain_text("at least one")
    sheet.get_by_role("button", name="Search all of Main").click()
    expect(chip).to_contain_text("All of Main")


def test_selected_documents_are_asked_alone(page: Page) -> None:
    page.get_by_label("Select one.md").check()
    page.get_by_role("button", name="Ask only these").click()
    expect(composer(page)).to_be_focused()
    expect(page.locator(".scope-chip")).to_contain_text("Part of Main · 1 document")
    page.locator(".scope-chip").click()
    expect(page.get_by_role("dialog").get_by_label("one.md")).to_be_checked()


def test_several_at_once_page_by_page(page: Page, tmp_path: Path) -> None:
    drop(page, tmp_path, [f"several-{i:02}.md" for i in range(55)])
    expect(page.locator("#progress")).to_contain_text("55 added")
    page.get_by_label("Filter documents").fill("several-")
    table = page.locator("#document-table")
    expect(table).to_contain_text("55 of 57 documents")
    expect(table).to_contain_text("Page 1 of 2")
    table.get_by_label("Select several-00.md").check()
    expect(table).to_contain_text("1 selected")
    table.get_by_role("button", name="Do not search").click()
    expect(table.locator("tr.off")).to_have_count(1)
    table.get_by_label("Select this page").check()
    table.get_by_role("button", name="Select all 55").click()
    expect(table).to_contain_text("55 selected")
    table.get_by_role("button", name="Do not search").click()
    expect(table.locator("tr.off")).to_have_count(50)
    table.get_by_role("button", name="Next page").click()
    expect(table.locator("tr.off")).to_have_count(5)
    table.locator("[data-sort=name]").click()
    expect(table.locator("tbody tr").first).to_contain_text("several-54.md")
    table.get_by_label("Select this page").check()
    table.get_by_role("button", name="Select all 55").click()
    table.locator(".doc-bulk").get_by_role("button", name="Delete").click()
    expect(table).to_contain_text("55 documents were deleted.")


def test_documents_are_found_by_typing_and_ticked_by_keyboard(page: Page, tmp_path: Path) -> None:
    drop(page, tmp_path, [f"report-{i:02}.md" for i in range(23)])
    expect(page.locator("#progress")).to_contain_text("23 added")
    page.get_by_label("Select two.md").check()
    page.get_by_role("button", name="Do not search").click()
    expect(page.locator("tr.off")).to_have_count(1)
    tab(page, "Chat")
    page.locator(".scope-chip").click()
    page.set_viewport_size({"width": 390, "height": 844})
    sheet = page.get_by_role("dialog", name="What to search")
    sheet.get_by_text("Only a part").click()
    field = sheet.get_by_label("Find documents in Main")
    said = sheet.get_by_role("status")
    expect(said).to_have_text("5 more: type on")
    field.focus()
    page.keyboard.type("report 07")
    expect(said).to_have_text("Found 1.")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")  # empties the field, and the sheet stays
    expect(field).to_have_value("")
    expect(said).to_have_text("4 more: type on")
    expect(sheet.locator(".scope-ticked").get_by_label("report-07.md")).to_be_checked()
    field.fill("two")
    expect(sheet.get_by_label("two.md")).to_be_disabled()
    sheet.get_by_role("button", name="Search these").click()
    expect(page.locator(".scope-chip")).to_contain_text("Part of Main · 1 document")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_chosen_while_the_choice_before_is_under_way_counts(page: Page) -> None:
    for name in ("Policies", "Recipes"):
        create(page, name)

    def at_once(script: str, value: str) -> None:
        """Until the server has heard of it, not until it has answered."""
        with page.expect_response("**/queue/join*"):
            page.evaluate(script, value)

    for name in ("Policies", "Main"):
        at_once(CHOOSE, name)
    expect(page.locator("#document-table")).to_contain_text("one.md")
    expect(page.locator(".kb-select option:checked")).to_have_text("Main")
    for name in ("one.md", "two.md", "two.md"):
        at_once("name => window.plainsightBus('delete', { names: [name] })", name)
    expect(page.locator("#document-table")).to_contain_text("two.md was deleted.")
    expect(page.locator("#document-table")).to_contain_text("0 documents")
    expect(page.locator(".toast-body")).to_have_count(0)


CHOOSE = """name => {
  const box = document.querySelector(".kb-select");
  box.value = [...box.options].find((o) => o.text === name).value;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}"""


def test_files_added_beside_what_the_conversation_searches_say_so(page: Page, tmp_path: Path) -> None:
    create(page, "Policies")
    drop(page, tmp_path, ["leave.md"])
    expect(page.locator(".toast-body")).to_contain_text("This conversation does not search Policies.")
    tab(page, "Chat")
    ask(page)
    expect(page.get_by_role("heading", level=2, name="rotate TLS certificates")).to_be_visible()
