"""Conversations kept in a real SQLite file: they survive, branch, and belong to one owner."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rag.errors import LedgerError
from rag.ledger import MIGRATIONS, LedgerBook
from rag.messages import reason
from rag.types import (
    Candidate,
    Chunk,
    Citation,
    Ledger,
    Message,
    ModelInfo,
    Outcome,
    Ranked,
    Retrieval,
    RetrievalOptions,
    Stage,
    StageEvent,
    State,
    StoredChunk,
)


def make_ledger(question: str = "Why?", answer: str = "Because [1].") -> Ledger:
    chunk = Chunk(0, 0, 8, ("Top", "Sub"), "Because.", 2)
    kept = Candidate(
        StoredChunk("c1", "a.md", "0" * 64, "en", chunk), Ranked(1, 0.5), None, Ranked(1, 0.016), 2.5, 1, 1
    )
    dropped = replace(
        kept, number=None, rank=2, dropped=reason("stages.below_threshold", probability=0.05, threshold=0.1)
    )
    options = RetrievalOptions(documents=("a.md",))
    return Ledger(
        question=question,
        search_query=question,
        options=options,
        retrieval=Retrieval(question, options, (kept, dropped)),
        stages=(StageEvent(Stage.RERANK, State.FINISHED, None, 1.5, 2, 2),),
        messages=(Message("user", question),),
        answer=answer,
        citations=(Citation(1, 8, 11, True),),
        outcome=Outcome.GENERATED,
        reason=None,
        models={"reranker": ModelInfo("m", "r", "cpu", "float32", ("en",), "p_yes")},
        profile="offline",
        started_at=12.5,
    )


@pytest.fixture
def clock() -> Callable[[], float]:
    return map(float, itertools.count(1)).__next__


@pytest.fixture
def book(tmp_path: Path, clock: Callable[[], float]) -> LedgerBook:
    return LedgerBook(tmp_path / "new" / "ledger.db", now=clock)


def test_an_answer_comes_back_whole_after_a_restart(book: LedgerBook) -> None:
    ledger = make_ledger()
    conversation, answer = book.keep("ann", ledger)
    (kept,) = LedgerBook(book.path).thread("ann", conversation)
    assert kept.ledger == ledger
    assert (kept.id, kept.parent) == (answer, None)


def test_a_conversation_is_titled_by_its_first_question(book: LedgerBook) -> None:
    book.keep("ann", make_ledger("  How do\n I   start? " + "x" * 200))
    (listed,) = book.conversations("ann")
    assert listed.title.startswith("How do I start? xxx") and len(listed.title) == 80
    assert listed.answers == 1


def test_newest_conversation_first(book: LedgerBook) -> None:
    first, root = book.keep("ann", make_ledger("one"))
    book.keep("ann", make_ledger("two"))
    assert [c.title for c in book.conversations("ann")] == ["two", "one"]
    book.keep("ann", make_ledger("again"), conversation=first, parent=root)
    assert [c.title for c in book.conversations("ann")] == ["one", "two"]


def test_editing_a_question_grows_a_branch_and_loses_nothing(book: LedgerBook) -> None:
    conversation, root = book.keep("ann", make_ledger("root"))
    _, old = book.keep("ann", make_ledger("old"), conversation=conversation, parent=root)
    _, leaf = book.keep("ann", make_ledger("after old"), conversation=conversation, parent=old)
    _, new = book.keep("ann", make_ledger("new"), conversation=conversation, parent=root)
    assert [a.ledger.question for a in book.thread("ann", conversation)] == ["root", "new"]
    assert [a.ledger.question for a in book.thread("ann", conversation, head=leaf)] == ["root", "old", "after old"]
    assert book.branches("ann", conversation, root) == [old, new]
    assert book.branches("ann", conversation, None) == [root]


@pytest.mark.parametrize(
    "reach",
    [
        pytest.param(lambda b, c: b.thread("bob", c), id="read"),
        pytest.param(lambda b, c: b.branches("bob", c, None), id="branches"),
        pytest.param(lambda b, c: b.rename("bob", c, "mine"), id="rename"),
        pytest.param(lambda b, c: b.delete("bob", c), id="delete"),
        pytest.param(lambda b, c: b.keep("bob", make_ledger(), conversation=c), id="append"),
    ],
)
def test_what_is_anothers_does_not_exist(book: LedgerBook, reach: Callable[[LedgerBook, str], object]) -> None:
    conversation, _ = book.keep("ann", make_ledger())
    with pytest.raises(LedgerError) as caught:
        reach(book, conversation)
    assert caught.value.reason == reason("ledger.no_conversation")
    assert book.conversations("bob") == []
    assert [a.ledger.question for a in book.thread("ann", conversation)] == ["Why?"]


def test_a_parent_of_another_conversation_is_refused_and_nothing_is_written(book: LedgerBook) -> None:
    _, strange = book.keep("ann", make_ledger("elsewhere"))
    conversation, _ = book.keep("ann", make_ledger("here"))
    with pytest.raises(LedgerError):
        book.keep("ann", make_ledger("lost"), conversation=conversation, parent=strange)
    assert [a.ledger.question for a in book.thread("ann", conversation)] == ["here"]


@pytest.mark.parametrize(
    ("containing", "titles"),
    [
        pytest.param("tls", ["Rotate TLS keys"], id="title, any case"),
        pytest.param("fifty", ["100% sure?"], id="answer"),
        pytest.param("100%", ["100% sure?"], id="percent is no wildcard"),
        pytest.param("1_0", [], id="underscore is no wildcard"),
        pytest.param("", ["100% sure?", "Rotate TLS keys"], id="nothing asked"),
    ],
)
def test_search(book: LedgerBook, containing: str, titles: list[str]) -> None:
    book.keep("ann", make_ledger("Rotate TLS keys", "Send SIGHUP."))
    book.keep("ann", make_ledger("100% sure?", "Fifty-fifty."))
    assert [c.title for c in book.conversations("ann", containing=containing)] == titles


def test_rename_and_delete(book: LedgerBook) -> None:
    conversation, _ = book.keep("ann", make_ledger())
    book.rename("ann", conversation, "  Better\ttitle ")
    assert [c.title for c in book.conversations("ann")] == ["Better title"]
    with pytest.raises(LedgerError):
        book.rename("ann", conversation, " \n")
    book.delete("ann", conversation)
    assert book.conversations("ann") == []
    assert sqlite3.connect(book.path).execute("SELECT count(*) FROM answers").fetchone() == (0,)


def test_many_threads_lose_nothing(book: LedgerBook) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: book.keep("ann", make_ledger(str(n))), range(40)))
    assert sorted(int(c.title) for c in book.conversations("ann")) == list(range(40))


def test_a_file_of_a_newer_version_is_left_alone(book: LedgerBook) -> None:
    with sqlite3.connect(book.path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(LedgerError) as caught:
        LedgerBook(book.path)
    assert caught.value.reason == reason("ledger.newer", path=str(book.path), version=len(MIGRATIONS) + 1)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"plain text, " * 100)
    with pytest.raises(LedgerError) as caught:
        LedgerBook(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"plain text, " * 100
