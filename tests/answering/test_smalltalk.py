"""Greetings are no questions; questions that begin with a greeting are."""

from __future__ import annotations

import pytest

from rag.answering.smalltalk import Kind, kind_of, reply
from tests.support.growth import assert_not_frozen


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hi", "greeting"),
        ("hello there!", "greeting"),
        ("Good morning, Plainsight.", "greeting"),
        ("Hi, how are you?", "greeting"),
        ("Thanks!", "thanks"),
        ("ok, thank you very much", "thanks"),
        ("Great, thanks. Bye!", "farewell"),
        ("你好", "greeting"),
        ("您好！", "greeting"),
        ("非常感谢", "thanks"),
        ("好的，谢谢你", "thanks"),
        ("再见", "farewell"),
    ],
)
def test_small_talk(text: str, kind: Kind) -> None:
    assert kind_of(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "Hi, how do I rotate the certificate?",
        "hi-res images",
        "hello world program",
        "Thanks. What about backups?",
        "bye bye birdie",
        "high availability",
        "great circle distance",
        "OK status code",
        "你好世界程序怎么写",
        "谢谢，如何备份？",
        "好的做法有哪些",
        "?",
        "",
    ],
)
def test_anything_that_may_ask_for_something_is_searched(text: str) -> None:
    assert kind_of(text) is None


def test_replies_are_in_the_language_of_the_question() -> None:
    assert reply("thanks", "en") != reply("thanks", "zh")


def test_blanks_of_any_number_cost_work_that_grows_with_them() -> None:
    assert_not_frozen(
        """
from rag.answering.smalltalk import kind_of
for piece in (" ", "\\n", "\u00a0", ".", ") "):
    for text in ("x" + piece * 100_000 + "x", "hi" + piece * 100_000 + "x", piece * 100_000, "hi" + piece * 100_000):
        bounded(repr(piece), SECONDS, kind_of, text)
""",
        seconds=5,
    )
