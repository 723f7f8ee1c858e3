"""Each sentence of an answer with what stands behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations.check import Checked, check
from rag.citations.claims import says_nothing_is_there
from rag.citations.stream import split
from rag.ledger import Match, Quote, Support
from tests.support.evidence import candidate

LIMITS = (
    "The largest file is **20 MB**. A zip may hold at most 2000 files. "
    "Larger archives are refused before they are unpacked. Yes \\[1] is kept."
)
INDEX = "索引的精度由参数决定。向量的维度在创建之后不能改变。"
STEPS = "To rotate a certificate:\n\n1. Write the new files.\n2. Send `SIGHUP`.\n\n```sh\nkill -HUP 1\n```\n\nDone."
CONTEXTS = [candidate(text, number=n) for n, text in enumerate((LIMITS, INDEX, STEPS), start=1)]


def checked(reply: str, *, whole: bool = True) -> tuple[str, Checked]:
    """The answer of a model's reply, and its check."""
    splitter = split(reply)
    answer = "".join(part.shown for part in splitter.parts)
    return answer, check(answer, splitter.quotes, CONTEXTS, whole=whole)


def supports(reply: str, *, whole: bool = True) -> list[tuple[str, Support]]:
    answer, found = checked(reply, whole=whole)
    return [(answer[c.start : c.end], c.support) for c in found.claims]


def span(quote: Quote) -> str:
    return CONTEXTS[quote.number - 1].stored.chunk.text[quote.start : quote.end]


# ---- what stands behind a sentence -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "support"),
    [
        pytest.param('Files are small [1 "largest file is 20 MB"].', Support.QUOTED, id="a quote, letter by letter"),
        pytest.param('Files are small [1 "The largest files are 20 MB"].', Support.CLOSE, id="a quote, nearly"),
        pytest.param('Files are small [1 "The largest file is 30 MB"].', Support.NOT_FOUND, id="a false quote"),
        pytest.param('Fixed [2 "向量的维度在创建之后不能改变"].', Support.QUOTED, id="a Chinese quote"),
        pytest.param('Fixed [2 "向量的维度在创建以后不能改变"].', Support.CLOSE, id="a Chinese quote, nearly"),
        pytest.param('Fixed [2 "向量的维度在创建之后可以改变"].', Support.NOT_FOUND, id="a false Chinese quote"),
        pytest.param("Files are small [1].", Support.CITED, id="a citation alone"),
        pytest.param("A zip may hold at most 2000 files [1].", Support.QUOTED, id="word for word itself"),
        pytest.param("Files are small [7].", Support.NOT_FOUND, id="no such context"),
        pytest.param("Files are small [1][7].", Support.NOT_FOUND, id="one of two is no context"),
        pytest.param(
            'Small [1 "2000 files"; 2 "not there at all"].', Support.NOT_FOUND, id="one quote of two is false"
        ),
        pytest.param('Small [1 "2000 files"; 1 "largest files are 20 MB"].', Support.CLOSE, id="one only nearly"),
        pytest.param('Small [1 "2000 files"][2].', Support.QUOTED, id="a quote and a citation without"),
        pytest.param("Files are small.", Support.NONE, id="nothing"),
        pytest.param('Below 30 MB [1 "largest file is 20 MB"].', Support.ALTERED, id="another number than its quote"),
        pytest.param('Below 20 GB [1 "largest file is 20 MB"].', Support.ALTERED, id="another unit than its quote"),
        pytest.param('Below 2000 MB [1 "largest file is 20 MB"].', Support.ALTERED, id="a number from elsewhere"),
        pytest.param('Below 30 MB [1 "The largest files are 20 MB"].', Support.ALTERED, id="and the quote only nearly"),
        pytest.param('20 MB and 2000 [1 "largest file is 20 MB"; 1 "at most 2000 files"].', Support.QUOTED, id="both"),
        pytest.param('Small [1 "largest file … before they are unpacked"].', Support.QUOTED, id="words left out"),
    ],
)
def test_one_sentence(reply: str, support: Support) -> None:
    (claim,) = checked(reply)[1].claims
    assert claim.support is support


def test_a_quote_tells_where_it_stands() -> None:
    answer, found = checked('Files are small [1 "largest file is 20 MB"].')
    (quote,) = found.quotes
    assert (quote.number, quote.match, quote.similarity, quote.elsewhere) == (1, Match.EXACT, 1.0, 0)
    assert span(quote) == "largest file is **20 MB"
    assert answer[: quote.at] == "Files are small [1]"
    assert found.claims[0].numbers == (1,)


def test_a_quote_of_another_context_is_missing_from_the_one_it_names_and_says_where_it_is() -> None:
    _, found = checked('Wrong [1 "向量的维度在创建之后不能改变"].')
    (quote,) = found.quotes
    assert (quote.match, quote.start, quote.end, quote.elsewhere) == (Match.MISSING, 0, 0, 2)
    assert found.claims[0].support is Support.NOT_FOUND


