"""The list of conversations in a browser: found, opened, renamed, deleted, resumed, apart from each other."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.pages import free_port, scripted_page

from .conftest import Open, ready
from .steps import answered, ask, composer, tab

FIRST, SECOND = "How do I rotate TLS certificates?", "Which settings need a restart?"
TITLE = "Rotate TLS certificates"


def listed(page: Page, count: int) -> Locator:
    """The rows of the list, which is open beside the chat on a wide screen."""
    expect(page.get_by_role("navigation", name="Conversations")).to_be_visible()
    rows = page.locator("#talks .talk")
    expect(rows).to_have_count(count)
    return rows


def two(page: Page) -> None:
    """Two conversations, the second open."""
    ask(page, FIRST)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".hero")).to_be_visible()
    ask(page, SECOND)


def test_a_conversation_is_found_and_opened_with_its_evidence(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    two(page)
    rows = listed(page, 2)
    expect(page.locator("#talks [aria-current]")).to_contain_text(SECOND)
    search = page.get_by_role("searchbox", name="Search conversations")
    search.press_sequentially("how rotate")
    expect(rows).to_have_count(1)
    expect(rows.locator(".talk-title mark")).to_have_text("Rotate")
    expect(rows.locator(".talk-found mark").first).to_have_text("How")
    expect(search).to_be_focused()
    expect(search).to_have_value("how rotate")
    rows.get_by_role("link", name=TITLE).click()
    expect(page.locator(".question p")).to_have_text(FIRST)
    expect(page.locator(".ev-question")).to_have_text(FIRST)
    expect(page.locator(".card")).to_have_count(3)
    expect(ask(page, "And then?")).to_contain_text("One exception")
    expect(page.locator(".turn")).to_have_count(2)


def test_the_list_is_used_with_the_keyboard_alone(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    two(page)
    listed(page, 2)
    page.keyboard.press("Control+k")
    search = page.get_by_role("searchbox", name="Search conversations")
    expect(search).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.locator(".talk-open").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".question p")).to_have_text(FIRST)
    page.keyboard.press("Control+Shift+O")
    expect(page.locator(".hero")).to_be_visible()
    expect(composer(page)).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(composer(page)).to_be_focused()


def test_keys_edit_the_last_question_and_are_listed(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    ask(page, FIRST)
    composer(page).focus()
    page.keyboard.press("ArrowUp")
    expect(composer(page)).to_have_value(FIRST)
    page.keyboard.press("Escape")
    expect(composer(page)).to_have_value("")
    page.keyboard.press("?")
    expect(composer(page)).to_have_value("?")
    composer(page).fill("")
    composer(page).blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("New chat")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("/")
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("")


def test_a_title_is_changed_in_place_and_escape_leaves_it(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    two(page)
    listed(page, 2)
    page.get_by_role("button", name=f"Rename {TITLE}").focus()
    page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name="New title")
    expect(field).to_be_focused()
    field.fill("no")
    page.keyboard.press("Escape")
    expect(page.locator(".talk-title").nth(1)).to_have_text(TITLE)
    page.locator(".talk-open").nth(1).dblclick()
    field.fill("Rotation <b>& co</b>")
    page.keyboard.press("Enter")
    expect(page.locator(".talk-title").nth(1)).to_have_text("Rotation <b>& co</b>")
    expect(page).to_have_title("Rotation <b>& co</b> · Plainsight")


def test_a_list_drawn_meanwhile_takes_no_title_away(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    two(page)
    listed(page, 2)
    page.get_by_role("button", name=f"Rename {TITLE}").click()
    field = page.get_by_role("textbox", name="New title")
    field.fill("Half a ti")
    page.locator(".talks-search").evaluate(
        "(search) => { search.value = 'TLS'; search.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    expect(page.locator("#talks mark").first).to_be_visible()
    expect(field).to_be_focused()
    page.keyboard.type("tle")
    expect(field).to_have_value("Half a title")
    page.keyboard.press("Escape")
    expect(page.locator(".talk-title").nth(1)).to_have_text(TITLE)


def test_a_pinned_conversation_stays_on_top(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    two(page)
    listed(page, 2)
    page.get_by_role("button", name=f"Pin {TITLE}").click()
    expect(page.locator("#talks section").first).to_contain_text("Pinned")
    expect(page.locator(".talk-title").first).to_have_text(TITLE)
    page.reload()
    ready(page)
    expect(page.locator(".talk-title").first).to_have_text(TITLE)
    page.get_by_role("button", name=f"Unpin {TITLE}").click()
    expect(page.locator(".talk-title").first).to_have_text(SECOND)


def test_the_list_closes_stays_closed_and_lies_over_the_chat_on_a_phone(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    button = page.get_by_role("button", name="Conversations", exact=True)
    expect(button).to_have_attribute("aria-expanded", "true")
    button.click()
    expect(page.get_by_role("navigation", name="Conversations")).to_be_hidden()
    page.reload()
    ready(page)
    expect(button).to_have_attribute("aria-expanded", "false")
    phone = open_page(scripted, width=390, height=844)
    expect(phone.get_by_role("navigation", name="Conversations")).to_be_hidden()
    two(phone)
    phone.get_by_role("button", name="Conversations", exact=True).click()
    expect(phone.get_by_role("searchbox", name="Search conversations")).to_be_focused()
    listed(phone, 2).get_by_role("link", name=TITLE).click()
    expect(phone.locator(".question p")).to_have_text(FIRST)
    expect(phone.get_by_role("navigation", name="Conversations")).to_be_hidden()
    phone.get_by_role("button", name="Conversations", exact=True).click()
    phone.keyboard.press("Escape")
    expect(phone.get_by_role("button", name="Conversations", exact=True)).to_be_focused()


def test_deleting_takes_two_steps_and_empties_the_page_it_was_on(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    two(page)
    listed(page, 2)
    page.get_by_role("button", name=f"Delete {SECOND}").click()
    expect(page.locator(".talk")).to_have_count(2)
    page.get_by_role("button", name=f"Really delete? {SECOND}").click()
    expect(page.locator(".talk")).to_have_count(1)
    expect(page.locator(".turn")).to_have_count(0)
    page.reload()
    ready(page)
    expect(page.locator(".hero")).to_be_visible()


def test_a_reload_after_a_restart_finds_the_conversation_and_a_new_tab_starts_empty(
    browser: Browser, open_page: Open, tmp_path: Path
) -> None:
    env, port = {"RAG_DATA_DIR": str(tmp_path / "data")}, free_port()
    with scripted_page(tmp_path / "one", env=env, port=port) as address:
        page = browser.new_context(locale="en-US").new_page()
        page.goto(address)
        ready(page)
        ask(page, FIRST)
        kept = page.evaluate("sessionStorage.getItem('plainsight.conversation')")
    with scripted_page(tmp_path / "two", env=env, port=port):
        page.reload()
        ready(page)
        expect(page.locator(".question p")).to_have_text(FIRST)
        expect(page.locator(".card")).to_have_count(3)
        tab = page.context.new_page()
        tab.goto(address)
        ready(tab)
        expect(tab.locator(".hero")).to_be_visible()
        page.context.close()
        stranger = open_page(address)
        stranger.evaluate("id => sessionStorage.setItem('plainsight.conversation', id)", kept)
        stranger.reload()
        ready(stranger)
        expect(stranger.locator(".hero")).to_be_visible()
        stranger.context.close()  # before its server ends


def test_two_browsers_never_see_each_others_conversations(open_page: Open, scripted: str) -> None:
    alice, bob = open_page(scripted), open_page(scripted)
    ask(alice, "A secret of Alice?")
    expect(bob.locator(".talks-none")).to_contain_text("No conversations yet")
    theirs = alice.evaluate("sessionStorage.getItem('plainsight.conversation')")
    bob.evaluate("id => window.plainsightBus('open_talk', { id })", theirs)
    expect(bob.locator("body")).to_contain_text("This conversation is not there any more")
    expect(bob.locator("body")).not_to_contain_text("A secret of Alice?")


def test_an_answer_asked_again_can_be_looked_at_beside_the_first(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    ask(page, FIRST)
    ask(page, "And the client CA?")
    page.locator("#turn-1 .question").hover()
    page.locator("#turn-1").get_by_role("button", name="Change the question").click()
    composer(page).fill("How do I renew certificates?")
    composer(page).press("Enter")
    branches = page.locator(".branches")
    expect(branches).to_contain_text("2 of 2")
    expect(page.locator(".turn")).to_have_count(1)
    branches.get_by_role("button", name="The answer before").click()
    expect(page.locator(".turn")).to_have_count(2)
    expect(page.locator(".question p").first).to_have_text(FIRST)
    expect(page.locator(".branches")).to_contain_text("1 of 2")
    expect(page.locator(".branches")).to_be_in_viewport()  # the conversation does not jump to its end
    page.reload()
    ready(page)
    expect(page.locator(".turn")).to_have_count(2)


def test_two_tabs_on_one_conversation_stay_together(open_page: Open, scripted: str) -> None:
    first = open_page(scripted)
    ask(first, FIRST)
    second = first.context.new_page()
    second.goto(first.url)
    ready(second)
    expect(second.locator(".turn")).to_have_count(1)
    ask(second, "And the client CA?")
    first.evaluate("dispatchEvent(new Event('focus'))")
    expect(first.locator(".turn")).to_have_count(2)
    ask(first, "How do I renew certificates?")
    composer(second).fill("What is asked for last?")  # without a look at what the first one asked
    composer(second).press("Enter")
    expect(second.locator(".turn")).to_have_count(4)
    answered(second)
    expect(second.locator(".question p")).to_have_text(
        [FIRST, "And the client CA?", "How do I renew certificates?", "What is asked for last?"]
    )
    expect(second.locator(".branches")).to_have_count(0)


def test_each_page_keeps_its_place(open_page: Open, scripted: str) -> None:
    page = open_page(scripted)
    page.set_viewport_size({"width": 1024, "height": 400})
    tab(page, "Settings")
    expect(page.locator("#reset")).to_be_attached()
    page.evaluate("scrollTo(0, 240)")
    page.wait_for_function("scrollY === 240")
    tab(page, "Documents")
    page.wait_for_function("scrollY === 0")
    tab(page, "Settings")
    page.wait_for_function("scrollY === 240")


def test_the_page_behind_a_proxy_names_the_user_and_refuses_everybody_else(browser: Browser, tmp_path: Path) -> None:
    with scripted_page(tmp_path, env={"RAG_USER_HEADER": "X-Forwarded-User"}) as address:
        for _ in range(2):  # a laptop and a phone
            context = browser.new_context(locale="en-US", extra_http_headers={"x-forwarded-user": "carol"})
            page = context.new_page()
            page.goto(address)
            ready(page)
            expect(page.locator(".talks-user")).to_have_text("Signed in as carol")
            found = page.locator(".talk").count()
            page.locator(".pill").click()
            expect(page.locator("#models-panel .signed-in")).to_have_text("Signed in as carol")
            page.keyboard.press("Escape")
            ask(page, FIRST)
            context.close()
        assert found == 1, "what was asked on the laptop"
        nobody = browser.new_context().new_page()
        reply = nobody.goto(address)
        assert reply is not None
        assert reply.status == 403
        expect(nobody.locator("body")).to_contain_text("Sign in first")
        nobody.context.close()
