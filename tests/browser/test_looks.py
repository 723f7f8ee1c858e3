"""Every state in both themes and languages: no accessibility violation, no sideways scrolling, no mixed words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.pages import scripted_page

from .conftest import Open, ready
from .steps import ask, clear_jobs, composer, opened, send, tab

AXE = files("axe_playwright_python") / "axe.min.js"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def empty(page: Page) -> None:
    expect(page.locator(".hero")).to_be_visible()


def answer(page: Page) -> None:
    ask(page)
    page.locator(".record summary").click()
    page.locator(".evidence .query-edit summary").click()
    page.locator(".stage-mark").first.focus()
    page.locator(".card summary").first.click()
    page.locator(".card summary").nth(1).click()
    page.locator(".rest > summary").click()


def abstained(page: Page) -> None:
    ask(page, "nothing of this kind")
    ask(page, "401 please")
    ask(page, "break rerank")


def running(page: Page) -> None:
    send(page, "hold generate")
    expect(page.locator(".streaming")).to_contain_text("rotated")


def documents(page: Page) -> None:
    tab(page, "Documents")
    clear_jobs(page)
    page.locator("#drop input[type=file]").set_input_files(
        {"name": "looks.md", "mimeType": "text/markdown", "buffer": b"# Looks\n"}
    )
    expect(page.locator("#progress tr.added")).to_have_count(1)
    page.get_by_role("button", name="looks.md", exact=True).click()
    expect(page.locator(".viewer")).to_be_visible()


def row_actions(page: Page) -> None:
    tab(page, "Documents")
    clear_jobs(page)
    file = {"name": "menu.md", "mimeType": "text/markdown", "buffer": b"# Menu\n"}
    page.locator("#drop input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator("#progress :is(tr.added, tr.unchanged)")).to_have_count(1)
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Actions for menu.md", exact=True).press("Enter")
    expect(page.get_by_role("menu", name="Actions for menu.md", exact=True)).to_be_visible()


def scope(page: Page) -> None:
    tab(page, "Documents")
    clear_jobs(page)
    name = "a/very-long-name-of-a-document-in-a-folder-that-has-no-place-to-break.md"
    file = {"name": name, "mimeType": "text/markdown", "buffer": b"# Looks\n"}
    page.locator("#drop input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator("#progress :is(tr.added, tr.unchanged)")).to_have_count(1)
    tab(page, "Chat")
    page.locator(".scope-chip").click()
    page.get_by_text("Only a part").first.click()
    page.get_by_label("Find documents in Main").fill("very-long")
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("Found 1.")


def settings(page: Page) -> None:
    tab(page, "Settings")
    expect(page.locator("#models .parts")).to_be_visible()
    page.locator(".pill").click()


def talks(page: Page) -> None:
    ask(page)
    page.get_by_role("button", name="Ask again", exact=True).click()
    expect(page.locator(".branches")).to_be_visible()
    if not page.get_by_role("navigation", name="Conversations").is_visible():
        page.get_by_role("button", name="Conversations", exact=True).click()
    page.get_by_role("button", name="Rename").last.click()
    expect(page.get_by_role("textbox", name="New title")).to_be_focused()


def reading(page: Page) -> None:
    ask(page)
    if not page.locator("#ev-1-1").is_visible():
        page.locator(".ev-toggle").click()
    page.locator("#ev-1-1").get_by_role("button", name="Open in document").click()
    page.locator(".heat").first.click()
    expect(page.get_by_role("region", name="About this passage")).to_be_visible()


def why_not(page: Page) -> None:
    ask(page)
    if not page.locator("#ev-1-1").is_visible():
        page.locator(".ev-toggle").click()
    page.get_by_role("button", name="Why not…?").click()
    page.get_by_label("Paste a sentence").fill("Mount the certificate folder read-only.")
    page.get_by_role("button", name="Find out").click()
    expect(page.locator(".why-verdict")).to_be_visible()


STATES: list[Callable[[Page], None]] = [
    empty, running, answer, abstained, talks, documents, row_actions, scope, settings, reading, why_not,
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda s: s.__name__)
def test_axe_finds_nothing_in_either_theme(open_page: Open, scripted: str, state: Callable[[Page], None]) -> None:
    page = open_page(scripted)
    page.emulate_media(reduced_motion="reduce")
    state(page)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme in ("light", "dark"):
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")  # as the switch does
        found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert _readable(found["violations"]) == [], theme


def _readable(violations: list[dict[str, Any]]) -> list[str]:
    return [
        f"{v['id']} ({v['impact']}): {json.dumps([n['target'] for n in v['nodes'][:4]])} {v['nodes'][0]['html'][:200]}"
        for v in violations
    ]


@pytest.mark.parametrize("state", STATES, ids=lambda s: s.__name__)
@pytest.mark.parametrize("widths", [(390,), (1024, 768)], ids=str)
def test_nothing_scrolls_sideways(
    open_page: Open, scripted: str, state: Callable[[Page], None], widths: tuple[int, ...]
) -> None:
    page = open_page(scripted, width=widths[0], height=844)
    state(page) if state is not answer else ask(page)
    if state is answer:
        page.get_by_role("link", name="Citation 1: show the evidence").first.click()
        expect(page.locator("#ev-1-1")).to_be_in_viewport(ratio=0.5)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("new Promise(requestAnimationFrame)")  # scripts are told of the new size with the next frame
        assert _too_wide(page) == [], width
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width


def _too_wide(page: Page) -> list[str]:
    """The first elements that reach beyond the window."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('body *')].filter(el => {
            const r = el.getBoundingClientRect();
            const seen = r.width > 0 && getComputedStyle(el).visibility !== 'hidden';
            return seen && (r.right > innerWidth + 1 || r.left < -1)
                && !el.closest('.scroll, .wide, pre, .sr, .skip, .tab-container.visually-hidden');
        }).slice(0, 5).map(el => el.outerHTML.slice(0, 120))"""
    )
    return found


def test_the_language_switch_changes_every_word_and_keeps_the_conversation(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    ask(page)
    page.get_by_role("button", name="中文").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    ready(page)
    expect(page.get_by_role("tab", name="文档")).to_be_visible()
    expect(composer(page)).to_have_attribute("placeholder", re.compile("提问"))
    expect(page.locator(".verdict")).to_have_text("由 gpt-4o 生成")
    expect(page.locator(".ev-head")).to_contain_text("证据")
    page.get_by_role("button", name="EN", exact=True).click()
    expect(page.locator(".verdict")).to_have_text("Generated by gpt-4o")


@pytest.mark.parametrize("name", ["Chat", "Documents", "Settings"])
def test_english_pages_have_no_chinese_word_but_the_switch_and_the_example(
    open_page: Open, scripted: str, name: str
) -> None:
    page = open_page(scripted)
    tab(page, name)
    text = page.evaluate(
        """() => { const copy = document.body.cloneNode(true);
            copy.querySelectorAll('[lang^=zh], script, style').forEach(el => el.remove()); return copy.innerText; }"""
    )
    assert CHINESE.findall(text) == []


def test_the_theme_switch_is_remembered(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    expect(page.locator("body")).not_to_have_class(re.compile("dark"))
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("body")).to_have_class(re.compile("dark"))
    page.reload()
    ready(page)
    expect(page.locator("body")).to_have_class(re.compile("dark"))


def test_the_page_can_be_used_with_the_keyboard_alone(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    expect(composer(page)).to_be_focused()
    page.locator("body").evaluate("body => { body.tabIndex = -1; body.focus(); body.removeAttribute('tabindex'); }")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the question field")).to_be_focused()
    page.keyboard.press("Enter")
    expect(composer(page)).to_be_focused()
    page.keyboard.type("Which certificate?")
    page.keyboard.press("Enter")
    expect(page.locator(".verdict")).to_be_visible()
    chip = page.get_by_role("link", name="Citation 1: show the evidence").first
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ev-1-1")).to_be_focused()
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.closest('#ev-1-1') !== null")
    assert focused, "the next stop is inside the card"
    page.keyboard.press("Escape")
    expect(page.locator("#side")).to_be_hidden()
    expect(page.get_by_role("button", name="Show or hide the evidence")).to_be_focused()


def test_on_a_phone_the_panel_covers_the_chat_and_can_be_closed(open_page: Open, scripted: str) -> None:
    page = open_page(scripted, width=390, height=844)
    expect(page.locator("#side")).to_be_hidden()
    ask(page)
    page.get_by_role("link", name="Citation 1: show the evidence").first.click()
    expect(page.locator("#ev-1-1")).to_be_in_viewport()
    page.get_by_role("button", name="Close the evidence").click()
    expect(page.locator("#side")).to_be_hidden()
    expect(composer(page)).to_be_visible()


def test_on_a_phone_the_buttons_of_an_answer_keep_their_words_whole(open_page: Open, scripted: str) -> None:
    page = open_page(scripted, width=390, height=844, language="zh-CN")
    composer(page).fill("How do I rotate certificates?")
    composer(page).press("Enter")
    opened(page.locator(".answer"))
    buttons = page.locator(".answer .tools .tool.wide")
    expect(buttons).to_have_count(4)
    broken = "buttons => buttons.filter(b => b.scrollHeight > b.clientHeight).map(b => b.textContent)"
    assert buttons.evaluate_all(broken) == []


@pytest.mark.parametrize("width", [390, 1440])
def test_the_bar_of_the_first_run_is_a_line(open_page: Open, tmp_path: Path, width: int) -> None:
    with scripted_page(tmp_path) as address:
        page = open_page(address, width=width)
        drawn = "offer => offer.appendChild(Object.assign(document.createElement('progress'), {className: 'job-bar'}))"
        page.locator(".offer").evaluate(drawn)
        box = page.locator(".offer > .job-bar").bounding_box()
        assert box is not None and box["height"] < 8 and box["width"] > 100
        page.context.close()


def test_on_a_phone_nothing_shows_through_the_header(open_page: Open, scripted: str) -> None:
    page = open_page(scripted, width=390, height=844)
    tab(page, "Settings")
    page.mouse.move(200, 600)
    header = {"x": 0, "y": 0, "width": 390, "height": 90}
    expect(page.locator("#models .parts")).to_be_visible()
    at_the_top = page.screenshot(clip=header, animations="disabled")  # type: ignore[arg-type]
    for place in ("Contexts, at most", "Threshold", "Instruction"):
        page.get_by_text(place).first.evaluate("e => e.scrollIntoView({ block: 'start' })")
        assert page.screenshot(clip=header, animations="disabled") == at_the_top, place  # type: ignore[arg-type]
