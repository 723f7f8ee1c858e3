"""What an answer of a language model looks like: its headings, lists, and the line under it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.chromium import executable
from tests.support.loopback_openai import Good, LoopbackOpenAI
from tests.support.pages import real_page

from .conftest import Open
from .steps import add_document, ask, opened

GUIDE = "# Harbour guide\n\nA berth at the harbour costs 32 crowns a night. The gate opens at noon.\n"
QUESTION = "What does a berth at the harbour cost?"
REPLY = """\
## Berths

A berth costs 32 crowns [1 "A berth at the harbour costs 32 crowns a night"].

#### How to moor

1. **Call the master**
   - Use channel 12.
     - Speak slowly.
2. Moor in the north.

The tide is:

$$
h = h_0 + \\frac{1}{2}
$$

```python
tide = 1  # one line that is much longer than a phone is wide, so that it is wrapped or scrolled, but never cut off
```
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    executable()
    with LoopbackOpenAI(lambda _: Good([REPLY])) as server:
        env = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.url}
        with real_page(tmp_path_factory.mktemp("looks"), env) as served:
            yield served


def answered_in(page: Page) -> Locator:
    add_document(page, "harbour.md", GUIDE)
    return ask(page, QUESTION)


def size(element: Locator) -> float:
    return float(element.evaluate("e => parseFloat(getComputedStyle(e).fontSize)"))


def test_headings_are_headings_and_larger_than_text_and_nested_lists_are_not_smaller(
    open_page: Open, address: str
) -> None:
    answer = answered_in(open_page(address))
    top = answer.get_by_role("heading", name="Berths", level=3)
    below = answer.get_by_role("heading", name="How to moor", level=4)
    item = answer.get_by_text("Moor in the north.")
    assert size(top) > size(below) > size(item)
    assert {size(answer.get_by_text(words)) for words in ("Use channel 12.", "Speak slowly.", "A berth costs")} == {
        size(item)
    }


def test_one_line_of_trust_stands_under_the_answer_and_opens_to_the_rest(open_page: Open, address: str) -> None:
    answer = answered_in(open_page(address))
    line = answer.locator(".checks > summary")
    expect(line.locator(".trust")).to_have_text("1 of 4 sentences with a source")
    expect(answer.locator(".prose a.no-source")).to_have_text(["no source: 3 sentences"])
    expect(answer.get_by_role("button", name="Record", exact=True)).to_be_hidden()
    tools, words = answer.locator(".foot > .tools").bounding_box(), line.bounding_box()
    assert tools and words
    assert abs(tools["y"] - words["y"]) < 6, "the tools stand on the line"
    expect(opened(answer).get_by_role("button", name="Record", exact=True)).to_be_visible()


def test_the_mark_without_source_keeps_its_words_inside_its_border(open_page: Open, address: str) -> None:
    page = open_page(address, language="zh-CN", width=390, height=844)
    page.get_by_role("tab", name="文档").click()
    file = {"name": "harbour.md", "mimeType": "text/markdown", "buffer": GUIDE.encode()}
    page.locator("#drop input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator("#progress :is(tr.added, tr.unchanged)").first).to_be_attached(timeout=180_000)
    page.get_by_role("tab", name="对话").click()
    page.locator("#composer textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    mark = page.locator(".prose a.no-source")
    expect(mark).to_have_text("以上 3 句无来源", timeout=60_000)
    inside = mark.evaluate(
        "e => { const r = document.createRange(); r.selectNodeContents(e); const box = e.getBoundingClientRect();"
        " const words = r.getBoundingClientRect(); return words.top >= box.top + 1 && words.bottom <= box.bottom - 1 }"
    )
    assert inside


def test_formulas_are_drawn_and_code_is_coloured_copied_and_wrapped(open_page: Open, address: str) -> None:
    page = open_page(address)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = answered_in(page)
    drawn = answer.locator("math")
    expect(drawn).to_have_attribute("display", "block")
    box = drawn.locator("mfrac").bounding_box()
    assert box and box["height"] > 20, "the browser draws it"
    code = answer.locator(".code")
    expect(code.locator(".code-bar")).to_contain_text("Python")
    expect(code.locator(".code-comment")).to_contain_text("# one line")
    copy = code.get_by_role("button", name="Copy the code")
    copy.click()
    expect(copy).to_have_class(re.compile("done"))
    expect(page.locator("#said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("tide = 1  # one line")
    before = code.locator("pre").evaluate("e => e.scrollWidth > e.clientWidth")
    code.get_by_role("button", name="Wrap long lines").click()
    assert before and not code.locator("pre").evaluate("e => e.scrollWidth > e.clientWidth")


def test_copying_with_sources_says_so(open_page: Open, address: str) -> None:
    page = open_page(address)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = opened(answered_in(page)).get_by_role("button", name="Copy with sources")
    button.click()
    expect(button).to_have_class(re.compile("done"))
    expect(page.locator("#said")).to_have_text("Copied")
