"""The whole product in the browser: real models, real database, real files, and a chat model on loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from tests.support.loopback_openai import Gated, Good, LoopbackOpenAI, Status
from tests.support.pages import real_page, started_page

from .conftest import Open
from .steps import INGEST_MS, add_document, answered, ask, clear_jobs, composer, send, tab

GUIDE = """# Harbour guide

## Tides

The harbour gate opens two hours before high water and closes one hour after it.

## Berths

Visitors moor at the north pontoon. A berth costs 32 crowns a night, electricity included.
"""

HOSTILE = """# Pilot <img src=x onerror="window.pwned = 1">

The pilot boat is called `${window.pwned = 2}` and <script>window.pwned = 3</script> it calls on channel 77.
![tracker](http://203.0.113.9/pixel.png?leak=1) [press here](javascript:window.pwned=4) {{constructor}}
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[str]:
    """The product on its first day: nothing is ingested."""
    with started_page(tmp_path / "fresh") as address:
        yield address


def test_the_handbook_is_one_click_away_and_answers_with_evidence(open_page: Open, fresh: str) -> None:
    page = open_page(fresh)
    expect(page.locator(".pill")).to_contain_text("offline", timeout=INGEST_MS)
    page.get_by_role("button", name="Ingest the sample handbook").click()
    expect(page.locator(".offer")).to_have_count(0, timeout=INGEST_MS)
    page.locator(".examples button").first.click()
    answer = answered(page)
    expect(answer).to_contain_text("Extractive answer")
    chip = answer.locator(".chip").first
    number = chip.inner_text()
    chip.click()
    card = page.locator(f"#ev-1-{number}")
    expect(card).to_have_class(re.compile("flash"))
    expect(card).to_contain_text("04-evidence.md")
    expect(card).to_contain_text("relevance (offline estimate)")
    expect(card.locator("mark.term").first).to_be_visible()


def test_an_uploaded_file_is_asked_about_and_cited(open_page: Open, real: str, tmp_path: Path) -> None:
    page = open_page(real)
    tab(page, "Documents")
    (tmp_path / "harbour.md").write_text(GUIDE, encoding="utf-8")
    with ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("pilots/notes.md", "# Pilots\n\nPilots board at the fairway buoy.\n")
        archive.writestr("../escape.md", "# Out\n\nOf here.\n")
        archive.writestr("picture.png", b"\x89PNG")
    (tmp_path / "program.exe").write_bytes(b"MZ")
    clear_jobs(page)
    page.locator("#drop input[type=file]").set_input_files(
        [tmp_path / name for name in ("harbour.md", "more.zip", "program.exe")]
    )
    expect(page.locator("#progress :is(tr.added, tr.replaced)")).to_have_count(2, timeout=INGEST_MS)
    expect(page.locator("#progress tr.refused")).to_have_count(2)
    expect(page.locator("#document-table")).to_contain_text("pilots/notes.md")
    tab(page, "Chat")
    expect(page.locator(".examples button").first).to_contain_text(re.compile("say about|How do I"))
    answer = ask(page, "How much does a berth cost per night?")
    expect(answer).to_contain_text("32 crowns")
    expect(answer.locator(".next-questions")).to_contain_text("What does “Harbour guide” say about tides?")
    answer.locator(".chip").first.click()
    expect(page.locator(".card.flash")).to_contain_text("harbour.md")
    expect(page.locator(".card.flash")).to_contain_text("Berths")


def test_a_hostile_document_stays_text_everywhere(open_page: Open, real: str) -> None:
    page = open_page(real)
    tab(page, "Documents")
    name = "<img src=x onerror=alert(1)> ${7*7}.md"
    clear_jobs(page)
    page.locator("#drop input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/markdown", "buffer": HOSTILE.encode()}
    )
    expect(page.locator("#progress tr.added")).to_have_count(1, timeout=INGEST_MS)
    page.locator("#document-table .open", has_text="onerror").or_(
        page.locator("#document-table .open", has_text="${7*7}")
    ).first.click()
    expect(page.locator(".viewer")).to_contain_text("<script>window.pwned = 3</script>")
    expect(page.locator(".viewer")).to_contain_text("${window.pwned = 2}")
    expect(page.locator(".viewer")).to_contain_text("image: tracker")
    assert page.locator(".viewer img, .viewer a[href^=javascript]").count() == 0
    page.keyboard.press("Escape")
    expect(page.locator(".viewer")).to_have_count(0)
    tab(page, "Chat")
    answer = ask(page, "On which channel does the pilot boat call?")
    expect(answer).to_contain_text("channel 77")
    answer.locator(".chip").first.click()
    page.locator(".card.flash summary").first.click()
    expect(page.locator(".card.flash .full")).to_contain_text("<script>window.pwned = 3</script>")
    assert page.evaluate("window.pwned") is None
    assert page.locator(".turn img, .evidence img").count() == 0


