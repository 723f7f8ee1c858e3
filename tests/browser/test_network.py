"""The product listening on the network, as in its container, under the names this machine has for itself."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.support.pages import real_page

from .conftest import Open
from .steps import add_document, ask, row_menu, tab

TEXT = "# Harbour\n\nThe harbour gate opens two hours before high water.\n"


def test_listening_everywhere_the_page_works_under_the_names_of_this_machine(open_page: Open, tmp_path: Path) -> None:
    with real_page(tmp_path / "server", {"RAG_HOST": "0.0.0.0"}) as address:
        for name in ("localhost", "127.0.0.1"):
            page = open_page(address.replace("127.0.0.1", name))
            add_document(page, f"{name}.md", f"{TEXT}\nSaid at {name}.\n")
            answer = ask(page, "When does the harbour gate open?")
            expect(answer).to_contain_text("two hours before high water")
            answer.locator(".chip").first.click()
            expect(page.locator(".card.flash, [id^='ev-1-'].flash").first).to_contain_text("harbour gate")
            tab(page, "Documents")
            with page.expect_download() as downloading:
                row_menu(page, f"{name}.md", "Original file")
            assert Path(downloading.value.path()).read_text(encoding="utf-8").startswith(TEXT)
            page.context.close()
