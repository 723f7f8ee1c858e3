"""Follow-ups become queries that stand alone, and a talkative or failing model changes nothing about that."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

import pytest

from rag.answering.followups import is_follow_up
from rag.answering.rewriting import Rewritten, by_rule, read_query, rewrite
from rag.errors import GenerationError
from rag.events import Cancel
from rag.messages import reason
from rag.types import Exchange, Message
from tests.answering.chains import CHAINS, HELD_BACK, Asked
from tests.support.fakes import ScriptedChat

PAST = [Exchange("What is HNSW?", "A graph index [1]."), Exchange("How much memory does it need?", "About 1 GB [2].")]
CHINESE = [Exchange("什么是 HNSW 索引？", "一种图索引【1】。")]
BY_MODEL = reason("generation.rewrite_model", model="scripted")
BY_RULE = reason("generation.rewrite_rule")


def test_a_first_question_is_searched_as_it_stands_and_no_model_is_asked() -> None:
    chat = ScriptedChat()
    assert rewrite("And in 2023?", [], chat=chat, cancel=Cancel()) == Rewritten("And in 2023?", "user")
    assert chat.sent == []


@pytest.mark.parametrize(
    "question",
    [
        *("And in 2023?", "What about IVF?", "how about on disk", "Why?", "Is it fast?", "Which one is faster?"),
        *("How much does it cost in total?", "On Linux?", "With which grease?", "Since when?", "For the Lumen S?"),
        *("需要多少内存？", "怎么申请？", "还有别的吗"),
        *("Can you explain that?", "Are they safe?", "but with filters?", "More details please", "Examples?"),
        *(
            "那 IVF 呢？",
            "它快吗？",
            "为什么？",
            "还有别的吗",
            "怎么做呢？",
            "IVF 呢？",
            "这个怎么配置？",
            "其中哪个最快？",
        ),
        *("第二个是什么？", "举例", "详细说说", "该索引占多少内存？"),
    ],
)
def test_follow_ups(question: str) -> None:
    assert is_follow_up(question)


@pytest.mark.parametrize(
    "question",
    [
        *("What is HNSW?", "How do I install Plainsight on Windows?", "Installation", "Android support"),
        *("Which index types does Milvus support for dense vectors and how do they differ?",),
        *("Is there a limit on the size of the files that I may upload to this service at all?",),
        *("How long does it take to build an index?", "How long does the battery last when it is cold?"),
        *("In which city is the office?",),
        *("什么是 HNSW 索引？", "如何安装 Plainsight？", "Milvus 支持哪些索引类型？", "应该如何设置重排序的阈值？"),
        *("向量数据库和关系数据库之间最主要的区别是什么，它们各自适合什么场景？",),
    ],
)
def test_questions_that_stand_alone(question: str) -> None:
    assert not is_follow_up(question)


@pytest.mark.parametrize(
    ("question", "past", "rewritten"),
    [
        pytest.param("Is it fast?", PAST, Rewritten("What is HNSW? Is it fast?", "rule", BY_RULE), id="English"),
        pytest.param("那 IVF 呢？", CHINESE, Rewritten("什么是 IVF 索引？", "rule", BY_RULE), id="Chinese"),
        pytest.param("What is BM25?", PAST, Rewritten("What is BM25?", "user"), id="stands alone"),
        pytest.param("Why?", [Exchange(" ", "")], Rewritten("Why?", "user"), id="nothing to lean on"),
    ],
)
def test_without_a_model_an_open_rule_decides(question: str, past: list[Exchange], rewritten: Rewritten) -> None:
    assert rewrite(question, past, chat=None, cancel=Cancel()) == rewritten


@pytest.mark.parametrize("chain", [pytest.param(c, id=name) for name, c in {**CHAINS, **HELD_BACK}.items()])
@pytest.mark.parametrize("worded", [False, True], ids=["as typed", "with the queries kept"])
def test_a_chain_of_follow_ups_carries_what_it_is_about(chain: Sequence[Asked], worded: bool) -> None:
    history: list[Exchange] = []
    for asked in chain:
        found = by_rule(asked.question, history).query
        said = found.casefold()
        assert all(word.casefold() in said for word in asked.holds.split()), found
        assert not any(word.casefold() in said for word in asked.lacks.split()), found
        history.append(Exchange(asked.question, "Something [1].", found if worded else ""))


def test_a_query_worded_by_a_model_or_the_user_is_what_is_carried() -> None:
    history = [Exchange("What is HNSW?", "x", "What is HNSW?"), Exchange("And it?", "x", "memory of HNSW on Linux")]
    assert by_rule("And on Windows?", history).query == "memory of HNSW on Windows"


def test_a_model_that_words_nothing_leaves_a_chain_to_the_same_rule() -> None:
    history = [
        Exchange("What does a tyre change for the Corvo 3 cost?", "x"),
        Exchange("And a service?", "x", "What does the service for the Corvo 3 cost?"),
    ]
    found = rewrite("And for the Lumen S?", history, chat=ScriptedChat(["{"]), cancel=Cancel())
    assert (found.query, found.author, found.failed) == ("What does the service for the Lumen S cost?", "rule", True)


@pytest.mark.parametrize(
    ("reply", "query"),
    [
        pytest.param("HNSW memory", "HNSW memory", id="the query"),
        pytest.param('"HNSW memory"\n', "HNSW memory", id="in quotes"),
        pytest.param("**HNSW memory**", "HNSW memory", id="in bold"),
        pytest.param("Search query: HNSW memory", "HNSW memory", id="with a label"),
        pytest.param("检索词：“HNSW 内存”", "HNSW 内存", id="with a Chinese label"),
        pytest.param("Sure! Here is the query:\n\nHNSW memory\n\nHope this helps!", "HNSW memory", id="chatty"),
        pytest.param("```\nHNSW memory\n```", "HNSW memory", id="in a fence"),
        pytest.param("  \n", "", id="blank"),
        pytest.param('""', "", id="empty quotes"),
        pytest.param("word " * 100, "", id="an essay"),
    ],
)
def test_the_query_is_read_out_of_any_reply(reply: str, query: str) -> None:
    assert read_query(reply) == query


def test_the_model_words_the_query() -> None:
    chat = ScriptedChat(["HNSW ", "speed"])
    assert rewrite("Is it fast?", PAST, chat=chat, cancel=Cancel()) == Rewritten("HNSW speed", "model", BY_MODEL)


def test_the_model_sees_the_newest_exchanges_without_citations() -> None:
    chat = ScriptedChat(["x"])
    past = [Exchange(f"q{n}", f"a{n} [1]") for n in range(5)]
    rewrite("last?", past, chat=chat, cancel=Cancel())
    ((task, conversation),) = chat.sent
    assert (task.role, conversation.role) == ("system", "user")
    assert '"q1"' not in conversation.content
    assert [f'"a{n}"' in conversation.content for n in (2, 3, 4)] == [True] * 3
    assert '"last question": "last?"' in conversation.content


@pytest.mark.parametrize(
    ("reply", "rewritten"),
    [
        pytest.param(["Is it fast?"], Rewritten("Is it fast?", "user"), id="unchanged"),
        pytest.param(
            GenerationError(reason("generation.rate_limited", host="h")),
            Rewritten(
                "What is HNSW? Is it fast?",
                "rule",
                reason("generation.rewrite_failed", why=reason("generation.rate_limited", host="h")),
                failed=True,
            ),
            id="failed",
        ),
        pytest.param(
            ["\n"],
            Rewritten("What is HNSW? Is it fast?", "rule", reason("generation.rewrite_unusable"), failed=True),
            id="blank",
        ),
        pytest.param(
            ["HNSW 速度"],
            Rewritten("What is HNSW? Is it fast?", "rule", reason("generation.rewrite_unusable"), failed=True),
            id="in another language",
        ),
    ],
)
def test_a_reply_that_is_no_query_leaves_it_to_the_rule(reply: list[str] | Exception, rewritten: Rewritten) -> None:
    assert rewrite("Is it fast?", PAST, chat=ScriptedChat(reply), cancel=Cancel()) == rewritten


def test_a_talkative_model_is_stopped_after_its_first_line() -> None:
    class Talkative(ScriptedChat):
        def stream(self, messages: Sequence[Message], **_: object) -> Iterator[str]:
            self.reply = (piece for piece in ["HNSW speed", "\n", "because", " of"])
            return self.reply

    chat = Talkative()
    assert rewrite("Is it fast?", PAST, chat=chat, cancel=Cancel()).query == "HNSW speed"
    assert inspect.getgeneratorstate(chat.reply) == inspect.GEN_CLOSED


def test_stopped_while_rewriting_the_question_stays_the_user_s() -> None:
    cancel = Cancel()
    cancel.cancel()
    assert rewrite("Is it fast?", PAST, chat=ScriptedChat(["x"]), cancel=cancel) == Rewritten("Is it fast?", "user")


@pytest.mark.parametrize(
    "reply",
    ["{", "```", "{}", "[]", "...", "Sure, I can help you there", "The capital of France is Paris", "search query"],
)
def test_what_speaks_of_something_else_is_no_query(reply: str) -> None:
    history = [Exchange("How much memory does HNSW need?", "Twice the vectors [1].")]
    found = rewrite("Is it fast?", history, chat=ScriptedChat([reply]), cancel=Cancel())
    assert found.author == "rule" and found.failed
    assert found.reason == reason("generation.rewrite_unusable")


@pytest.mark.parametrize("reply", ["Is HNSW fast?", "HNSW memory speed fast", "Are HNSW vectors fast"])
def test_a_query_may_have_words_of_its_own(reply: str) -> None:
    history = [Exchange("How much memory does HNSW need?", "Twice the vectors [1].")]
    found = rewrite("Is it fast?", history, chat=ScriptedChat([reply]), cancel=Cancel())
    assert (found.query, found.author) == (reply, "model")
