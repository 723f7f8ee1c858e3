"""Whether the language model is there shows in how the last call went."""

from __future__ import annotations

from contextlib import suppress

from rag.errors import GenerationError
from rag.events import Cancel
from rag.messages import reason
from rag.models.chat.watched import WatchedChat
from rag.types import Message
from tests.support.fakes import ScriptedChat

DOWN = GenerationError(reason("generation.no_key", host="example.org"))
ASKED = [Message("user", "Hi")]


def call(chat: WatchedChat, cancel: Cancel | None = None) -> None:
    with suppress(GenerationError):
        list(chat.stream(ASKED, cancel=cancel or Cancel()))


def test_a_failure_is_remembered_until_a_call_goes_well() -> None:
    chat = WatchedChat(ScriptedChat(DOWN, DOWN, ["Hi."]))
    assert chat.failure is None and chat.info.name == "scripted"
    for expected in (DOWN.reason, DOWN.reason, None):
        call(chat)
        assert chat.failure == expected


def test_a_call_that_was_cancelled_before_a_word_says_nothing_of_the_server() -> None:
    chat = WatchedChat(ScriptedChat(DOWN, ["Hi."]))
    call(chat)
    stopped = Cancel()
    stopped.cancel()
    call(chat, stopped)
    assert chat.failure == DOWN.reason
