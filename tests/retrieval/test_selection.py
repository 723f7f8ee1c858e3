"""Which candidates are kept, and what would be kept under other options: pure rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.messages import reason
from rag.retrieval.fusion import fuse_again
from rag.retrieval.selection import by_log_odds, cut_among, in_reach, reselect, select
from rag.types import Candidate, Fusion, Ranked, RerankLimits, Retrieval, RetrievalOptions
from tests.support.evidence import candidate

OPTIONS = RetrievalOptions(candidates=4, contexts=2, threshold=0.5)


def judged(name: str, log_odds: float | None, *, dense: int | None = None, full_text: int | None = None) -> Candidate:
    one = candidate(f"text of {name}", document=name, log_odds=log_odds)
    return replace(
        one,
        stored=replace(one.stored, id=name),
        dense=Ranked(dense, 1.0) if dense else None,
        full_text=Ranked(full_text, 1.0) if full_text else None,
    )


A, B, C, D = (
    judged("a", 3.0, dense=1, full_text=4),
    judged("b", 2.0, dense=2),
    judged("c", 1.0, dense=3, full_text=1),
    judged("d", -1.0, dense=4, full_text=2),
)


def kept(candidates: list[Candidate] | tuple[Candidate, ...]) -> list[str]:
    return [c.stored.id for c in sorted((c for c in candidates if c.number), key=lambda c: c.number or 0)]


def why(candidates: list[Candidate] | tuple[Candidate, ...], name: str) -> str:
    dropped = next(c.dropped for c in candidates if c.stored.id == name)
    return dropped.code if dropped else ""


def test_the_best_above_the_threshold_are_kept_and_every_drop_has_its_reason() -> None:
    found = select([A, B, C, D], OPTIONS)
    assert kept(found) == ["a", "b"]
    assert (why(found, "c"), why(found, "d")) == ("stages.beyond_contexts", "stages.below_threshold")
    assert [c.rank for c in found] == [1, 2, 3, 4]


def test_a_pinned_candidate_comes_first_whatever_its_probability() -> None:
    assert kept(select([A, B, C, D], replace(OPTIONS, pinned=("d", "c")))) == ["d", "c"]


def test_a_banned_candidate_makes_room_for_the_next() -> None:
    found = select([A, B, C, D], replace(OPTIONS, banned=("a",)))
    assert kept(found) == ["b", "c"]
    assert why(found, "a") == "stages.banned"


def test_a_ban_outweighs_a_pin() -> None:
    assert kept(select([A, B], replace(OPTIONS, pinned=("a",), banned=("a",)))) == ["b"]


def test_a_repetition_is_collapsed_into_the_better_one_and_makes_room() -> None:
    twin = replace(B, stored=replace(B.stored, chunk=A.stored.chunk))
    found = select([A, twin, C, D], OPTIONS)
    assert kept(found) == ["a", "c"]
    assert found[1].similar_to == "a"
    assert found[1].dropped == reason("duplicates.repeats", document="a")


def test_a_repetition_of_what_is_banned_takes_its_place() -> None:
    twin = replace(B, stored=replace(B.stored, chunk=A.stored.chunk))
    assert kept(select([A, twin], replace(OPTIONS, banned=("a",)))) == ["b"]


def test_a_pinned_repetition_is_kept_and_the_other_collapsed_into_it() -> None:
    twin = replace(D, stored=replace(D.stored, chunk=A.stored.chunk))
    found = reselect(Retrieval("q", OPTIONS, (A, twin)), replace(OPTIONS, pinned=("d",)))
    assert kept(found.candidates) == ["d"]
    assert [c.similar_to for c in found.candidates] == ["", "d"]
    assert [c.similar_to for c in reselect(found, OPTIONS).candidates] == ["", ""], "below the threshold anyway"


TWIN = replace(C, stored=replace(C.stored, chunk=A.stored.chunk))


@pytest.mark.parametrize(
    ("head", "options", "expected"),
    [
        pytest.param([A, B, C], OPTIONS, RerankLimits(2, 0.0), id="the best two"),
        pytest.param([A, B, C], replace(OPTIONS, threshold=0.0), RerankLimits(2), id="no threshold"),
        pytest.param([A, B, C], replace(OPTIONS, pinned=("b",)), RerankLimits(1, 0.0, 1), id="a pin may take a place"),
        pytest.param(
            [A, B, C], replace(OPTIONS, pinned=("a", "b", "c")), RerankLimits(0, 0.0, 2), id="more pins than places"
        ),
        pytest.param([A, B, C], replace(OPTIONS, banned=("a",)), RerankLimits(2, 0.0, 1), id="a ban leaves its place"),
        pytest.param([A, B, TWIN], OPTIONS, RerankLimits(2, 0.0, 1), id="so does a repetition"),
        pytest.param([TWIN, B, A], replace(OPTIONS, pinned=("a",)), RerankLimits(1, 0.0, 2), id="also of a pinned one"),
    ],
)
def test_the_cut_is_known_before_judging(
    head: list[Candidate], options: RetrievalOptions, expected: RerankLimits
) -> None:
    assert cut_among(head, options) == expected


def test_versions_among_the_contexts_are_flagged() -> None:
    one, other = (
        replace(x, stored=replace(x.stored, document=f"guide-v{n}.md", chunk=replace(x.stored.chunk, text=text)))
        for n, (x, text) in enumerate([(A, "The limit is 20 MB."), (B, "The limit is 50 MB.")])
    )
    (found,) = reselect(Retrieval("q", OPTIONS, (one, other)), OPTIONS).conflicts
    assert (found.first, found.second) == ("a", "b")


def retrieval(options: RetrievalOptions = OPTIONS, fusion: Fusion | None = None) -> Retrieval:
    fusion = fusion or Fusion(60)
    head, beyond = in_reach(fuse_again([A, B, C, D], fusion), options.candidates)
    return Retrieval("q", options, tuple(select(by_log_odds(head) + beyond, options)), fusion)


def test_the_same_options_give_the_same_retrieval() -> None:
    assert reselect(retrieval(), OPTIONS) == retrieval()


@pytest.mark.parametrize(
    ("options", "names"),
    [
        pytest.param(replace(OPTIONS, contexts=3), ["a", "b", "c"], id="more contexts"),
        pytest.param(replace(OPTIONS, threshold=0.9), ["a"], id="a higher threshold"),
        pytest.param(replace(OPTIONS, banned=("a", "b")), ["c"], id="bans"),
        pytest.param(replace(OPTIONS, candidates=1), ["c"], id="fewer candidates: the first of the fused order"),
        pytest.param(replace(OPTIONS, candidates=1, full_text_weight=0.0), ["a"], id="another weight, another first"),
    ],
)
def test_what_would_have_been(options: RetrievalOptions, names: list[str]) -> None:
    assert kept(reselect(retrieval(), options).candidates) == names


def test_without_the_reranker_the_fused_order_decides() -> None:
    again = reselect(retrieval(), replace(OPTIONS, rerank=False))
    assert kept(again.candidates) == [c.stored.id for c in fuse_again([A, B, C, D], Fusion(60))[:2]]
    assert all(c.log_odds is None for c in again.candidates)


def test_a_weight_taken_out_for_a_foreign_language_stays_out() -> None:
    foreign = retrieval(fusion=Fusion(60, dense_weight=0.0))
    assert reselect(foreign, replace(OPTIONS, dense_weight=2.0)).fusion.dense_weight == 0.0


@given(
    contexts=st.integers(1, 4),
    threshold=st.floats(0, 1),
    candidates=st.integers(1, 5),
    banned=st.sets(st.sampled_from("abcd")),
    pinned=st.lists(st.sampled_from("abcd"), unique=True),
)
def test_whatever_is_asked_kept_ones_are_numbered_in_order_and_the_rest_have_reasons(
    contexts: int, threshold: float, candidates: int, banned: set[str], pinned: list[str]
) -> None:
    options = RetrievalOptions(
        candidates=candidates,
        contexts=contexts,
        threshold=threshold,
        banned=tuple(sorted(banned)),
        pinned=tuple(pinned),
    )
    found = reselect(retrieval(), options).candidates
    assert sorted(c.stored.id for c in found) == ["a", "b", "c", "d"]
    assert [c.number for c in found if c.number] == list(range(1, len(kept(found)) + 1))
    assert all((c.number is None) == (c.dropped is not None) for c in found)
    assert not banned & set(kept(found))
    assert len(kept(found)) <= max(contexts, len(set(pinned) - banned))
    assert all(c.dropped == reason("stages.banned") for c in found if c.stored.id in banned)
    # What is kept without a pin lies where the cut said it would.
    head, _ = in_reach(fuse_again(retrieval().candidates, retrieval().fusion), candidates)
    cut = cut_among(head, options)
    for place, one in enumerate(by_log_odds(head)):
        free = one.stored.id not in banned | set(pinned) and (one.probability or 0.0) >= threshold
        assert not free or place >= cut.keep or one.stored.id in kept(found)
        assert one.stored.id not in set(kept(found)) - set(pinned) or place < cut.keep + cut.spare
