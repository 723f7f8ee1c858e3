"""Questions made of headings: those a reader would ask, and none of headings that lead through a document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence.heading_questions import LONGEST, question_of


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("Install Milvus offline", "How do I install Milvus offline?"),
        ("2. Deploy Jaeger", "How do I deploy Jaeger?"),
        ("How to set up TLS", "How do I set up TLS?"),
        ("Installing the driver", "How do I install the driver?"),
        ("Back up the database", "How do I back up the database?"),
        ("Setting up `etcd` [x]", ""),
        ("Why does it restart", "Why does it restart?"),
        ("Can I skip a version?", "Can I skip a version?"),
        ("Sick leave", "What does “Leave policy” say about sick leave?"),
        ("Query", "What does “Leave policy” say about query?"),
        ("TLS certificates", "What does “Leave policy” say about TLS certificates?"),
        ("Use of cars", "What does “Leave policy” say about use of cars?"),
        ("Overview", ""),
        ("What's next", ""),
        ("Leave policy", ""),
        ("v2.4.1", ""),
        ("2024-05-01", ""),
        ("x" * (LONGEST + 1), ""),
    ],
)
def test_english(heading: str, question: str) -> None:
    assert question_of(heading, "Leave policy") == question


@pytest.mark.parametrize(
    ("heading", "title", "question"),
    [
        ("创建索引", "索引", "如何创建索引？"),
        ("步骤 3. 查看镜像版本", "升级", "如何查看镜像版本？"),
        ("为什么日志时间不一致", "常见问题", "为什么日志时间不一致？"),
        ("有上限吗？", "限制", "有上限吗？"),
        ("故障代码", "灯具手册", "《灯具手册》里是怎么说“故障代码”的？"),
        ("FLAT", "索引概述", "《索引概述》里是怎么说“FLAT”的？"),
        ("概述", "索引", ""),
        ("更多内容", "索引", ""),
    ],
)
def test_chinese(heading: str, title: str, question: str) -> None:
    assert question_of(heading, title) == question


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_heading_gives_one_line_or_nothing(heading: str, title: str) -> None:
    question = question_of(heading, title)
    assert len(question.splitlines()) <= 1
    assert question == "" or question.endswith(("?", "？"))
