"""Dense and full-text search, filters and literals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rag.errors import StoreError
from rag.store import IndexOptions, MilvusStore, connect
from rag.store.limits import MOST_HITS

from .corpus import DIMENSION, FINGERPRINT, axis, names, question, sample, searched, texts


def test_dense_hits_are_ranked_by_inner_product(store: MilvusStore) -> None:
    vectors = np.vstack([axis(0), 0.6 * axis(0) + 0.8 * axis(1), axis(1)])
    three = sample("a.md", "far", "between", "near")
    store.put(three.document, three.chunks, vectors)
    hits = store.search_dense(axis(1), limit=3)
    assert texts(hits) == ["near", "between", "far"]
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.8, 0.0], abs=1e-5)


def test_limits_are_kept(store: MilvusStore) -> None:
    sample("a.md", *(f"fox {number}" for number in range(9))).put(store)
    assert all(len(hits) == 4 for hits in searched(store, "fox", limit=4))
    assert len(store.search_dense(question("fox"), limit=MOST_HITS)) == 9
    assert store.search_dense(question("fox"), limit=0) == []


@pytest.mark.lite_only  # refused before a server is asked
@pytest.mark.parametrize(
    ("vector", "limit", "code"),
    [
        pytest.param(axis(0), MOST_HITS + 1, "store.too_many_hits", id="more hits than Milvus gives"),
        pytest.param(axis(0, DIMENSION - 1), 5, "store.wrong_shape", id="other dimension"),
        pytest.param(np.full((1, DIMENSION), np.nan, np.float32), 5, "store.not_finite", id="not a number"),
    ],
)
def test_impossible_searches_are_refused(
    store: MilvusStore, vector: np.ndarray[tuple[int, int], np.dtype[np.float32]], limit: int, code: str
) -> None:
    with pytest.raises(StoreError) as refused:
        store.search_dense(vector, limit=limit)
    assert refused.value.reason.code == code


def test_an_empty_collection_has_no_hits(store: MilvusStore) -> None:
    assert all(hits == [] for hits in searched(store, "fox", limit=5))


@pytest.mark.full_text
def test_full_text_scores_are_positive_and_best_first(store: MilvusStore) -> None:
    sample("a.md", "fox", "a fox and a long tale about quite other things", "dog").put(store)
    hits = store.search_full_text("fox", limit=5)
    assert texts(hits) == ["fox", "a fox and a long tale about quite other things"]
    assert hits[0].score > hits[1].score > 0
    assert [hit.rank for hit in hits] == [1, 2]


@pytest.mark.full_text
@pytest.mark.parametrize(
    ("query", "best"),
    [
        pytest.param("how do I go running?", "She runs every day.", id="stems"),
        pytest.param("foo_bar", "Call foo_bar() first.", id="identifier"),
        pytest.param("which version, v2.4.2 or another?", "Since 2.4.2 this is fixed.", id="version"),
        pytest.param("向量怎么检索？", "向量数据库用于相似度检索。", id="Chinese"),
        pytest.param("HNSW 的参数", "HNSW索引有两个参数。", id="mixed"),
        pytest.param("データベース", "これはデータベースです。", id="Japanese"),
        pytest.param("검색", "전문 검색을 지원합니다.", id="Korean"),
        pytest.param("ELÈVES", "Les élèves lisent.", id="accents"),
        pytest.param("Chapter", "Only the heading tells.", id="heading path"),
    ],
)
def test_full_text_finds(store: MilvusStore, query: str, best: str) -> None:
    sample(
        "a.md",
        "She runs every day.",
        "Call foo_bar() first.",
        "Since 2.4.2 this is fixed.",
        "向量数据库用于相似度检索。",
        "HNSW索引有两个参数。",
        "これはデータベースです。",
        "전문 검색을 지원합니다.",
        "Les élèves lisent.",
    ).put(store)
    sample("b.md", "Only the heading tells.", headings=("Chapter",)).put(store)
    assert texts(store.search_full_text(query, limit=1)) == [best]


@pytest.mark.full_text
@pytest.mark.parametrize("query", ["", "  ", "?!", "\x00", "🎉"], ids=ascii)
def test_a_query_without_terms_finds_nothing(store: MilvusStore, query: str) -> None:
    sample("a.md", "fox").put(store)
    assert store.search_full_text(query, limit=5) == []


def test_searches_can_be_narrowed_to_documents(store: MilvusStore) -> None:
    for name in ("a.md", "b.md", "c.md"):
        sample(name, "the same fox").put(store)
    for hits in searched(store, "fox", limit=5, documents=["c.md", "a.md"]):
        assert names(hits) == ["a.md", "c.md"]
    assert names(store.search_dense(question("fox"), limit=5, documents=["b.md"])) == ["b.md"]
    assert store.search_dense(question("fox"), limit=5, documents=["unknown.md", "\ud800"]) == []
    assert store.search_dense(question("fox"), limit=5, documents=["\ud800"]) == []


def test_searches_can_be_narrowed_to_folders(store: MilvusStore) -> None:
    for name in ("ops/a.md", "ops/deep/b.md", "ops2/c.md", "ops.md", "ops0.md", "文档/d.md", "z.md"):
        sample(name, "the same fox").put(store)
    for hits in searched(store, "fox", limit=9, documents=["ops/"]):
        assert names(hits) == ["ops/a.md", "ops/deep/b.md"]
    for hits in searched(store, "fox", limit=9, documents=["文档/", "z.md", "ops/deep/"]):
        assert names(hits) == ["ops/deep/b.md", "z.md", "文档/d.md"]
    assert searched(store, "fox", limit=9, documents=["op/"])[0] == []


def test_what_several_groups_find_counts_once(store: MilvusStore) -> None:
    sample("ops/a.md", "fox").put(store)
    many = ["ops/", *(f"unknown {number}.md" for number in range(600)), "ops/a.md"]
    assert names(store.search_dense(question("fox"), limit=5, documents=many)) == ["ops/a.md"]


def test_many_documents_are_asked_for_in_groups_and_ranked_together(store: MilvusStore) -> None:
    vectors = np.vstack([0.6 * axis(0) + 0.8 * axis(1), axis(1)])
    for name, vector in zip(("first.md", "last.md"), vectors, strict=True):
        one = sample(name, "fox")
        store.put(one.document, one.chunks, vector[None])
    many = ["first.md", *(f"unknown {number}.md" for number in range(1_200)), "last.md"]
    hits = store.search_dense(axis(1), limit=5, documents=many)
    assert [(hit.stored.document, hit.rank) for hit in hits] == [("last.md", 1), ("first.md", 2)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusStore]:
    """One store for many examples; it always holds `other.md`."""
    folder: Path = tmp_path_factory.mktemp("literals")
    store = MilvusStore.open(connect(str(folder / "milvus.db")), "literals", FINGERPRINT)
    sample("other.md", "fox").put(store)
    yield store
    store.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
        lambda name: name != "other.md" and name[-1:] != "/"
    )
)
@example(name='a" or document != "')
@example(name='"] or id in ["')
@example(name="' or 1 == 1 or '")
@example(name="\\")
@example(name='\\"')
@example(name="\\n and \n and \r\n and \t")
@example(name="nul \x00 bell \x07 escape \x1b delete \x7f")
@example(name="{name} {0} %s $1 %")
@example(name="文件/图 🎉 e\u0301.md")
@example(name="\u2028\u0085\ufeff")
@example(name="\\u0041")
def test_any_name_is_a_literal_and_nothing_more(shared: MilvusStore, name: str) -> None:
    sample(name, "fox").put(shared)
    assert names(shared.search_dense(question("fox"), limit=5, documents=[name])) == [name]
    assert [s.document for s in shared.chunks(name)] == [name]
    assert shared.delete([name]) == 1
    assert [document.name for document in shared.documents()] == ["other.md"]


def test_forced_hnsw_finds_everything_behind_a_narrow_filter(path: str) -> None:
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT, index=IndexOptions(kind="hnsw", ef=8))
    generator = np.random.default_rng(7)
    crowd = sample("crowd.md", *(f"person {number}" for number in range(3_000)))
    near = generator.normal(size=(3_000, DIMENSION)).astype(np.float32) * 0.05 + axis(0)
    store.put(crowd.document, crowd.chunks, near / np.linalg.norm(near, axis=1, keepdims=True))
    few = sample("few.md", *(f"hermit {number}" for number in range(12)))
    far = generator.normal(size=(12, DIMENSION)).astype(np.float32) - 3 * axis(0)
    store.put(few.document, few.chunks, far / np.linalg.norm(far, axis=1, keepdims=True))
    store.flush()
    store.close()  # waits for the index, without which the search would be exact
    store = MilvusStore.open(connect(path), "kb", FINGERPRINT, index=IndexOptions(kind="hnsw", ef=8))
    assert len(store.search_dense(axis(0), limit=10, documents=["few.md"])) == 10
    assert len(store.search_dense(axis(0), limit=10)) == 10
    store.close()
