"""Whatever a provider sends, the client delivers text or a sentence, and the key is in neither."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rag.errors import GenerationError
from rag.events import Cancel
from rag.messages import LANGUAGES, text
from rag.models.chat.openai_chat import OpenAIChat
from rag.types import Message
from tests.support.loopback_openai import LoopbackOpenAI

from .case import pending
from .replies import REPLIES
from .target import SECRET

ASKED = (Message("user", "Why?"),)
FOREIGN = "http://127.0.0.1:9"
LEFT_OUT = (
    "without end",
    "gigabyte",
    "100,000 deltas",
    "100,000 empty deltas",
    "a megabyte of comments",
    "answer: text:",
    "120 kB",
    "99,999",
)
"""Left to `make attack`, which can end a case that does not end by itself."""
HERE = [id for id in REPLIES if not any(word in id for word in LEFT_OUT)]


@pytest.fixture(scope="module")
def server() -> Iterator[LoopbackOpenAI]:
    with LoopbackOpenAI() as running:
        yield running


@pytest.mark.parametrize("id", HERE)
def test_a_hostile_reply_becomes_text_or_a_sentence(server: LoopbackOpenAI, id: str) -> None:
    if why := pending(f"replies: {id}"):
        pytest.skip(why)
    server.answer = lambda request: REPLIES[id](SECRET, FOREIGN)
    chat = OpenAIChat("gpt-test", SECRET, server.url, timeout_s=20.0, max_retries=0)
    delivered = ""
    try:
        for delta in chat.stream(ASKED, cancel=Cancel()):
            delivered += delta
    except GenerationError as e:
        shown = " ".join([str(e), *(text(e.reason, language) for language in LANGUAGES)])
        assert shown.encode("utf-8")
        assert SECRET not in shown
    assert delivered.encode("utf-8") is not None
