"""Asking again: other words to search for, the exact words, the row of stages, an answer to a refused question."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import Open
from .steps import answered, ask


def test_the_search_is_changed_in_place_and_asks_again_as_a_branch(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    ask(page)
    answer = ask(page, "And the client CA?")
    expect(answer.locator(".query")).to_contain_text("rotate TLS certificates")
    expect(answer.locator(".query")).to_contain_text("worded by the language model")
    answer.get_by_text("Change the search").click()
    field = answer.get_by_role("textbox", name="Search for")
    expect(field).to_have_value("rotate TLS certificates")
    field.fill("client CA restart")
    field.press("Enter")
    expect(page.locator("#turn-3")).to_be_visible()
    again = answered(page)
    expect(again.locator(".query q")).to_have_text("client CA restart")
    expect(again.locator(".query")).to_contain_text("worded by you")
    expect(page.locator(".evidence .query q")).to_have_text("client CA restart")
    expect(page.locator(".branches")).to_contain_text("2 of 2")
    expect(page.locator(".turn")).to_have_count(2)


def test_the_exact_words_are_searched_on_demand(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    ask(page)
    answer = ask(page, "And the client CA?")
    answer.get_by_role("button", name="Search my exact words").click()
    expect(page.locator("#turn-3")).to_be_visible()
    again = answered(page)
    expect(again.locator(".query")).to_have_count(0)
    expect(again.locator(".stage-mark").first).to_have_attribute(
        "aria-label", "rewrite: skipped. the search query is yours"
    )


def test_an_earlier_question_is_asked_again_and_what_followed_stays_in_the_other_branch(
    open_page: Open, scripted: str
) -> None:
    page = open_page(scripted)
    ask(page, "one?")
    ask(page, "two?")
    page.locator("#turn-1").get_by_role("button", name="Ask again", exact=True).click()
    expect(page.locator("#turn-3")).to_be_visible()
    answered(page)
    expect(page.locator(".turn")).to_have_count(1)
    page.get_by_role("button", name="The answer before").click()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".turn").last).to_contain_text("two?")


def test_a_stage_tells_its_state_and_reason_on_focus_and_opens_them_all(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    answer = ask(page, "break rerank")
    first = answer.locator(".stage-mark").first
    first.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    failed = answer.locator(".stage-mark.failed")
    expect(failed).to_be_focused()
    expect(failed.locator(".stage-tip")).to_be_visible()
    expect(failed.locator(".stage-tip")).to_contain_text("rerank failed · 512 ms")
    page.keyboard.press("Enter")
    expect(answer.locator(".rows li.failed")).to_contain_text("it broke down (MemoryError)")
    expect(answer.locator(".rows")).to_be_visible()


def test_a_refused_question_is_answered_anyway_in_one_click(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    answer = ask(page, "nothing about rotating Klingon certificates")
    expect(answer.locator(".misses small").first).to_contain_text("does not hold")
    answer.get_by_role("button", name="Answer anyway").click()
    expect(page.locator("#turn-2")).to_be_visible()
    expect(answered(page)).to_contain_text("One exception")
    expect(page.locator(".branches")).to_contain_text("2 of 2")


def test_a_reworded_search_asks_again_in_one_click(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    answer = ask(page, "Is there nothing about Klingon certificates?")
    reworded = answer.locator(".reword").first
    words = reworded.inner_text()
    reworded.click()
    expect(page.locator("#turn-2")).to_be_visible()
    expect(answered(page).locator(".query q")).to_have_text(words)
    expect(page.locator(".question p")).to_have_text("Is there nothing about Klingon certificates?")
