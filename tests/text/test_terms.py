"""Terms of full-text search: tables of what must come out, and properties that hold for any text."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from milvus_lite.analyzer.standard import StandardAnalyzer

from rag.text.terms import LONGEST_QUERY, LONGEST_TERM, document_terms, query_terms, stem, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("The foxes are running", ["the", "fox", "are", "run"], id="English words are stemmed"),
        pytest.param("Café naïve ΑΘΉΝΑ", ["cafe", "naiv", "αθηνα"], id="case and accents fold"),
        pytest.param("ﬁle Ｆｕｌｌ x²", ["file", "full", "x2", "x", "2"], id="compatibility forms fold"),
        pytest.param("user's user\u2019s", ["user", "user"], id="possessives lose their s"),
        pytest.param("snake_case", ["snake_case", "snake", "case"], id="snake case whole and split"),
        pytest.param("camelCase", ["camelcase", "camel", "case"], id="camel case whole and split"),
        pytest.param("getHTTPCode", ["gethttpcode", "get", "http", "code"], id="capitals inside camel case"),
        pytest.param("index.type", ["index_type", "index", "type"], id="dotted whole and split"),
        pytest.param("multi-vector", ["multi_vector", "multi", "vector"], id="kebab whole and split"),
        pytest.param("a/b.md", ["a_b_md", "a", "b", "md"], id="paths whole and split"),
        pytest.param("std::vector", ["std_vector", "std", "vector"], id="scopes whole and split"),
        pytest.param("2.4.2", ["2_4_2", "2", "4", "2"], id="versions whole and split"),
        pytest.param("65,535 rows", ["65535", "row"], id="thousands separators go"),
        pytest.param("Ends here.", ["end", "here"], id="final punctuation is no connector"),
        pytest.param("__init__", ["init"], id="outer underscores go"),
        pytest.param("向量检索", ["向", "向量", "量", "量检", "检", "检索", "索"], id="Chinese characters and pairs"),
        pytest.param("の検索", ["の", "の検", "検", "検索", "索"], id="Japanese across its scripts"),
        pytest.param("データ", ["デ", "デー", "ー", "ータ", "タ"], id="voiced kana stay voiced"),
        pytest.param("한국어 검색", ["한", "한국", "국", "국어", "어", "검", "검색", "색"], id="Korean words by pairs"),
        pytest.param("ไทย", ["ไ", "ไท", "ท", "ทย", "ย"], id="Thai, which has no blanks"),
        pytest.param("支持HNSW索引", ["支", "支持", "持", "hnsw", "索", "索引", "引"], id="mixed without blanks"),
        pytest.param("हिन्दी", ["हनद"], id="a word with vowel signs stays one word"),
        pytest.param("аб Ёлка", ["аб", "елка"], id="Cyrillic"),
        pytest.param("a1" * 40, ["a1" * 32], id="data in place of a word is one term, cut"),
        pytest.param("ab/CD+" * 400 + "x", ["abcd" * 10 + "abc"], id="an encoded image is one term, cut"),
        pytest.param("?! … 🎉 ___", [], id="nothing but signs"),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("question", "document"),
    [
        pytest.param("running", "it ran; it runs", id="inflection"),
        pytest.param("foo_bar", "call `foo_bar()`", id="identifier"),
        pytest.param("fooBar", "the foo of bar", id="parts of an identifier"),
        pytest.param("version 2.4.2", "since v2.4.2", id="version without its v"),
        pytest.param("v2.4.2", "since 2.4.2", id="version with its v"),
        pytest.param("metric-type", "set metric_type", id="other connector"),
        pytest.param("CAFE", "café", id="accents"),
        pytest.param("检索", "全文检索很快", id="Chinese word inside a run"),
        pytest.param("Ｍｉｌｖｕｓ", "milvus", id="full width"),
    ],
)
def test_question_meets_document(question: str, document: str) -> None:
    assert set(query_terms(question)) & set(terms(document))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        pytest.param("What is the price of a fox?", ["price", "fox"], id="function words go"),
        pytest.param("What is it?", ["what", "is", "it"], id="unless nothing else is left"),
        pytest.param("价格多少？", ["价", "价格", "格"], id="Chinese question words go before pairs are made"),
        pytest.param("为什么？", ["为", "为什", "什", "什么", "么"], id="unless nothing else is left, in Chinese"),
        pytest.param("fox fox foxes", ["fox"], id="each term once"),
    ],
)
def test_query_terms(question: str, expected: list[str]) -> None:
    assert query_terms(question) == expected


def test_a_pasted_page_asks_for_a_bounded_number_of_terms() -> None:
    assert len(query_terms(" ".join(f"word{i}" for i in range(1000)))) == LONGEST_QUERY


def test_terms_repeat_as_often_as_they_occur() -> None:
    assert terms("fox and fox").count("fox") == 2


@given(st.text(max_size=200))
def test_every_tokenizer_passes_the_terms_on_unchanged(text: str) -> None:
    found = terms(text)
    joined = " ".join(found)
    assert StandardAnalyzer().tokenize(joined) == found
    assert joined.split() == found
    assert all(re.fullmatch(r"\w+", term) and len(term) <= LONGEST_TERM for term in found)


@given(st.text(max_size=200))
def test_case_does_not_matter_to_words(text: str) -> None:
    spaced = " ".join(re.findall("[a-z]+", text.lower()))
    assert terms(spaced.upper()) == terms(spaced)


@given(st.text(max_size=300), st.integers(min_value=0, max_value=200))
def test_document_terms_keep_to_the_limit_and_to_whole_terms(text: str, limit: int) -> None:
    joined = document_terms(text, limit=limit)
    assert len(joined.encode()) <= limit
    assert set(joined.split()) <= set(terms(text))


def test_over_long_text_loses_repetitions_before_terms() -> None:
    assert document_terms("fox fox fox dog", limit=7) == "fox dog"
    assert document_terms("fox fox fox dog", limit=6) == "fox"
    assert document_terms("fox fox", limit=7) == "fox fox"


def test_many_threads_stem_side_by_side() -> None:
    words = [
        f"{letter * 3}{ending}" for letter in "bcdfgklmnp" for ending in ("ationally", "ing", "iveness", "y", "fulness")
    ]
    alone = [stem(word) for word in words]
    pause = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda _: [stem(word) for word in words], range(64)))
    finally:
        sys.setswitchinterval(pause)
    assert together == [alone] * 64
