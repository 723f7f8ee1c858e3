"""A conversation as Markdown: complete, and harmless in whatever program opens it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.citations.markers import find
from rag.evidence.export import export_markdown
from rag.evidence.export_displays import escaped, fenced
from rag.ledger import Ledger, Outcome
from rag.messages import LANGUAGES, Language, Reason, reason
from rag.status import ModelInfo
from rag.types import Candidate, Retrieval, RetrievalOptions
from tests.support.evidence import candidate
from tests.support.searches import search

MODELS = {
    "embedder": ModelInfo("Qwen/Qwen3-Embedding-0.6B", "main", "cpu", "float32"),
    "reranker": ModelInfo("Qwen/Qwen3-Reranker-0.6B", "", "cpu", "float32", score_name="p_yes"),
    "chat": ModelInfo("gpt-4o", "", "api.openai.com", ""),
}
OFFLINE = {"reranker": ModelInfo("maxsim", "1", "cpu", "float32", score_name="offline_estimate")}
lenient = MarkdownIt("commonmark", {"html": True}).enable("table")


def ledger(
    *,
    question: str = "How large may a chunk be?",
    query: str = "",
    answer: str = "",
    candidates: Sequence[Candidate] = (),
    outcome: Outcome = Outcome.GENERATED,
    why: Reason | None = None,
    offline: bool = False,
) -> Ledger:
    retrieval = Retrieval(query or question, RetrievalOptions(), tuple(candidates))
    return Ledger(
        question=question,
        options=RetrievalOptions(),
        searches=(search(retrieval),),
        answer_stages=(),
        messages=(),
        answer=answer,
        citations=find(answer, len(retrieval.contexts)),
        outcome=outcome,
        reason=why,
        models=OFFLINE if offline else MODELS,
        profile="offline" if offline else "qwen3",
        started_at=1_760_000_000.0,
    )


CONTEXTS = [
    candidate(
        "A chunk holds at most\n```py\n240\n```\ntokens.",
        document="docs/my_guide.md",
        path=("Guide", "Chunks"),
        number=1,
        log_odds=4.2,
        ranked=True,
        start=120,
    ),
    candidate("片段有重叠。", document="指南.md", number=2, log_odds=-0.5),
    candidate("Far off.", dropped=reason("stages.below_threshold", probability=0.01, threshold=0.1), log_odds=-4.6),
]
CONVERSATION = [
    ledger(answer="At most 240 tokens [1], see [7].", candidates=CONTEXTS),
    ledger(
        question="那重叠呢？\n# 不是标题",
        query="片段重叠",
        answer="> 片段有重叠。 [2]",
        candidates=CONTEXTS,
        outcome=Outcome.EXTRACTIVE,
        offline=True,
    ),
    ledger(
        question="Who won?",
        candidates=CONTEXTS[2:],
        outcome=Outcome.ABSTAINED,
        why=reason("stages.nothing_matches"),
    ),
    ledger(
        question="And now?",
        answer="Half an ans",
        outcome=Outcome.FAILED,
        why=reason("generation.cut", host="api.openai.com"),
    ),
    ledger(question="Stop!", outcome=Outcome.STOPPED),
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_conversation(golden: Callable[[str, str], None], language: Language) -> None:
    golden(f"export_{language}.md", export_markdown(CONVERSATION, language))


texts = st.text(alphabet="ab12 `~<>[]()!#|*_\\-+=.:&$\n\r\t中", max_size=40)


@given(texts)
def test_escaped_text_is_text(value: str) -> None:
    tokens = lenient.parse(escaped(value))
    inlines = [child for token in tokens for child in token.children or ()]
    assert {t.type for t in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert {t.type for t in inlines} <= {"text", "text_special"}
    assert "".join(t.content for t in inlines) == " ".join(value.split())


@given(texts)
def test_fenced_text_is_one_block(value: str) -> None:
    (token,) = lenient.parse(fenced(value))
    assert token.type == "fence"
    assert token.content.rstrip("\n") == value.strip("\r\n").replace("\r\n", "\n").replace("\r", "\n")


@given(texts, texts, texts, texts)
def test_nothing_breaks_out(question: str, answer: str, name: str, passage: str) -> None:
    contexts = [candidate(passage, document=name, path=(name,), number=1, log_odds=0.0)]
    exported = export_markdown([ledger(question=question, answer=answer, candidates=contexts)] * 2, "en")
    tokens = lenient.parse(exported)
    inlines = [child for token in tokens for child in token.children or ()]
    headings = [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open" and t.level == 0]
    assert not {t.type for t in [*tokens, *inlines]} & {"image", "html_inline", "html_block"}
    assert {"Question 1", "Question 2", "Sources"} <= set(headings)


def test_a_fence_the_answer_left_open_is_closed() -> None:
    exported = export_markdown([ledger(answer="```py\nx = 1", candidates=CONTEXTS)], "en")
    assert "```py\nx = 1\n```\n\n### Sources" in exported


def test_an_answer_s_image_does_not_leave_the_page_with_it() -> None:
    exported = export_markdown([ledger(answer="![x](http://e.example/?q=secret) <b>so</b>")], "en")
    assert "🖼 x &lt;b>so&lt;/b>" in exported
    assert "secret" not in exported


def test_the_reranker_s_number_is_called_what_it_is() -> None:
    assert "P(yes) 0.985 (log-odds +4.20)" in export_markdown(CONVERSATION[:1], "en")
    offline = export_markdown(CONVERSATION[1:2], "en")
    assert "offline estimate 0.985" in offline
    assert "P(yes)" not in offline


def test_nothing_asked_is_a_title_alone() -> None:
    assert export_markdown([], "en", title="My *chat*") == "# My \\*chat\\*\n"
