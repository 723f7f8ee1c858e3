"""The panel beside the chat: what a chip stands for, the turn it belongs to, and its width."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .conftest import Open
from .steps import ask


def side(page: Page) -> float:
    box = page.locator("#side").bounding_box()
    assert box
    return box["width"]


def test_a_chip_shows_its_sentence_source_and_score_by_pointer_and_by_keyboard(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    chip = ask(page).locator(".prose .chip").first
    peek = page.get_by_role("tooltip")
    chip.hover()
    expect(peek).to_contain_text("Existing consumers keep the session they negotiated")
    expect(peek).to_contain_text("operations/tls.md")
    expect(peek.locator("b")).to_have_text(re.compile(r"0\.\d{3}"))
    page.mouse.move(5, 5)
    expect(peek).to_be_hidden()
    page.keyboard.press("Tab")
    chip.focus()
    expect(peek).to_be_visible()
    expect(chip).to_have_attribute("aria-describedby", "peek")
    page.keyboard.press("Escape")
    expect(peek).to_be_hidden()
    expect(chip).to_have_attribute("title", re.compile("tls.md"))


def test_the_panel_follows_the_turn_that_is_read_and_marks_it(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    ask(page)
    ask(page, "Which certificate is number 5?")
    shown = page.locator("#evidence .evidence")
    expect(shown).to_have_attribute("data-turn", "2")
    expect(page.locator("#turn-2")).to_have_class(re.compile("shown"))
    page.mouse.move(300, 400)
    page.mouse.wheel(0, -5000)
    expect(shown).to_have_attribute("data-turn", "1")
    expect(page.locator("#turn-1")).to_have_class(re.compile("shown"))
    expect(page.locator("#evidence .pager")).to_contain_text("1 / 2")


def test_the_panel_is_resized_by_pointer_and_keys_keeps_its_width_and_takes_the_whole_page(
    open_page: Open, scripted: str
) -> None:
    page = open_page(scripted)
    ask(page)
    before = side(page)
    grip = page.get_by_role("separator", name="Width of the evidence")
    box = grip.bounding_box()
    assert box
    page.mouse.move(box["x"] + 4, 400)
    page.mouse.down()
    page.mouse.move(box["x"] - 146, 400)
    page.mouse.up()
    assert 140 < side(page) - before < 160
    grip.focus()
    page.keyboard.press("ArrowLeft")
    wide = side(page)
    assert wide > before + 160
    page.mouse.move(600, 400)
    page.mouse.down()
    page.mouse.up()
    page.reload()
    page.locator("html[data-ready]").wait_for(state="attached")
    expect(page.locator("#ev-1-1")).to_be_visible()
    assert abs(side(page) - wide) < 2
    page.get_by_role("button", name="The whole width").click()
    expect(page.locator("#log")).to_be_hidden()
    assert side(page) > 1400
    page.keyboard.press("Escape")
    expect(page.locator("#log")).to_be_visible()
