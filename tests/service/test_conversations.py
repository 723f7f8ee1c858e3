"""Conversations and marks behind the door: everybody has their own, nobody without a key has any."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rag.accounts.actor import NOBODY, OPERATOR, SYSTEM, Actor
from rag.database import Database
from rag.errors import KeepingError
from rag.evidence.conversation_store import ConversationStore
from rag.evidence.marks import Marks
from rag.ledger import Request
from rag.service.conversations import ConversationService
from rag.service.marks import MarkService
from tests.evidence.test_conversation_store import make_ledger
from tests.support.marked import JUDGE, mark

ANN, BOB = Actor.of("", "ann"), Actor.of("bob", "")


@pytest.fixture
def conversations(tmp_path: Path) -> ConversationService:
    return ConversationService(ConversationStore(Database(tmp_path / "plainsight.db")), now=lambda: 7.0)


@pytest.fixture
def marks(tmp_path: Path) -> MarkService:
    return MarkService(Marks(Database(tmp_path / "plainsight.db")))


def test_an_owner_has_what_they_kept(conversations: ConversationService) -> None:
    ledger = make_ledger("first?")
    assert conversations.keep(ANN, "c1", ledger) == (ledger.id,)
    other = make_ledger("first again?")
    assert conversations.keep(ANN, "c1", other) == (ledger.id, other.id)
    assert conversations.title(ANN, "c1") == "first?"
    assert [kept.ledger.id for kept in conversations.thread(ANN, "c1")] == [other.id]
    conversations.switch(ANN, "c1", ledger.id)
    assert [kept.ledger.id for kept in conversations.thread(ANN, "c1")] == [ledger.id]
    assert conversations.answer(ANN, ledger.id).question == "first?"
    conversations.rename(ANN, "c1", "Named")
    assert [c.title for c in conversations.all(ANN, containing="named")] == ["Named"]
    conversations.delete(ANN, "c1")
    assert conversations.all(ANN) == []


CALLS: list[tuple[str, Callable[[ConversationService, Actor, str], object]]] = [
    ("title", lambda c, actor, _: c.title(actor, "c1")),
    ("thread", lambda c, actor, _: c.thread(actor, "c1")),
    ("answer", lambda c, actor, answer: c.answer(actor, answer)),
    ("switch", lambda c, actor, answer: c.switch(actor, "c1", answer)),
    ("rename", lambda c, actor, _: c.rename(actor, "c1", "Mine")),
    ("delete", lambda c, actor, _: c.delete(actor, "c1")),
]


@pytest.mark.parametrize("actor", [BOB, NOBODY, OPERATOR, SYSTEM], ids=lambda a: a.name or str(a.kind))
@pytest.mark.parametrize("call", [call for _, call in CALLS], ids=[name for name, _ in CALLS])
def test_another_owners_conversation_does_not_exist(
    conversations: ConversationService, call: Callable[[ConversationService, Actor, str], object], actor: Actor
) -> None:
    ledger = make_ledger("first?")
    conversations.keep(ANN, "c1", ledger)
    with pytest.raises(KeepingError):
        call(conversations, actor, ledger.id)
    assert conversations.title(ANN, "c1") == "first?" and len(conversations.thread(ANN, "c1")) == 1
    assert conversations.all(actor) == [] and conversations.citing(actor, "a.md") == {}


def test_nothing_is_added_to_another_owners_conversation(conversations: ConversationService) -> None:
    conversations.keep(ANN, "c1", make_ledger("first?"))
    with pytest.raises(KeepingError):
        conversations.keep(BOB, "c1", make_ledger("mine?"))
    conversations.begin(BOB, "c1", Request("mine?", id="b1"))  # which is told with the answer
    assert len(conversations.thread(ANN, "c1")) == 1 and conversations.all(BOB) == []


def test_a_question_is_there_before_its_answer(conversations: ConversationService) -> None:
    conversations.begin(ANN, "c1", Request("first?", id="a1"))
    (kept,) = conversations.thread(ANN, "c1")
    assert (kept.ledger.id, kept.ledger.question, kept.ledger.answer) == ("a1", "first?", "")


def test_of_somebody_without_a_key_nothing_is_kept(conversations: ConversationService, tmp_path: Path) -> None:
    conversations.begin(NOBODY, "c1", Request("first?", id="a1"))
    assert conversations.keep(NOBODY, "c1", make_ledger("first?")) == ()
    assert list(ConversationStore(Database(tmp_path / "plainsight.db")).whole()) == []


def test_marks_are_their_owners_and_the_operators(marks: MarkService) -> None:
    marks.toggle(ANN, mark("q?", "one"))
    marks.toggle(BOB, mark("q?", "two", log_odds=1.5))
    assert [[m.text for m in marks.all(actor)] for actor in (ANN, BOB, NOBODY)] == [["one"], ["two"], []]
    assert [m.text for m in marks.all(OPERATOR)] == ["one", "two"]
    assert (len(marks.given(ANN, "q?", JUDGE)), marks.given(NOBODY, "q?", JUDGE)) == (1, {})
    assert (marks.points(BOB, JUDGE), marks.points(NOBODY, JUDGE)) == (((1.5, True),), ())
    with pytest.raises(KeepingError):
        marks.toggle(NOBODY, mark("q?", "three"))
