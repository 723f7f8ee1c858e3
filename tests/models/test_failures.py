"""A provider's words, as far as they may be shown."""

from __future__ import annotations

import pytest

from rag.models.chat.failures import DETAIL_LENGTH, READ_LENGTH, Redactor

KEY = "key-9f8e7d6c5b4a39281706"
REDACT = Redactor(KEY)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param(f"bad {KEY}!", "***", id="the key"),
        pytest.param("sk-abc is wrong", "*** is wrong", id="another key"),
        pytest.param("key=ab****yz here", "*** here", id="a starred key"),
        pytest.param("Bearer ab*** and Bearer xyz", "*** and ***", id="headers"),
    ],
)
def test_secrets_are_starred(words: str, shown: str) -> None:
    assert REDACT(words).endswith(shown)


@pytest.mark.parametrize("secret", [KEY, "sk-abcdefghijkl", "abcdefghijkl****mnop"])
@pytest.mark.parametrize("before", ["word ", "sk-" + "x" * 90 + " "])
def test_no_part_of_a_secret_is_left_where_the_words_are_cut(secret: str, before: str) -> None:
    for shift in range(len(secret) + 2):
        start = READ_LENGTH - shift
        words = (before * READ_LENGTH)[:start] + " " + secret + " and so on" * 9
        for length in (len(secret), 8):
            shown = REDACT(words)
            assert not [i for i in range(len(secret) - length + 1) if secret[i : i + length] in shown]
        assert len(shown) <= DETAIL_LENGTH


def test_a_long_body_is_shown_by_its_beginning() -> None:
    shown = REDACT("busy " * 30_000)
    assert shown.startswith("busy busy")
    assert shown.endswith("…")


def test_one_word_without_an_end_is_not_shown() -> None:
    assert REDACT("a" * 120_000) == "…"
