"""Reciprocal rank fusion against sums worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieval.fusion import fuse
from rag.types import Chunk, Fusion, Hit, StoredChunk


def hits(*ids: str) -> list[Hit]:
    return [
        Hit(StoredChunk(id, "d.md", "0" * 64, "en", Chunk(0, 0, 1, (), id, 1)), rank, 1.0 / rank)
        for rank, id in enumerate(ids, 1)
    ]


def order(dense: list[Hit], full_text: list[Hit], fusion: Fusion) -> list[str]:
    return [c.stored.id for c in fuse(dense, full_text, fusion)]


@pytest.mark.parametrize(
    ("dense", "full_text", "fusion", "expected"),
    [
        pytest.param(["a", "b"], ["b", "c"], Fusion(), ["b", "a", "c"], id="found twice beats found once"),
        pytest.param(["a"], ["b"], Fusion(), ["a", "b"], id="a tie between equals goes to the smaller id"),
        pytest.param(
            ["a"], ["c", "d"], Fusion(dense_weight=0.0), ["c", "d", "a"], id="weight 0 keeps candidates but last"
        ),
        pytest.param(["a", "b"], [], Fusion(), ["a", "b"], id="one list keeps its order"),
        pytest.param([], [], Fusion(), [], id="nothing gives nothing"),
        pytest.param(["a", "b", "c"], ["c"], Fusion(k=1), ["c", "a", "b"], id="small k favours first ranks"),
    ],
)
def test_order(dense: list[str], full_text: list[str], fusion: Fusion, expected: list[str]) -> None:
    assert order(hits(*dense), hits(*full_text), fusion) == expected


def test_scores_and_ranks_are_kept_for_every_stage() -> None:
    first, second = fuse(hits("a", "b"), hits("b"), Fusion(k=60))
    assert (first.stored.id, first.dense and first.dense.rank, first.full_text and first.full_text.rank) == ("b", 2, 1)
    assert first.fused and first.fused.score == pytest.approx(1 / 62 + 1 / 61)
    assert second.full_text is None and second.fused and second.fused.rank == 2


def foreign(*ids: str) -> list[Hit]:
    return [replace(hit, stored=replace(hit.stored, language="de")) for hit in hits(*ids)]


@pytest.mark.parametrize(
    ("dense", "full_text", "fusion", "expected"),
    [
        pytest.param(
            [*"abc"], [*"ca"], Fusion(language="zh"), [*"abc"], id="the order of dense stands across languages"
        ),
        pytest.param([*"abc"], [*"ca"], Fusion(), [*"acb"], id="ranks add up where no language is given"),
        pytest.param([*"abc"], [*"ca"], Fusion(language="de"), [*"acb"], id="ranks add up within a language"),
        pytest.param([*"ab"], ["z"], Fusion(k=1, language="zh"), [*"azb"], id="a name that words found comes in"),
        pytest.param(
            ["a"], [*"bc"], Fusion(dense_weight=0.0, language="zh"), [*"bca"], id="weight 0 keeps candidates but last"
        ),
    ],
)
def test_full_text_says_little_about_passages_in_another_language(
    dense: list[str], full_text: list[str], fusion: Fusion, expected: list[str]
) -> None:
    assert order(foreign(*dense), foreign(*full_text), fusion) == expected


def test_a_foreign_passage_and_a_native_one_that_lead_their_lists_are_level() -> None:
    native, other = hits("n"), foreign("f")
    fused = fuse([*native, *other], native, Fusion(language="en"))
    assert fused[0].fused and fused[0].fused.score == pytest.approx(2 / 61)
    (alone,) = fuse(other, [], Fusion(language="en"))
    assert alone.fused and alone.fused.score == pytest.approx(2 / 61)


ids = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(ids, ids)
def test_every_hit_becomes_exactly_one_candidate(dense: list[str], full_text: list[str]) -> None:
    fused = fuse(hits(*dense), hits(*full_text), Fusion())
    assert sorted(c.stored.id for c in fused) == sorted(set(dense) | set(full_text))
    assert [c.fused.rank for c in fused if c.fused] == list(range(1, len(fused) + 1))
    scores = [c.fused.score for c in fused if c.fused]
    assert scores == sorted(scores, reverse=True)


@given(ids, ids)
def test_swapping_lists_of_equal_weight_changes_nothing(dense: list[str], full_text: list[str]) -> None:
    assert order(hits(*dense), hits(*full_text), Fusion()) == order(hits(*full_text), hits(*dense), Fusion())


def test_a_tie_goes_by_document_and_place_whatever_the_ids() -> None:
    (one,), (two,) = hits("z"), hits("a")
    first = replace(one, stored=replace(one.stored, document="a.md"))
    second = replace(two, stored=replace(two.stored, document="b.md"))
    assert order([second], [first], Fusion()) == ["z", "a"]
