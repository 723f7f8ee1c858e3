"""What of a Markdown text is prose, and that text made safe holds no image and no tag, whoever renders it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag.text.markdown_spans import SpanKind, open_fence, pieces, prose
from rag.text.sanitizer import safe_markdown

SHARDS = [
    *("![", "[", "](", ")", "]", "]: ", "<", ">", "`", "``", "```", "~~~", "\\", "!", "\n", "\n\n", "    ", "> ", "- "),
    *("http://evil.example/p.png", "javascript:alert(1)", "mailto:a@b.c", "img src=x onerror=y", "/b", "!--", '"t"'),
    *("a", " ", "|", "|-|\n", "[1]", "1. ", "&lt;", "#ev-1", "[r]", "\t", "中", "\r\n", "===", "(", "x!"),
]
markdown = st.lists(st.sampled_from(SHARDS), max_size=30).map("".join)
lenient = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def leaves(text: str) -> list[Token]:
    """Every token a lenient renderer sees."""
    return [token for block in lenient.parse(text) for token in (block, *(block.children or ()))]


@given(markdown)
def test_the_pieces_are_the_text(text: str) -> None:
    assert "".join(text[p.start : p.end] for p in pieces(text)) == text
    assert "".join(text[p.start : p.end] for p in pieces(text, growing=True)) == text


@given(markdown)
def test_no_image_and_no_tag_survives(text: str) -> None:
    for growing in (False, True):
        types = {token.type for token in leaves(safe_markdown(text, growing=growing))}
        assert not types & {"image", "html_inline", "html_block"}


@given(markdown)
def test_links_lead_to_the_web_or_to_mail(text: str) -> None:
    targets = [str(token.attrs["href"]) for token in leaves(safe_markdown(text)) if token.type == "link_open"]
    assert not [t for t in targets if not t.lower().startswith(("http://", "https://", "mailto:"))]


@given(markdown)
def test_fenced_code_is_untouched(text: str) -> None:
    if "\r" in text:
        return
    before = [token.content for token in lenient.parse(text.replace("<", "")) if token.type == "fence"]
    after = [token.content for token in lenient.parse(safe_markdown(text.replace("<", ""))) if token.type == "fence"]
    assert before == after


@given(st.text(alphabet="abc XYZ.,:;?()-–'\"中文，。#*_{}1234567890\n"))
def test_plain_text_is_unchanged(text: str) -> None:
    assert safe_markdown(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("![a cat](http://e.example/?q=secret) x", "🖼 a cat x", id="image"),
        pytest.param('![a](<http://e.example/a b> "t")', "🖼 a", id="image with a title"),
        pytest.param("![a][r]\n\n[r]: http://e.example", "🖼 a\n\n[r]\\: http://e.example", id="image by reference"),
        pytest.param(
            "![a!](x)[b](http://e.example)", "🖼 a\\![b](http://e.example) (e.example)", id="image before a link"
        ),
        pytest.param("![a\\!](x)[b](mailto:c@d.e)", "🖼 a\\![b](mailto:c@d.e)", id="the same with an escape"),
        pytest.param("![a <](x)b>", "🖼 a &lt;b>", id="image before what makes a tag"),
        pytest.param("![a\n~~](x)~\n\n~~~\nb\n~~~", "🖼 a ~~~\n\n~~~\nb\n~~~", id="image over what makes a fence"),
        pytest.param(
            "[a](http://e.example/![b](http://c.example/d.png))",
            "[a](http://e.example/%21%5Bb%5D%28http://c.example/d.png%29) (e.example)",
            id="image in a link's target",
        ),
        pytest.param("<img src='http://e.example'>", "&lt;img src='http://e.example'>", id="tag"),
        pytest.param("<!-- x -->", "&lt;!-- x -->", id="comment"),
        pytest.param("\\<b>", "&lt;b>", id="escaped tag"),
        pytest.param("1 < 2 <3", "1 < 2 <3", id="less than"),
        pytest.param("`<b>` ![](x)", "`<b>` 🖼 ", id="tag in a code span"),
        pytest.param("`a\n<div>` b", "`a <div>` b", id="tag at the start of a line in a code span"),
        pytest.param("```\n<b> ![](x)\n```", "```\n<b> ![](x)\n```", id="fence"),
        pytest.param("```\n![](x)", "```\n![](x)", id="fence still open"),
        pytest.param("[here](https://e.example/x)", "[here](https://e.example/x) (e.example)", id="link"),
        pytest.param("[e.example](https://e.example/x)", "[e.example](https://e.example/x)", id="link that says where"),
        pytest.param("[a](https://good.example@evil.example/)", None, id="link that lies"),
        pytest.param("[a](javascript:alert(1))", "\\[a\\](javascript:alert(1))", id="script link"),
        pytest.param("[a](/gradio_api/file=x)", "\\[a\\](/gradio_api/file=x)", id="relative link"),
        pytest.param("Read [the *guide*](../a/b_c.md#d) x", "Read “the *guide*” (../a/b_c.md#d) x", id="document"),
        pytest.param("[指南](使用/指南.md)", "“指南” (使用/指南.md)", id="Chinese document"),
        pytest.param("[~~~](x)\n~~~\n![](x)\n", "“~~~” (x)\n~~~\n![](x)\n", id="document, then a fence"),
        pytest.param("[a](#ev-1-1)", "\\[a\\](#ev-1-1)", id="forged citation"),
        pytest.param("<https://e.example/a>", "<https://e.example/a>", id="bare link"),
        pytest.param("[1](see note) [a](<b) c", "[1]\\(see note) [a]\\(&lt;b) c", id="no link"),
        pytest.param("[r]: http://e.example", "[r]\\: http://e.example", id="link definition"),
        pytest.param("**a** _b_ [1] [2][3] | x", "**a** _b_ [1] [2][3] | x", id="formatting and citations"),
        pytest.param("[x!](#a)[y](http://e.example)", None, id="a dropped link before a link"),
    ],
)
def test_safe_markdown(text: str, shown: str | None) -> None:
    safe = safe_markdown(text)
    if shown is None:
        assert "evil.example)" in safe or "(e.example)" in safe
    else:
        assert safe == shown


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        pytest.param("a `b` c", [SpanKind.TEXT, SpanKind.CODE, SpanKind.TEXT], id="code span"),
        pytest.param("`` a ` b ``", [SpanKind.CODE], id="code span with a backtick"),
        pytest.param("a `b", [SpanKind.TEXT, SpanKind.BACKTICKS, SpanKind.TEXT], id="no code span"),
        pytest.param("    a", [SpanKind.CODE_BLOCK], id="indented code"),
        pytest.param("- a\n\n      b", [SpanKind.TEXT, SpanKind.TEXT, SpanKind.CODE_BLOCK], id="code in a list"),
    ],
)
def test_kinds(text: str, kinds: list[SpanKind]) -> None:
    assert [p.kind for p in pieces(text)] == kinds


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a `b ![](x)", "a `b ![](x)`", id="closed"),
        pytest.param("a ``b\n<div>", "a ``b <div>``", id="closed by as many"),
        pytest.param("a `b ``", "a \\`b \\`\\`", id="not to be closed"),
        pytest.param("a `b` ![](x)", "a `b` 🖼 ", id="not open"),
    ],
)
def test_code_still_streaming_is_shown_as_code(text: str, shown: str) -> None:
    assert safe_markdown(text, growing=True) == shown


def test_backticks_still_open_are_code_only_while_the_text_grows() -> None:
    assert prose("a `b [1]") == [(0, 2), (3, 8)]
    assert prose("a `b [1]", growing=True) == [(0, 2)]


@pytest.mark.parametrize(
    ("text", "fence"),
    [
        pytest.param("a", "", id="none"),
        pytest.param("```\na\n```", "", id="closed"),
        pytest.param("```py\na", "```", id="open"),
        pytest.param("~~~~\na\n~~~", "~~~~", id="closed by too few"),
        pytest.param("```", "```", id="just opened"),
        pytest.param("```\na\n```\nb", "", id="closed before"),
    ],
)
def test_open_fence(text: str, fence: str) -> None:
    assert open_fence(text) == fence


def test_hostile_nesting_is_read_in_one_pass() -> None:
    deep = "![" * 3000 + "](x)" * 3000
    assert "![" not in safe_markdown(deep)