def test_a_quote_of_a_context_that_was_not_sent_is_missing() -> None:
    _, found = checked('Wrong [9 "2000 files"].')
    assert [(q.number, q.match, q.elsewhere) for q in found.quotes] == [(9, Match.MISSING, 1)]


def test_words_left_out_make_several_quotes() -> None:
    _, found = checked('Small [1 "The largest file … before they are unpacked"].')
    assert [span(q) for q in found.quotes] == ["The largest file", "before they are unpacked"]


# ---- which sentence a citation belongs to ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(
            "Files are small. [1] They are fast.",
            [("Files are small. [1]", Support.CITED), ("They are fast.", Support.NONE)],
            id="behind the full stop",
        ),
        pytest.param(
            "文件很小。[1]它们很快。", [("文件很小。[1]", Support.CITED), ("它们很快。", Support.NONE)], id="Chinese"
        ),
        pytest.param("Files are small.\n\n[1]", [("Files are small.", Support.CITED)], id="on a line of its own"),
        pytest.param("[1] says that files are small.", [("[1] says that files are small.", Support.CITED)], id="first"),
        pytest.param("Yes. Files are small [1].", [("Yes. Files are small [1].", Support.CITED)], id="yes, because"),
        pytest.param("是的。文件很小[1]。", [("是的。文件很小[1]。", Support.CITED)], id="yes in Chinese"),
        pytest.param(
            "It is free. Files are small [1].",
            [("It is free.", Support.NONE), ("Files are small [1].", Support.CITED)],
            id="not covered by the next",
        ),
        pytest.param(
            "A zip may hold at most 2000 files. Archives are checked [1].",
            [("A zip may hold at most 2000 files.", Support.QUOTED), ("Archives are checked [1].", Support.CITED)],
            id="word for word in what is cited next",
        ),
        pytest.param(
            "The rules are [1]:\n\n- small files\n- few files",
            [("The rules are [1]:", Support.CITED), ("small files", Support.CITED), ("few files", Support.CITED)],
            id="a list whose introduction cites",
        ),
        pytest.param(
            "- Keep files small [1].\n  - In zips too.\n    - Always.\n- Keep few.",
            [
                ("Keep files small [1].", Support.CITED),
                ("In zips too.", Support.CITED),
                ("Always.", Support.CITED),
                ("Keep few.", Support.NONE),
            ],
            id="items below an item that cites",
        ),
        pytest.param(
            "Follow these steps.\n\n1. Set-up\n   - Write the files [1].\n2. **Restart**\n   - Wait.",
            [("Write the files [1].", Support.CITED), ("Wait.", Support.NONE)],
            id="titles of items and what leads to a list",
        ),
        pytest.param(
            "The price rose by 40 % in these years.\n\n- Berths [1]",
            [("The price rose by 40 % in these years.", Support.NONE), ("Berths [1]", Support.CITED)],
            id="a figure before a list",
        ),
        pytest.param(
            "| a | b |\n| --- | --- |\n| 1 | 2 [1] |\n\nFree.",
            [("| a | b |\n| --- | --- |\n| 1 | 2 [1] |", Support.CITED), ("Free.", Support.NONE)],
            id="a table",
        ),
    ],
)  # fmt: skip
def test_citations_and_their_sentences(reply: str, expected: list[tuple[str, Support]]) -> None:
    assert supports(reply) == expected


# ---- what is no claim ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("## Limits of files", id="heading"),
        pytest.param("**Limits of files**", id="a bold line as heading"),
        pytest.param("```sh\nkill -HUP 1\n```", id="code"),
        pytest.param("To rotate a certificate:", id="introduction"),
        pytest.param("要轮换证书：", id="introduction in Chinese"),
        pytest.param("Do you mean the client's certificate?", id="question"),
        pytest.param("The documents do not say how long it takes.", id="nothing in the documents"),
        pytest.param("The price is not mentioned.", id="not mentioned"),
        pytest.param("There is no information about the price.", id="no information"),
        pytest.param("I couldn't find the price.", id="not found"),
        pytest.param("文档中没有提到价格。", id="nothing in the documents, Chinese"),
        pytest.param("未提及价格的相关信息。", id="not mentioned, Chinese"),
        pytest.param("Let me know if you need more.", id="offer"),
        pytest.param("希望对你有帮助。", id="offer in Chinese"),
        pytest.param("Yes.", id="a bare yes"),
        pytest.param("$$\nV = l b h. W = m g\n$$", id="a formula"),
        pytest.param("\\[ E = m c^2 \\]", id="a formula in brackets"),
        pytest.param("\\begin{align}\nQ &= A v\n\\end{align}", id="a formula as an environment"),
    ],
)
def test_no_claim(sentence: str) -> None:
    assert supports(f"Files are small [1].\n\n{sentence}") == [("Files are small [1].", Support.CITED)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Passwords are not included in the backup.",
        "It does not contain any telemetry.",
        "No documents are lost during a restart.",
        "文件不包含密码。",
        "The service never restarts itself.",
        "服务没有重启。",
        "20 MB.",
    ],
)
def test_what_only_looks_like_a_gap_is_a_claim(sentence: str) -> None:
    assert not says_nothing_is_there(sentence)
    assert supports(f"Files are small [1].\n\n{sentence}")[1] == (sentence, Support.NONE)


