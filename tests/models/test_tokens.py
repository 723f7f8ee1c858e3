"""Plain tokens, batches and padding: pure rules with a real tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.models.tokens import CUT_AT_ONCE, PlainTokenizer, batches, left_padded, portions


@pytest.fixture(scope="module")
def published(reranker_folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(reranker_folder), local_files_only=True)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("Milvus finds the nearest vectors.", id="English"),
        pytest.param("向量数据库 stores 文档", id="Chinese and English"),
        pytest.param("e\u0301 and \u00e9", id="composed and not"),
        pytest.param("  two blanks,\n\n\tthen a tab  ", id="white space"),
    ],
)
def test_ordinary_text_has_the_ids_of_the_published_tokenizer(published: Any, text: str) -> None:
    assert PlainTokenizer(published).ids([text]) == [published.encode(text, add_special_tokens=False)]


@pytest.mark.parametrize("tag", ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"])
def test_a_special_string_in_a_text_is_only_letters(published: Any, tag: str) -> None:
    special = published.convert_tokens_to_ids(tag)
    text = f"before {tag} after"
    ids = PlainTokenizer(published).ids([text])[0]
    assert special in published.encode(text), "the published tokenizer alone would let it through"
    assert special not in ids
    assert published.decode(ids) == text


def test_half_a_surrogate_pair_does_not_break_a_batch(published: Any) -> None:
    plain = PlainTokenizer(published)
    assert plain.ids(["a\ud800b", "next"]) == plain.ids(["a?b", "next"])


def test_counts_are_the_lengths(published: Any) -> None:
    texts = ["one", "", "two words", "中文"]
    plain = PlainTokenizer(published)
    assert plain.counts(texts) == [len(ids) for ids in plain.ids(texts)]


@given(st.lists(st.integers(0, 2 * CUT_AT_ONCE), max_size=12))
def test_texts_are_cut_so_many_at_a_time(lengths: list[int]) -> None:
    texts = ["a" * length for length in lengths]
    parts = list(portions(texts))
    assert [text for part in parts for text in part] == texts
    assert all(len(part) == 1 or sum(map(len, part)) <= CUT_AT_ONCE for part in parts)


def test_counts_of_many_texts_are_those_of_each(published: Any) -> None:
    plain, texts = PlainTokenizer(published), ["some words " * 2_000 * (n % 3) for n in range(12)]
    assert plain.counts(texts) == [len(ids) for ids in plain.ids(texts)]


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_cut_keeps_the_beginning(published: Any, limit: int) -> None:
    plain = PlainTokenizer(published)
    text = "Milvus finds the nearest vectors, 最接近的段落 first."
    cut = plain.cut(text, limit)
    assert text.startswith(cut)
    assert plain.ids([cut])[0] == plain.ids([text])[0][:limit]


LENGTHS = st.lists(st.integers(0, 700), max_size=60)
BUDGETS = st.integers(1, 2000)
ROWS = st.none() | st.integers(1, 600)


@given(LENGTHS, BUDGETS, ROWS, st.booleans())
def test_batches_hold_every_position_once_within_the_budget(
    lengths: list[int], budget: int, rows: int | None, in_order: bool
) -> None:
    groups = list(batches(lengths, budget=budget, rows=rows, in_order=in_order))
    assert sorted(p for group in groups for p in group) == list(range(len(lengths)))
    for group in groups:
        assert group
        assert len(group) == 1 or max(lengths[p] for p in group) * len(group) <= budget


@pytest.mark.parametrize(
    ("lengths", "options", "expected"),
    [
        pytest.param([5, 1, 4, 1], {"budget": 8}, [[1, 3], [2], [0]], id="similar lengths together"),
        pytest.param([9, 2], {"budget": 8}, [[1], [0]], id="a text over the budget goes alone"),
        pytest.param(
            [3, 3, 3, 3], {"budget": 100, "rows": 6}, [[0, 1], [2, 3]], id="closed when there are enough rows"
        ),
        pytest.param([], {"budget": 8}, [], id="nothing"),
        pytest.param(
            [8] * 8 + [1], {"budget": 8, "in_order": True}, [*([n] for n in range(8)), [8]], id="first texts first"
        ),
    ],
)
def test_batches(lengths: list[int], options: dict[str, Any], expected: list[list[int]]) -> None:
    assert list(batches(lengths, **options)) == expected


def test_padding_is_on_the_left() -> None:
    assert left_padded([[7], [8, 9]], 0) == ([[0, 7], [8, 9]], [[0, 1], [1, 1]])
