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
        ("(Optional) Load the data", "How do I load the data?"),
        ("Download and install the driver", "How do I download and install the driver?"),
        ("How to set the limit?", "How do I set the limit?"),
        ("What Makes It so Fast？", "What Makes It so Fast?"),
        ("How long is it kept", "How long is it kept?"),
        ("Which parts are free", "Which parts are free?"),
        ("How far it goes", "What does “Leave policy” say about how far it goes?"),
        ("What Corvo is", "What does “Leave policy” say about what Corvo is?"),
        ("Which doors it opens", "What does “Leave policy” say about which doors it opens?"),
        ("Set up a Layer-7 balancer", "How do I set up a Layer-7 balancer?"),
        ("Naming rules", "What does “Leave policy” say about naming rules?"),
        ("Design details", "What does “Leave policy” say about design details?"),
        ("Load balance", "What does “Leave policy” say about load balance?"),
        ("Search guide", "What does “Leave policy” say about search guide?"),
        ("Prerequisites", ""),
        ("Get started", ""),
        ("Example: a week off", ""),
        ("With Helm", ""),
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
        ("3.连接灯具", "灯具手册", "如何连接灯具？"),
        ("查看灯具是否在线", "灯具手册", "如何查看灯具是否在线？"),
        ("搜索灯具时，是否影响亮度？", "灯具手册", "搜索灯具时，是否影响亮度？"),
        ("谁能更换电池", "灯具手册", "谁能更换电池？"),
        ("测试报告", "灯具手册", "《灯具手册》里是怎么说“测试报告”的？"),
        ("安装要求", "灯具手册", "《灯具手册》里是怎么说“安装要求”的？"),
        ("安装前提", "灯具手册", ""),
        ("示例：更换电池", "灯具手册", ""),
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
