"""The fakes keep their promises; without that, tests built on them prove nothing."""

from __future__ import annotations

import numpy as np
import pytest

from rag.errors import GenerationError
from rag.events import Cancel
from rag.messages import reason
from rag.types import Message

from .fakes import BagEmbedder, OverlapReranker, ScriptedChat


def test_bag_embedder_puts_related_texts_nearer() -> None:
    embedder = BagEmbedder()
    query = embedder.embed_query("rotate the certificate", instruction="")
    near, far = embedder.embed_documents(["how to rotate a certificate", "bananas are yellow"])
    assert float(query[0] @ near) > float(query[0] @ far)
    assert np.linalg.norm(near) == pytest.approx(1.0, abs=1e-6)
    assert embedder.embedded == ["how to rotate a certificate", "bananas are yellow"]


def test_bag_embedder_of_nothing_is_empty() -> None:
    assert BagEmbedder(8).embed_documents([]).shape == (0, 8)


def test_overlap_reranker_counts_shared_words() -> None:
    scores = dict(OverlapReranker().score("red fox", ["a red fox", "a red hen", "grey"], instruction=""))
    assert scores == {0: 4.0, 1: 0.0, 2: -4.0}


def test_scripted_chat_replies_in_order_and_keeps_what_it_was_sent() -> None:
    chat = ScriptedChat(["a", "b"], GenerationError(reason("stages.stopped")))
    asked = [Message("user", "hello")]
    assert list(chat.stream(asked, cancel=Cancel())) == ["a", "b"]
    with pytest.raises(GenerationError):
        list(chat.stream(asked, cancel=Cancel()))
    assert chat.sent == [tuple(asked), tuple(asked)]


def test_scripted_chat_stops_when_cancelled() -> None:
    cancel = Cancel()
    stream = ScriptedChat(["a", "b"]).stream([Message("user", "hello")], cancel=cancel)
    assert next(stream) == "a"
    cancel.cancel()
    assert list(stream) == []
