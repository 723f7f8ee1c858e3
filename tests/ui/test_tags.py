"""HTML tags in Markdown: those that say how text looks are understood, the rest stays text, none is passed on."""

from __future__ import annotations

import pytest

from rag.ui.html.markdown import Chips, SafeRenderer, answer, safe_parser
from rag.ui.html.tags import understand_tags
from tests.support.browsed import Page


def rendered(source: str) -> str:
    parser = understand_tags(safe_parser(SafeRenderer))
    return str(parser.renderInline(source, {"language": "en"}))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("<code>a_b</code>", "<code>a_b</code>", id="code"),
        pytest.param("<B>x</b >", "<strong>x</strong>", id="capitals and blanks"),
        pytest.param("10<sup>9</sup> H<sub>2</sub>O", "10<sup>9</sup> H<sub>2</sub>O", id="powers"),
        pytest.param("<b>a *b* `c`</b>", "<strong>a <em>b</em> <code>c</code></strong>", id="Markdown inside"),
        pytest.param("*<b>a*</b>", "*<strong>a*</strong>", id="emphasis does not cross a tag"),
        pytest.param("<i onclick='x()' style=y>a</i>", "<em>a</em>", id="attributes are dropped"),
        pytest.param("<span style='display:none'>seen</span>", "seen", id="hidden text is seen"),
        pytest.param("a<br>b<br/>c", "a<br />\nb<br />\nc", id="line ends"),
        pytest.param("<div>a</div><p>b</p>", "a<br />\nb<br />\n", id="blocks are lines, one end each"),
        pytest.param("<td>a</td><td>b", "\na\n\nb", id="cells are kept apart"),
        pytest.param("<b>a", "&lt;b&gt;a", id="never closed"),
        pytest.param("a</b>", "a&lt;/b&gt;", id="never opened"),
        pytest.param("<your-key> List<string>", "&lt;your-key&gt; List&lt;string&gt;", id="no tag of HTML"),
        pytest.param("<script>x()</script>", "&lt;script&gt;x()&lt;/script&gt;", id="script"),
        pytest.param("<!-- c -->", "&lt;!-- c --&gt;", id="comments are seen"),
        pytest.param("`<b>x</b>` \\<b>", "<code>&lt;b&gt;x&lt;/b&gt;</code> &lt;b&gt;", id="code and escapes"),
        pytest.param("&lt;b>x&lt;/b>", "&lt;b&gt;x&lt;/b&gt;", id="escaped by the document"),
        pytest.param('<img src="x" alt="a &amp; b">', '<span class="no-image">image: a &amp; b</span>', id="image"),
        pytest.param("<a id=x></a><a href='javascript:x'>a</a>", "a", id="links that lead nowhere"),
    ],
)  # fmt: skip
def test_a_tag_becomes(source: str, expected: str) -> None:
    assert rendered(source) == expected


def test_a_link_written_as_a_tag_leads_to_the_web_alone() -> None:
    page = Page(rendered('<a href="https://x.y/?a=1&amp;b=2" onclick="x()">a <b>b</b></a>'))
    assert page.tags == [("a", {"href": "https://x.y/?a=1&b=2"}), ("strong", {})]


def test_nested_tags_end_where_the_parser_stops() -> None:
    assert Page(rendered("<b>" * 500 + "x" + "</b>" * 500)).shown.count("<b>") > 400


def test_an_answer_understands_tags_and_keeps_its_citations() -> None:
    chips = Chips(0, {1: "a.md"}, "en")
    html = answer(
        'Save <code>a.yaml</code>.<br><b title="[1]">So</b> it is <a href="#ev-0-1">x</a> [1].', chips, complete=True
    )
    page = Page(html)
    assert [tag for tag, _ in page.tags] == ["p", "code", "br", "a", "a"]
    assert [about["href"] for tag, about in page.tags if tag == "a"] == ["#ev-0-1", "#ev-0-1"]
    assert '<b title="1">So</b>' in page.shown  # a citation is never lost with an attribute
