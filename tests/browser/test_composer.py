"""The composer in a browser: a question stands at once, waits its turn, and what is typed outlives a reload."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from rag.answering.answerer import MAX_QUESTION

from .conftest import Open, ready
from .steps import INGEST_MS, answered, ask, composer, send, tab

FIRST, SECOND = "How do I rotate TLS certificates?", "Which settings need a restart?"


def test_the_question_stands_before_the_server_knows_of_it(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    expect(composer(page)).to_be_focused()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/gradio_api/queue/join*", hold)
    composer(page).fill(FIRST)
    composer(page).press("Enter")
    expect(page.locator(".asked p")).to_have_text(FIRST)
    expect(composer(page)).to_have_value("")
    expect(page.locator(".hero")).to_be_hidden()
    expect(page.locator(".turn")).to_have_count(0)
    composer(page).press_sequentially("typed meanwhile")
    page.unroute("**/gradio_api/queue/join*")  # which lets go of what is held
    assert held
    answered(page)
    expect(page.locator(".asked")).to_have_count(0)
    expect(page.locator(".question p")).to_have_text(FIRST)
    expect(composer(page)).to_have_value("typed meanwhile")


def test_a_question_asked_meanwhile_waits_its_turn_and_can_be_taken_back(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    send(page, "hold generate")
    for question in ("one more?", "never mind", "and a last one?"):
        composer(page).fill(question)
        composer(page).press("Enter")
    expect(page.locator(".asked")).to_have_count(3)
    expect(page.locator(".asked").first).to_contain_text("Waits for the answer before")
    page.locator(".asked", has_text="never mind").get_by_role("button", name="Do not ask").click()
    expect(page.locator(".asked")).to_have_count(2)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator(".turn")).to_have_count(3)
    answered(page)
    expect(page.locator(".asked")).to_have_count(0)
    expect(page.locator(".question p")).to_have_text(["hold generate", "one more?", "and a last one?"])


def test_a_question_that_is_refused_comes_back_into_the_field(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    long = "x" * (MAX_QUESTION + 1)
    composer(page).fill(long)
    composer(page).press("Enter")
    expect(page.locator("body")).to_contain_text(str(MAX_QUESTION))
    expect(page.locator(".asked")).to_have_count(0)
    expect(composer(page)).to_have_value(long)


def test_what_is_typed_outlives_a_reload_another_language_and_another_conversation(
    open_page: Open, scripted: str
) -> None:
    page = open_page(scripted)
    ask(page, FIRST)
    composer(page).press_sequentially("half a question")
    page.reload()
    ready(page)
    expect(composer(page)).to_have_value("half a question")
    page.get_by_role("button", name="中文").click()
    page.wait_for_url(page.url)
    ready(page)
    expect(composer(page)).to_have_value("half a question")
    page.locator("#new-chat").click()
    expect(page.locator(".hero")).to_be_visible()
    expect(composer(page)).to_have_value("")
    page.locator(".talk-open").first.click()
    expect(page.locator(".question p")).to_have_text(FIRST)
    expect(composer(page)).to_have_value("half a question")


def test_files_of_the_paper_clip_become_documents_and_the_chat_says_where(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Add files").click()
    file = {"name": "clipped.md", "mimeType": "text/markdown", "buffer": b"# Clipped\n\nText.\n"}
    chosen.value.set_files(file)  # type: ignore[arg-type]
    expect(page.locator(".toast-wrap")).to_contain_text("1 file is being added to Main")
    tab(page, "Documents")
    expect(page.locator("#document-table")).to_contain_text("clipped.md", timeout=INGEST_MS)


def test_files_dropped_anywhere_become_documents(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    carried = page.evaluate_handle("""() => {
      const carried = new DataTransfer();
      carried.items.add(new File(["# Dropped"], "dropped.md", { type: "text/markdown" }));
      return carried;
    }""")
    page.locator("#log").dispatch_event("dragover", {"dataTransfer": carried})
    expect(page.get_by_text("Drop files here")).to_be_visible()
    page.locator("#log").dispatch_event("drop", {"dataTransfer": carried})
    expect(page.get_by_text("Drop files here")).to_be_hidden()
    expect(page.locator(".toast-wrap")).to_contain_text("1 file is being added to Main")
    tab(page, "Documents")
    expect(page.locator("#document-table")).to_contain_text("dropped.md", timeout=INGEST_MS)