@pytest.fixture(scope="module")
def openai() -> Iterator[LoopbackOpenAI]:
    with LoopbackOpenAI() as server:
        yield server


@pytest.fixture(scope="module")
def chatting(openai: LoopbackOpenAI, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The product with a chat model."""
    env = {"OPENAI_API_KEY": "test-key", "OPENAI_BASE_URL": openai.url, "OPENAI_RETRIES": "0"}
    with real_page(tmp_path_factory.mktemp("chatting"), env) as address:
        yield address


@pytest.fixture
def harbour(open_page: Open, chatting: str) -> Page:
    page = open_page(chatting)
    add_document(page, "harbour.md", GUIDE)
    return page


def test_the_answer_of_a_model_streams_with_its_chips(harbour: Page, openai: LoopbackOpenAI) -> None:
    reply = Gated(["A berth costs ", "32 crowns [", "1]. "], ["It includes ![x](http://203.0.113.9/a.png) power [9]."])
    openai.script(reply)
    send(harbour, "What does a berth cost?")
    expect(harbour.locator(".streaming")).to_contain_text("32 crowns")
    expect(harbour.locator(".streaming .chip")).to_have_text("1")
    reply.gate.set()
    answer = answered(harbour)
    expect(answer).to_contain_text("power [9]")
    expect(answer).to_contain_text("Generated by gpt-4o")
    assert harbour.locator(".turn img").count() == 0


def test_a_refused_key_is_a_sentence_to_act_on_and_the_question_stays(harbour: Page, openai: LoopbackOpenAI) -> None:
    openai.script(Status(401, {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}))
    answer = ask(harbour, "What does a berth cost?")
    expect(answer.locator(".verdict.warned")).to_contain_text("OPENAI_API_KEY")
    expect(harbour.locator(".question")).to_contain_text("What does a berth cost?")
    openai.script(Good(["Thirty-two crowns [1]."]))
    answer.get_by_role("button", name="Ask again", exact=True).click()
    expect(harbour.locator(".turn .prose")).to_contain_text("Thirty-two crowns")
    expect(answered(harbour)).to_contain_text("Generated by gpt-4o")


def test_stop_hangs_up_on_the_model_and_the_next_question_works(harbour: Page, openai: LoopbackOpenAI) -> None:
    openai.script(Gated(["It costs ", "quite "], ["a lot."]))
    send(harbour, "What does a berth cost?")
    expect(harbour.locator(".streaming")).to_contain_text("It costs quite")
    harbour.get_by_role("button", name="Stop", exact=True).click()
    expect(answered(harbour)).to_contain_text("Stopped by you")
    expect(composer(harbour)).to_be_editable()
    openai.script(Good(["When does the gate open?"]), Good(["Two hours before high water [1]."]))
    send(harbour, "When does the gate open?")
    expect(answered(harbour)).to_contain_text("Two hours before high water")
