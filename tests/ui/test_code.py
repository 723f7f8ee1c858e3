"""Code blocks: what stands over them, their colours, and that nothing of their text is lost or runs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Chunk
from rag.ui.html.code import LONGEST, block
from rag.ui.html.markdown import Checks, Chips, answer
from rag.ui.html.markup import esc
from rag.ui.html.reading import passage
from tests.hostile.texts import TEXTS
from tests.support.browsed import Page


def shown(source: str, info: str) -> str:
    return block(source, info, "en", lambda start, end: esc(source[start:end]))


def code_of(html: str) -> str:
    return Page(str(html)[html.index("<pre") : html.index("</pre>")] + "</pre>").shown


@pytest.mark.parametrize(
    ("info", "called"),
    [
        ("python", "Python"),
        ("py title=a.py", "Python"),
        ("{.cpp}", "C++"),
        ("mermaid", "Mermaid"),
        ("brainfuck", "brainfuck"),
        ("x" * 99, "x" * 24),
        ("", ""),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_a_block_names_its_language(info: str, called: str) -> None:
    assert f'<div class="code-bar"><span>{called}</span>' in shown("a", info)


def test_words_have_colours() -> None:
    html = shown('def tide(t): return "<high>"  # metres\n', "python").partition("<pre")[2]
    assert re.findall(r'class="code-(\w+)">([^<]*)<', html) == [
        ("keyword", "def"),
        ("called", "tide"),
        ("keyword", "return"),
        ("string", "&quot;&lt;high&gt;&quot;"),
        ("comment", "# metres"),
    ]


def test_a_diagram_is_its_source_and_code_without_name_is_plain() -> None:
    assert "code-" not in shown("flowchart LR\n  A --> B", "mermaid").partition("<pre")[2]
    assert "code-" not in shown("def a(): pass", "").partition("<pre")[2]


def test_code_of_unusual_length_is_plain() -> None:
    assert "code-number" in shown("1\n" * 10, "python")
    assert "code-number" not in shown("1\n" * LONGEST, "python")


WORDS = st.sampled_from(["python", "js", "c", "yaml", "html", "diff", "docker", "toml", "sql", "bash"])


@given(st.text(alphabet="ab1\"'#/*<>&{}[]()-=:\n\t \\$`é中", max_size=80), WORDS)
def test_colours_change_no_character(source: str, word: str) -> None:
    assert code_of(shown(source, word)) == source


@pytest.mark.parametrize("word", ["python", "js", "yaml", "html", "toml", "sql", "bash", "diff", "rust", "java"])
def test_hostile_code_is_shown_whole(word: str) -> None:
    for make in list(TEXTS.values())[::9]:
        source = make(600)[:600].replace("\0", "\ufffd")
        assert code_of(shown(source, word)).replace("\ufffd", "") == re.sub(
            "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]", "", source
        )


def test_an_answer_and_a_card_show_blocks_alike_and_a_card_keeps_its_marks() -> None:
    source = "Use it:\n\n```yaml\nchannel: 12 # radio\n```\n"
    html = answer(source, Chips(1, {}, "en", Checks()), complete=True)
    chunk = Chunk(0, 0, len(source), (), source, 9)
    quote = source.index("12"), source.index("12") + 2
    card = passage.view(chunk, "channel", ((0, quote),), "en").whole
    for each in (html, card):
        assert (
            'data-act="code-copy"' in each and "<span>YAML</span>" in each and code_of(each) == "channel: 12 # radio\n"
        )
    assert '<mark class="quote" data-quotes="0">12</mark>' in card
