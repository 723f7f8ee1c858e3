"""What of a passage is marked for a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.highlight import best_sentence, term_spans


def marked(query: str, text: str) -> list[str]:
    return [text[start:end] for start, end in term_spans(query, text)]


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        pytest.param(
            "rotating certificates", "Rotate the certificate.", ["Rotate", "certificate"], id="inflected forms"
        ),
        pytest.param("how do I do it", "I do it like this", ["I", "do", "it"], id="only function words"),
        pytest.param("what is HNSW", "what HNSW is", ["HNSW"], id="function words are not marked"),
        pytest.param(
            "max_length", "set maxLength or max_length to 5", ["maxLength", "max", "length"], id="identifiers"
        ),
        pytest.param(
            "支持的维度", "最多支持 32768 维。维度不变。", ["支持", "维度"], id="Chinese pairs, not characters"
        ),
        pytest.param("向量维度", "三维", [], id="a character alone is too little beside pairs"),
        pytest.param("维？", "32768 维", ["维"], id="a character alone where the query has nothing longer"),
        pytest.param("向量数据库", "用向量数据库", ["向量数据库"], id="neighbouring pairs are joined"),
        pytest.param("Milvus 支持 GPU", "Milvus支持GPU", ["Milvus支持GPU"], id="mixed scripts"),
        pytest.param("ཀཁག", "ཀཁགང", ["ཀཁག"], id="Tibetan, of which search knows pairs"),
        pytest.param("𠮷野", "用𠮷野", ["𠮷野"], id="rare ideographs"),
        pytest.param("café", "CAFE Café", ["CAFE", "Café"], id="case and accents"),
        pytest.param("", "text", [], id="no query"),
        pytest.param("query", "", [], id="no text"),
    ],
)
def test_term_spans(query: str, text: str, expected: list[str]) -> None:
    assert marked(query, text) == expected


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        pytest.param(
            "rotate certificates",
            "# Rotate\n\nFirst. Rotate the certificate. Rotate.",
            "Rotate the certificate.",
            id="most words",
        ),
        pytest.param(
            "Milvus port",
            "Milvus is free. Milvus is fast. The port is 19530.",
            "The port is 19530.",
            id="rare words count more",
        ),
        pytest.param("port", "A port. The port.", "A port.", id="the first of equals"),
        pytest.param("最多多少维", "这是介绍。最多支持 32768 维。", "最多支持 32768 维。", id="Chinese"),
        pytest.param(
            "install", "Do this:\n\n```\npip install x\n```\n", "```\npip install x\n```", id="a code block whole"
        ),
    ],
)
def test_best_sentence(query: str, text: str, expected: str) -> None:
    span = best_sentence(query, text)
    assert span is not None
    assert text[slice(*span)] == expected


@pytest.mark.parametrize(
    ("query", "text"),
    [
        pytest.param("bananas", "Nothing shared.", id="no word in common"),
        pytest.param("title", "# Title\n\nOther words.", id="only in the heading"),
        pytest.param("x", "", id="no text"),
    ],
)
def test_no_best_sentence(query: str, text: str) -> None:
    assert best_sentence(query, text) is None


@given(st.text(max_size=20), st.text(max_size=80))
def test_spans_are_ordered_apart_and_inside(query: str, text: str) -> None:
    last = -1
    for start, end in term_spans(query, text):
        assert last < start < end <= len(text)
        last = end
