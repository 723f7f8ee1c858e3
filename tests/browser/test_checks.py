"""Checked citations on the product itself: a model that quotes exactly, nearly and falsely, and one that quotes not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import executable
from tests.support.loopback_openai import Gated, Good, LoopbackOpenAI
from tests.support.pages import real_page

from .conftest import Open
from .steps import INGEST_MS, add_document, answered, ask, clear_jobs, send, tab

GUIDE = """# Harbour guide

The harbour gate opens two hours before high water and closes one hour after it. Visitors moor at the north pontoon.
A berth costs **32 crowns** a night, electricity included. Dogs are welcome on the pontoons if they are on a lead.
"""
QUESTION = "What does a berth at the harbour cost, and when does the gate open?"
REPLY = (
    'A berth costs 32 crowns [1 "A berth costs 32 crowns a night"]. '
    'The gate opens before high water [1: "The harbor gate opens two hours before high water"]. '
    'Dogs pay extra [1 "Dogs cost five crowns a night"]. '
    "Visitors moor in the north [1]. "
    "The harbour master is friendly."
)
VISIBLE = (
    "A berth costs 32 crowns 1. The gate opens before high water 1. Dogs pay extra 1. Visitors moor in the north 1. "
    "The harbour master is friendly. no source"
)


@pytest.fixture(scope="module")
def openai() -> Iterator[LoopbackOpenAI]:
    with LoopbackOpenAI() as server:
        yield server


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, openai: LoopbackOpenAI) -> Iterator[str]:
    executable()
    env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": openai.url}
    with real_page(tmp_path_factory.mktemp("checks"), env) as served:
        yield served


@pytest.fixture
def harbour(open_page: Open, address: str) -> Page:
    page = open_page(address)
    add_document(page, "harbour.md", GUIDE)
    return page


def pieces(text: str, size: int = 3) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def test_quotes_are_checked_shown_by_their_chips_and_never_seen_in_the_answer(
    harbour: Page, openai: LoopbackOpenAI
) -> None:
    reply = Gated(pieces(REPLY[:58]), pieces(REPLY[58:]))
    openai.script(reply)
    send(harbour, QUESTION)
    expect(harbour.locator(".streaming")).to_contain_text("A berth costs 32 crowns")
    assert '"' not in harbour.locator(".streaming").inner_text()
    reply.gate.set()
    answer = answered(harbour)
    expect(answer.locator(".prose")).to_have_text(VISIBLE)
    checks = [
        ("exact", "word for word"),
        ("close", "nearly"),
        ("missing", "not found"),
        ("unquoted", "without a quote"),
    ]
    for place, (check, words) in enumerate(checks):
        chip = answer.locator(".prose .chip").nth(place)
        expect(chip).to_have_class(f"chip {check}")
        expect(chip).to_have_attribute("aria-label", re.compile(words))
    expect(answer.locator(".checks summary")).to_have_text(
        "1 of 5 sentences quoted word for word · 1 nearly · 1 cited without a quote · 1 not found in its source"
        " · 1 without a source"
    )


def test_a_chip_shows_the_very_words_in_the_passage(harbour: Page, openai: LoopbackOpenAI) -> None:
    openai.script(Good(pieces(REPLY)))
    answer = ask(harbour, QUESTION)
    card = harbour.locator("#ev-1-1")
    answer.locator(".prose .chip").nth(0).click()
    expect(card).to_have_class(re.compile("flash"))
    shown = card.locator("mark.quote.shown")
    expect(shown.first).to_be_visible()
    assert "".join(shown.all_inner_texts()) == "A berth costs 32 crowns a night"
    answer.locator(".prose .chip").nth(1).click()
    expect(card.locator('mark.quote.shown[data-quotes~="0"]')).to_have_count(0)
    assert "".join(shown.all_inner_texts()) == "The harbour gate opens two hours before high water"


def test_a_card_lists_its_quotes_and_each_can_be_shown_by_keyboard(harbour: Page, openai: LoopbackOpenAI) -> None:
    openai.script(Good(pieces(REPLY)))
    ask(harbour, QUESTION)
    card = harbour.locator("#ev-1-1")
    rows = card.locator(".card-quotes li")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("word for word")
    expect(rows.nth(1)).to_contain_text("alike")
    expect(rows.nth(2)).to_contain_text("not in this passage")
    rows.nth(1).get_by_role("button").focus()
    harbour.keyboard.press("Enter")
    expect(card.locator("mark.quote.shown").first).to_be_in_viewport()


def test_the_mark_of_a_sentence_without_source_opens_the_explanation(harbour: Page, openai: LoopbackOpenAI) -> None:
    openai.script(Good(pieces(REPLY)))
    answer = ask(harbour, QUESTION)
    details = answer.locator(".checks")
    expect(details).not_to_have_attribute("open", "")
    answer.locator(".prose a.no-source").press("Enter")
    expect(details).to_have_attribute("open", "")
    expect(details).to_contain_text("No model judges this")


def test_an_old_answer_shows_its_check_after_a_reload(harbour: Page, openai: LoopbackOpenAI) -> None:
    openai.script(Good(pieces(REPLY)))
    ask(harbour, QUESTION)
    harbour.reload()
    chip = harbour.locator(".answer .prose .chip").first
    expect(chip).to_have_class("chip exact")
    chip.click()
    expect(harbour.locator("mark.quote.shown").first).to_be_visible()


def test_without_a_model_every_sentence_is_quoted_word_for_word(open_page: Open, real: str) -> None:
    page = open_page(real)
    tab(page, "Documents")
    clear_jobs(page)
    page.locator("#drop input[type=file]").set_input_files(
        {"name": "harbour.md", "mimeType": "text/markdown", "buffer": GUIDE.encode()}
    )
    expect(page.locator("#progress :is(tr.added, tr.unchanged, tr.replaced)")).to_have_count(1, timeout=INGEST_MS)
    tab(page, "Chat")
    answer = ask(page, QUESTION)
    expect(answer).to_contain_text("Extractive answer")
    count = answer.locator(".prose .chip").count()
    expect(answer.locator(".prose .chip.exact")).to_have_count(count)
    expect(answer.locator(".prose a.no-source")).to_have_count(0)
