"""What a person does on the page, found by role and label."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

INGEST_MS = 180_000
"""The models load first, on a busy machine."""
QUESTION = "How do I rotate TLS certificates without dropping consumers?"


def composer(page: Page) -> Locator:
    return page.locator("#composer textarea")


def send(page: Page, question: str = QUESTION) -> None:
    """Ask, and see that it is being answered."""
    before = page.locator(".turn").count()
    composer(page).fill(question)
    composer(page).press("Enter")
    expect(page.locator(".turn")).to_have_count(before + 1, timeout=30_000)


def answered(page: Page) -> Locator:
    """The last answer once it is complete."""
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible(timeout=60_000)
    last = page.locator(".turn").last.locator(".answer")
    expect(last.locator(".verdict")).to_be_visible()
    return last


def opened(answer: Locator) -> Locator:
    """An answer with all that stands behind the line under it."""
    if answer.locator(".checks").get_attribute("open") is None:
        answer.locator(".checks > summary").click()
    expect(answer.locator(".checks")).to_have_attribute("open", "")
    return answer


def ask(page: Page, question: str = QUESTION) -> Locator:
    send(page, question)
    return answered(page)


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def row_menu(page: Page, document: str, item: str) -> None:
    """Do something to one document from the menu of its row."""
    page.get_by_role("button", name=f"Actions for {document}", exact=True).click()
    page.get_by_role("menuitem", name=item, exact=True).click()


def clear_jobs(page: Page) -> None:
    """Take what earlier jobs left off the documents page: jobs belong to everybody, in whatever order tests run."""
    left = page.get_by_role("button", name="Take off the list")
    while count := left.count():
        left.first.click()
        expect(left).to_have_count(count - 1)


def add_document(page: Page, name: str, text: str) -> None:
    """Add one document, wait until it can be asked about, and go back to the chat."""
    tab(page, "Documents")
    clear_jobs(page)
    file = {"name": name, "mimeType": "text/markdown", "buffer": text.encode()}
    page.locator("#drop input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator("#progress :is(tr.added, tr.unchanged, tr.replaced)")).to_have_count(1, timeout=INGEST_MS)
    tab(page, "Chat")
