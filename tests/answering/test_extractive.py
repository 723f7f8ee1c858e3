"""Extractive answers: what is quoted, letter by letter, and how it is put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.extractive import Extractive, quotes
from rag.citations import markers as citations
from rag.models.device import DeviceLock
from rag.models.offline import MiniLmEmbedder
from rag.types import Candidate
from tests.support.evidence import candidate
from tests.support.examples import examples
from tests.support.fakes import BagEmbedder

COST = "Milvus is a 100% free open-source project. Please adhere to the licence. We sell a hosted version."
SIMD = """Milvus needs SIMD. Your CPU must have one of these:

- SSE4.2
- AVX2

Run the command to check:

```
$ lscpu | grep -e sse4_2
```
"""


def contexts(*texts: str, path: Sequence[str] = ()) -> list[Candidate]:
    return [candidate(text, number=number, path=path) for number, text in enumerate(texts, 1)]


def quoted(text: str) -> list[str]:
    return [text[q.start : q.end] for q in quotes(text)]


def answer(question: str, *texts: str, language: str = "en", path: Sequence[str] = ()) -> str:
    extractive = Extractive(BagEmbedder(), detect_language=lambda _: language)
    return "".join(extractive.answer(question, contexts(*texts, path=path)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "# Head\n\nA first sentence is here. A second one too.",
            ["A first sentence is here.", "A second one too."],
            id="sentences without headings",
        ),
        pytest.param(
            "Yes. You can install it on Windows.",
            ["Yes. You can install it on Windows."],
            id="a short sentence takes the next along",
        ),
        pytest.param(
            "可以。Milvus 支持在 Windows 上安装运行，请参考官方文档。",
            ["可以。Milvus 支持在 Windows 上安装运行，请参考官方文档。"],
            id="a short Chinese sentence",
        ),
        pytest.param(
            "No.\n\nAnother paragraph stands here.",
            ["No.", "Another paragraph stands here."],
            id="but not the next paragraph",
        ),
        pytest.param(
            "One of these instruction sets:\n\n- SSE4.2\n- AVX2\n\nThen go on with this.",
            ["One of these instruction sets:\n\n- SSE4.2\n- AVX2", "Then go on with this."],
            id="an introduction and its list",
        ),
        pytest.param(
            "Run this command to check:\n\n```\nlscpu\n```\n",
            ["Run this command to check:\n\n```\nlscpu\n```"],
            id="an introduction and its code",
        ),
        pytest.param(
            "运行以下命令检查当前环境的配置情况和版本号：\n\n```\nlscpu\n```\n",
            ["运行以下命令检查当前环境的配置情况和版本号：\n\n```\nlscpu\n```"],
            id="a full-width colon",
        ),
    ],
)
def test_quotes(text: str, expected: list[str]) -> None:
    assert quoted(text) == expected


def test_an_introduction_does_not_swallow_a_huge_block() -> None:
    code = "```\n" + "x = 1\n" * 400 + "```"
    assert quoted(f"This is the whole program:\n\n{code}") == ["This is the whole program:", code]


def test_only_the_items_that_fit_are_attached() -> None:
    items = [f"- item {number} {'x' * 290}" for number in range(9)]
    first, *rest = quoted("These are the items of it:\n\n" + "\n".join(items))
    assert first.count("- item") == 3
    assert len(rest) == 6


@pytest.mark.parametrize("language", ["en", "zh"], ids=["by vectors", "by words alone"])
def test_the_sentence_that_answers_is_quoted_and_cited(language: str) -> None:
    embedder = BagEmbedder()
    embedder.info = MiniLmEmbedder.info.fget(None)  # type: ignore[attr-defined]
    extractive = Extractive(embedder, detect_language=lambda _: language)
    found = "".join(extractive.answer("what does the hosted version sell", contexts("Bananas are yellow.", COST)))
    assert "We sell a hosted version. [2]" in found
    assert "Bananas" not in found


def test_chinese_is_quoted_by_its_words() -> None:
    extractive = Extractive(MiniLmEmbedder.load(lock=DeviceLock()))
    found = "".join(
        extractive.answer(
            "向量最大支持多少维？", contexts("Milvus 是一个免费的开源项目。Milvus 最多支持 32768 维向量的存储和检索。")
        )
    )
    assert found == "Milvus 最多支持 32768 维向量的存储和检索。 [1]"


def test_meaning_finds_a_sentence_that_shares_no_word() -> None:
    extractive = Extractive(MiniLmEmbedder.load(lock=DeviceLock()))
    found = "".join(extractive.answer("how much money must I pay", contexts(COST, path=("How much does it cost?",))))
    assert found.startswith("Milvus is a 100% free open-source project. [1]")


def test_quotes_stand_in_the_order_of_the_text() -> None:
    text = "This is all about number one. And here it is about number two. At last we are at number three."
    assert answer("number three two one", text) == (
        "This is all about number one. [1] And here it is about number two. [1] At last we are at number three. [1]"
    )


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        pytest.param(("zh", "en"), "[2]", id="the context in the question's language is quoted"),
        pytest.param(("zh", "de"), "[1]", id="without one any language will do"),
        pytest.param(("zh", "und"), "[2]", id="an unknown language may be read"),
    ],
)
def test_the_question_s_language_is_preferred(languages: tuple[str, str], expected: str) -> None:
    text = "A file may have at most 20 MB."
    offered = [
        replace(each, stored=replace(each.stored, language=language))
        for each, language in zip(contexts(text, text), languages, strict=True)
    ]
    quoted_by = Extractive(BagEmbedder(), detect_language=lambda _: "en")
    said = "".join(quoted_by.answer("How large may a file be?", offered))
    assert said.startswith(f"{text} {expected}") and (expected == "[1]" or "[1]" not in said)


def test_each_context_is_a_paragraph_and_at_most_three_are_read() -> None:
    texts = [f"The port of server {name} is open." for name in ("a", "b", "c", "d")]
    assert answer("which port of the server is open", *texts) == "\n\n".join(
        f"{text} [{number}]" for number, text in enumerate(texts[:3], 1)
    )


def test_what_says_nothing_of_the_question_is_left_out() -> None:
    found = answer(
        "rotate the certificate", "Rotate the certificate with SIGHUP now.", "Bananas are yellow fruit today."
    )
    assert found == "Rotate the certificate with SIGHUP now. [1]"


def test_code_and_lists_stand_on_lines_of_their_own() -> None:
    assert answer("which SIMD must a CPU have, run the command to check lscpu sse4_2", SIMD) == (
        "Milvus needs SIMD. Your CPU must have one of these:\n\n- SSE4.2\n- AVX2\n\n[1]\n\n"
        "Run the command to check:\n\n```\n$ lscpu | grep -e sse4_2\n```\n\n[1]"
    )


def test_a_fence_cut_off_by_chunking_is_closed() -> None:
    found = answer("lscpu", "```\n$ lscpu\n$ uname")
    assert found == "```\n$ lscpu\n$ uname\n```\n\n[1]"
    assert [c.number for c in citations.find(found, 1)] == [1]


def test_brackets_of_the_document_are_no_citations_of_ours() -> None:
    found = answer("who founded the company", "Ada founded the company in 1843 [2] with friends [3].")
    assert [c.number for c in citations.find(found, 3)] == [1]
    assert found == "Ada founded the company in 1843 \\[2] with friends \\[3]. [1]"


def test_a_sentence_that_only_points_elsewhere_gives_way_to_one_that_tells() -> None:
    tells = [f"Tune the recall with ef {how}." for how in ("slowly", "upwards", "at last")]
    points = "See [tune the recall with ef](ef.md)."
    found = answer("tune the recall with ef", " ".join([tells[0], points, *tells[1:]]))
    assert found == " ".join(f"{sentence} [1]" for sentence in tells)


@pytest.mark.parametrize("texts", [(), ("",), ("# Only a heading",)], ids=["no context", "an empty one", "a heading"])
def test_nothing_to_quote_is_no_answer(texts: tuple[str, ...]) -> None:
    assert answer("anything", *texts) == ""


MARKDOWN = st.text(alphabet=st.sampled_from("ab. :。：\n-|#>1*()"), max_size=120)


@examples(60)
@given(st.lists(MARKDOWN, max_size=3), st.sampled_from(["en", "zh"]))
def test_every_quote_stands_in_its_context(texts: list[str], language: str) -> None:
    extractive = Extractive(BagEmbedder(), detect_language=lambda _: language)
    for piece in extractive.answer("a b 1", contexts(*texts)):
        quote, _, number = piece.removesuffix("]").rpartition("[")
        assert quote.strip()
        assert quote.strip() in texts[int(number) - 1]
