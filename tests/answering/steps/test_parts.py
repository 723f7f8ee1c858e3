"""Which questions are taken apart, and into what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.steps.parts import LONGEST_QUESTION, Division, named_parts, parts_of

COMPARISONS = {
    "What is the difference between HNSW and IVF_FLAT?": ["HNSW", "IVF_FLAT"],
    "What's the difference between HNSW and IVF_FLAT in memory use?": ["HNSW in memory use", "IVF_FLAT in memory use"],
    "Compare standalone with a cluster": ["standalone", "cluster"],
    "HNSW vs IVF_PQ": ["HNSW", "IVF_PQ"],
    "HNSW versus IVF_PQ, please": ["HNSW", "IVF_PQ"],
    "How does bounded consistency differ from session consistency?": ["bounded consistency", "session consistency"],
    "How do strong and eventual consistency differ?": ["strong consistency", "eventual consistency"],
    "Does IVF_PQ need less memory than HNSW?": ["IVF_PQ need less memory", "HNSW need less memory"],
    "What changed between version 2.3 and version 2.4?": ["version 2.3", "version 2.4"],
    "strong vs eventual consistency, which one is faster and which is the default?": [
        "strong consistency which one is faster and which is the default",
        "eventual consistency which one is faster and which is the default",
    ],
    "What is the difference between Backup and CDC, and which one makes a full copy?": [
        "Backup which one makes a full copy",
        "CDC which one makes a full copy",
    ],
    "HNSW or IVF_PQ, which one should I use?": ["HNSW which one should I use", "IVF_PQ which one should I use"],
    "When would I choose HNSW over IVF_PQ?": ["HNSW When would I choose", "IVF_PQ When would I choose"],
    "pros and cons of HNSW and IVF_PQ": ["HNSW", "IVF_PQ"],
    "I don't understand how HNSW differs from IVF_PQ": ["HNSW", "IVF_PQ"],
    "Is HNSW the same as IVF_PQ?": ["HNSW", "IVF_PQ"],
    "Please compare the following two: HNSW and IVF_PQ.": ["HNSW", "IVF_PQ"],
    "In what ways do HNSW and IVF_PQ differ?": ["HNSW", "IVF_PQ"],
    "HNSW 和 IVF_FLAT 有什么区别？": ["HNSW", "IVF_FLAT"],
    "单机版跟集群版相比有哪些不同？": ["单机版 有哪些不同", "集群版 有哪些不同"],
    "HNSW、IVF_FLAT有什么区别？": ["HNSW", "IVF_FLAT"],
    "说说单机版与集群版之间的差别": ["单机版", "集群版"],
    "如何区分单机版和集群版？": ["单机版", "集群版"],
    "单机版相较于集群版有什么不同？": ["单机版 有什么不同", "集群版 有什么不同"],
    "单机版 vs 集群版": ["单机版", "集群版"],
    "单机版与集群版的区别是什么": ["单机版", "集群版"],
    "比较 HNSW 和 IVF_PQ 的内存占用": ["HNSW 内存占用", "IVF_PQ 内存占用"],
    "HNSW和IVF_FLAT哪个更快": ["HNSW 更快", "IVF_FLAT 更快"],
}
SEVERAL = {
    "What is a segment? How large can it get?": ["What is a segment?", "segment How large can it get?"],
    "How do I create a collection and how do I drop it?": [
        "How do I create a collection",
        "create collection how do I drop it?",
    ],
    "1) What is a shard? 2) What is a segment?": ["What is a shard?", "What is a segment?"],
    "Tell me how to build an index; how to load a collection": [
        "Tell me how to build an index",
        "how to load a collection",
    ],
    "I want to build an index and then load a collection. What are the steps?": [
        "build an index",
        "load a collection",
    ],
    "我想创建集合，还想加载索引，分别怎么做？": ["创建集合", "加载索引"],
    "创建集合和加载索引分别怎么做？": ["创建集合", "加载索引"],
    "怎么创建集合，又怎么加载索引？": ["怎么创建集合", "创建集合 怎么加载索引"],
    "如何创建集合？怎么删除它？": ["如何创建集合", "创建集合 怎么删除它"],
    "什么是分区，以及它的上限是多少？": ["什么是分区", "分区 它的上限是多少"],
}
WHOLE = (
    "",
    "?",
    "hello",
    "What is the maximum length of a VARCHAR field?",
    "How do I back up and restore data?",
    "What are the pros and cons of HNSW?",
    "How do I install the server and connect to it?",
    "Is there a difference?",
    "Why is the log different from what I expected?",
    "Can I use Kafka instead of Pulsar?",
    "What does P(yes) mean, and what does it not mean?",
    "返回的结果比 topk 少是为什么？",
    "同名主题曲的原唱是谁？",
    "What is the difference between A and A?",
    "Milvus 支持哪些索引和距离度量",
    "怎么备份和恢复数据",
    "How do I run a second coordinator as standby? We deploy with Helm.",
    "How do I read more than 16384 results of a search?",
    "Does a query node need more than 4 GB?",
    "用 Docker Compose 部署，怎样把存储换成 S3？",
    "怎样部署集群？我们用 Helm。",
)


@pytest.mark.parametrize("question", COMPARISONS)
def test_a_comparison_has_two_sides(question: str) -> None:
    found = parts_of(question)
    assert found is not None and found.division is Division.COMPARISON
    assert [part.query for part in found.parts] == COMPARISONS[question]


@pytest.mark.parametrize("question", SEVERAL)
def test_several_questions_are_searched_one_by_one(question: str) -> None:
    found = parts_of(question)
    assert found is not None and found.division is Division.SEVERAL
    assert [part.query for part in found.parts] == SEVERAL[question]


@pytest.mark.parametrize("question", WHOLE)
def test_one_question_stays_whole(question: str) -> None:
    assert parts_of(question) is None


@given(st.text(max_size=300))
def test_any_text_is_whole_or_has_parts_that_can_be_searched(text: str) -> None:
    found = parts_of(text)
    if found is not None:
        assert len(found.parts) > 1 and all(part.name.strip() and part.query.strip() for part in found.parts)


def test_a_long_text_is_not_taken_apart() -> None:
    question = "What is the difference between HNSW and IVF_FLAT"
    assert parts_of(question) is not None
    assert parts_of("difference between a and " * 320 + question) is None
    assert parts_of(question.ljust(LONGEST_QUESTION + 1, "x")) is None


def test_documents_named_by_their_titles_are_parts() -> None:
    found = named_parts(["Scale a Cluster", "Add a Node"], "Scale a Cluster, Add a Node: what differs?")
    assert found is not None and found.division is Division.COMPARISON
    assert named_parts(["Scale a Cluster"], "Scale a Cluster") is None


def test_a_comparison_is_cut_where_both_sides_are_names() -> None:
    names = {"Build RAG with Milvus", "Search with Milvus"}
    question = "Compare Build RAG with Milvus with Search with Milvus"
    found, blind = parts_of(question, names.__contains__), parts_of(question)
    assert found and {part.name for part in found.parts} == names
    assert blind and {part.name for part in blind.parts} != names
    known = parts_of("Compare a vat with a boiler", names.__contains__)
    assert known and [part.name for part in known.parts] == ["vat", "boiler"]
