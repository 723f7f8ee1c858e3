"""The sheet: opens for what is deep, keeps the focus, and gives it back."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import Open
from .steps import ask, opened


def test_the_record_opens_in_a_dialog_that_keeps_the_focus_and_gives_it_back(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    answer = opened(ask(page))
    button = answer.get_by_role("button", name="Record", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Record of this answer")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Qwen/Qwen3-Reranker-0.6B")
    for _ in range(5):
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('#sheet').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()


def test_a_click_beside_the_sheet_closes_it(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    opened(ask(page)).get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.mouse.click(5, 5)
    expect(page.get_by_role("dialog")).to_have_count(0)
