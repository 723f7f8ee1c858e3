"""Titles of conversations: the words that tell what the first question is about."""

from __future__ import annotations

import pytest

from rag.text.titles import LONGEST, title_of


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How do I rotate TLS certificates?", "Rotate TLS certificates"),
        ("what is the retention period of backups ?", "Retention period of backups"),
        ("Please, can you tell me about the pilot boat?", "The pilot boat"),
        ("Which settings need a restart?", "Which settings need a restart?"),
        ("When does the gate open?", "When does the gate open?"),
        ("one?", "one?"),
        ("Why?", "Why?"),
        ("What is the?", "What is the?"),
        ("ERR_QX_4021", "ERR_QX_4021"),
        ("We run two brokers in one rack. How can we restart both?", "Restart both"),
        ("  two\n lines ", "two lines"),
        ("怎样轮换 TLS 证书而不断开消费者？", "轮换 TLS 证书而不断开消费者"),
        ("备份的保留期限是多少？", "备份的保留期限"),
        ("请问如何备份？", "备份"),
        ("Willow station 的检查间隔是多少？", "Willow station 的检查间隔"),
        ("怎么办？", "怎么办？"),
        ("", ""),
    ],
)
def test_a_title_is_what_the_question_is_about(question: str, title: str) -> None:
    assert title_of(question) == title


@pytest.mark.parametrize(
    "question", ["word " * 400, "w" * 4000, "请" * 4000, "how do i " * 500, "? " * 2000, "词" * 500]
)
def test_a_title_is_short_whatever_is_asked(question: str) -> None:
    assert 0 < len(title_of(question)) <= LONGEST