def test_an_answer_of_one_word_is_a_claim() -> None:
    assert supports("Yes.") == [("Yes.", Support.NONE)]


def test_a_gap_with_a_citation_is_a_claim_like_any_other() -> None:
    assert supports("The documents do not say it [1].") == [("The documents do not say it [1].", Support.CITED)]


def test_the_sentence_a_stopped_answer_broke_off_in_is_not_held_against_it() -> None:
    assert supports("Files are small [1]. They are als", whole=False) == [("Files are small [1].", Support.CITED)]
    assert len(supports("Files are small [1]. They are als")) == 2


# ---- answers that are made of quotes ---------------------------------------------------------------------------------


def extractive(answer: str) -> Checked:
    return check(answer, (), CONTEXTS)


def test_an_extracted_sentence_is_its_own_quote() -> None:
    found = extractive("Larger archives are refused before they are unpacked. [1]")
    assert [c.support for c in found.claims] == [Support.QUOTED]
    assert [span(q) for q in found.quotes] == ["Larger archives are refused before they are unpacked."]


def test_what_is_said_before_a_quote_claims_nothing_and_leaves_it_a_quote() -> None:
    sentence = "Larger archives are refused before they are unpacked."
    answer = f"No sentence answers this directly; the closest passage is a.md:\n\n**Windows**\n\n{sentence} [1]"
    found = extractive(answer)
    assert [(answer[c.start : c.end], c.support) for c in found.claims] == [(f"{sentence} [1]", Support.QUOTED)]


def test_an_extracted_list_is_one_quote_and_all_its_sentences_have_it() -> None:
    answer = "To rotate a certificate:\n\n1. Write the new files.\n2. Send `SIGHUP`.\n\n[3]"
    found = extractive(answer)
    assert [(answer[c.start : c.end], c.support) for c in found.claims] == [
        ("To rotate a certificate:", Support.QUOTED),
        ("Write the new files.", Support.QUOTED),
        ("Send `SIGHUP`.", Support.QUOTED),
    ]
    assert [span(q) for q in found.quotes] == ["To rotate a certificate:\n\n1. Write the new files.\n2. Send `SIGHUP`."]


def test_extracted_code_is_a_claim_where_it_is_all_that_is_cited() -> None:
    found = extractive("```sh\nkill -HUP 1\n```\n\n[3]")
    assert [c.support for c in found.claims] == [Support.QUOTED]
    assert [span(q) for q in found.quotes] == ["kill -HUP 1"]


def test_brackets_the_extractor_has_escaped_are_those_of_the_document() -> None:
    found = extractive("Yes \\[1] is kept. [1]")
    assert [c.support for c in found.claims] == [Support.QUOTED]


def test_an_extract_that_was_tampered_with_is_no_quote() -> None:
    found = extractive("Larger archives are accepted before they are unpacked. [1]")
    assert [c.support for c in found.claims] == [Support.CITED]
    assert found.quotes == ()


# ---- properties ------------------------------------------------------------------------------------------------------

TEXTS = ["Files are small", ". ", "。", "\n\n", "- ", "`x`", "```\n", "| ", "## "]
PIECES = [*TEXTS, " [1]", " [9]", '[1 "2000 files"]', "[2“向量”]"]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.booleans())
def test_claims_are_spans_in_order_and_quotes_lie_in_their_contexts(reply: str, whole: bool) -> None:
    answer, found = checked(reply, whole=whole)
    edges = [edge for claim in found.claims for edge in (claim.start, claim.end)]
    assert edges == sorted(edges) and all(0 <= edge <= len(answer) for edge in edges)
    assert all(answer[c.start : c.end].strip() for c in found.claims)
    for quote in found.quotes:
        assert 0 <= quote.at <= len(answer)
        assert (quote.match is Match.MISSING) == (quote.end == 0)
        if quote.end:
            assert quote.end <= len(CONTEXTS[quote.number - 1].stored.chunk.text)
    assert [q.at for q in found.quotes] == sorted(q.at for q in found.quotes)
    for claim in found.claims:
        assert (claim.support is Support.NONE) == (not claim.numbers)
