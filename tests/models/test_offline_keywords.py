"""The match by words alone, for languages the packaged model does not know."""

from __future__ import annotations

import pytest

from rag.models.offline.keywords import keyword_match, longest_common_share

PORT = "Milvus 默认端口是 19530。"
FREE = "Milvus 是免费的开源软件。"
LOGS = "Milvus 的日志默认写到标准输出。"


def best(query: str, texts: list[str]) -> str:
    scores = keyword_match(query, texts)
    return texts[max(range(len(texts)), key=scores.__getitem__)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("默认的端口号是多少？", PORT, id="rare words against common ones"),
        pytest.param("日志写到哪里？", LOGS, id="pairs of characters"),
        pytest.param("软件免费吗？", FREE, id="single words in another order"),
        pytest.param("19530", PORT, id="a number"),
    ],
)
def test_the_best_text(query: str, expected: str) -> None:
    assert best(query, [LOGS, FREE, PORT]) == expected


def test_a_word_every_text_holds_says_little() -> None:
    common, rare, _ = keyword_match("Milvus 端口", [FREE, PORT, LOGS])
    assert common < 0.4 * rare


def test_words_in_one_piece_beat_the_same_words_apart() -> None:
    together, apart = keyword_match("日志标准输出", ["日志标准输出很快好", "标准输出很快好日志"])
    assert together > apart


def test_repetition_is_dampened() -> None:
    once, often, none = keyword_match("port", ["the port", "port " * 50, "nothing"])
    assert none == 0 < once < often < 1.3


@pytest.mark.parametrize(
    ("query", "texts"),
    [
        pytest.param("", [PORT, FREE], id="no query"),
        pytest.param("？！", [PORT, FREE], id="no words"),
        pytest.param("port", [], id="no texts"),
        pytest.param("port", ["", "？"], id="texts without words"),
    ],
)
def test_nothing_to_compare_scores_nothing(query: str, texts: list[str]) -> None:
    assert keyword_match(query, texts) == [0.0] * len(texts)


@pytest.mark.parametrize(
    ("query", "text", "share"),
    [
        pytest.param("abcd", "xbcdx", 3 / 4, id="inside"),
        pytest.param("abab", "bab", 3 / 4, id="overlapping beginnings"),
        pytest.param("aab", "ab aa", 2 / 3, id="the first of two"),
        pytest.param("ab", "xaby", 1, id="all of it"),
        pytest.param("ab", "ba", 0, id="single characters"),
        pytest.param("", "a", 0, id="no query"),
        pytest.param("a", "", 0, id="no text"),
    ],
)
def test_longest_common_share(query: str, text: str, share: float) -> None:
    assert longest_common_share(query, text) == pytest.approx(share)


def test_characters_apart_count_far_less_than_their_word() -> None:
    apart, together, _ = keyword_match("端口", ["口好端好", "端口好好", "端口没有"])
    assert apart < 0.2 * together
