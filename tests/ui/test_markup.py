"""HTML that is known to be safe: what is filled into it is escaped once, and nothing else is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from rag.ui.html.markup import Value, attributes, button, esc, html, joined
from rag.ui.layout import known_safe
from tests.support.browsed import Page

TAG = '<b title="a">&</b>'


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        pytest.param("a < b", "a &lt; b", id="text"),
        pytest.param("\"'", "&quot;&#x27;", id="quotes, in attributes"),
        pytest.param(Markup("<i>x</i>"), "<i>x</i>", id="HTML"),
        pytest.param(esc("a & b"), "a &amp; b", id="escaped before"),
        pytest.param(7, "7", id="a number"),
        pytest.param("a\x07b\n\tc", "a\ufffdb\n\tc", id="controls"),
        pytest.param("{} %s", "{} %s", id="no place of its own"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_value_is_escaped_once_wherever_it_is_filled_in(value: Value, filled: str) -> None:
    assert html('<p class="100%">{}</p>')(value) == f'<p class="100%">{filled}</p>'
    assert html("{again}{}{again}")("-", again=value) == f"{filled}-{filled}"
    assert esc(value) == joined([value]) == filled
    assert joined(["-", "-"], str(esc(value))) == f"-{esc(filled)}-"
    assert attributes({"title": value, "lang": None}) == f' title="{filled}"'


@given(st.text())
def test_what_is_filled_in_is_what_is_shown(text: str) -> None:
    page = Page(html("<p>{}<i>{}</i></p>")(text, esc(text)))
    assert [tag for tag, _ in page.tags] == ["p", "i"]


def test_what_is_made_of_html_is_html() -> None:
    for made in (html("<p>{}</p>")(TAG), esc(TAG), joined([TAG]), attributes({"title": TAG}), button("", "look", TAG)):
        assert type(made) is Markup
        assert html("{}")(made) == made
        assert TAG not in made


@pytest.mark.parametrize("values", [("a",), ("a", "b", "c")], ids=["too few", "too many"])
def test_every_place_has_a_value(values: tuple[str, ...]) -> None:
    with pytest.raises(TypeError):
        html("<p>{} {}</p>")(*values)


def test_a_button_tells_what_it_does() -> None:
    made = Page(button("tool", "look", TAG, label=TAG, off=True, turn=3, part=None))
    assert made.shown == TAG
    expected = {"type": "button", "class": "tool", "data-act": "look", "data-turn": "3", "aria-label": TAG}
    assert made.tags == [("button", {**expected, "disabled": None})]


def test_a_component_shows_no_text_that_is_not_known_to_be_escaped() -> None:
    with pytest.raises(TypeError, match="not known to be escaped: '<b"):
        known_safe(TAG)
    assert known_safe(html("<p>{}</p>")("a & b")) == "<p>a &amp; b</p>"
    assert known_safe("edition 12") == "edition 12"
