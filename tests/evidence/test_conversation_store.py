"""Conversations kept in a real SQLite file: they survive, branch, and belong to one owner."""

from __future__ import annotations

import io
import itertools
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rag.database import Database
from rag.errors import KeepingError
from rag.events import Stage, StageEvent, StageState
from rag.evidence import conversation_archive as carrying
from rag.evidence.conversation_store import MIGRATIONS, ConversationStore
from rag.evidence.records import read, write
from rag.ledger import Author, Citation, Claim, Ledger, Match, Outcome, Quote, Search, Support, Tokens
from rag.messages import reason
from rag.status import ModelInfo
from rag.types import (
    Candidate,
    Chunk,
    Conflict,
    Fingerprint,
    Fusion,
    Message,
    Ranked,
    Retrieval,
    RetrievalOptions,
    StoredChunk,
)

numbers = itertools.count()


def make_ledger(question: str = "Why?", answer: str = "Because [1].") -> Ledger:
    """A ledger with every field set to something other than its default."""
    chunk = Chunk(0, 0, 8, ("Top", "Sub"), "Because.", 2)
    kept = Candidate(
        StoredChunk("c1", "a.md", "0" * 64, "en", chunk, "kb"), Ranked(1, 0.5), None, Ranked(1, 0.016), 2.5, 1, 1
    )
    why = reason("stages.not_reached")
    dropped = replace(kept, stored=replace(kept.stored, id="c2"), number=None, rank=2, dropped=why, similar_to="c1")
    options = RetrievalOptions(documents=("a.md",), pinned=("c1",), banned=("c3",), dense_weight=0.5)
    retrieval = Retrieval(question, options, (kept, dropped), Fusion(60, 0.5, 1.0), (Conflict("c1", "c2", why),))
    reranked = StageEvent(Stage.RERANK, StageState.FINISHED, None, 1.5, 2, 2)
    return Ledger(
        question=question,
        options=options,
        searches=(Search(1, question, Author.MODEL, options, (reranked,), retrieval, "Because?", 1),),
        answer_stages=(StageEvent(Stage.GENERATE, StageState.FINISHED, None, 2.5),),
        messages=(Message("user", question),),
        answer=answer,
        citations=(Citation(1, 8, 11, True), Citation(9, 8, 11, False)),
        outcome=Outcome.GENERATED,
        reason=reason("generation.rewrite_failed", why=reason("stages.stopped")),
        models={"reranker": ModelInfo("m", "r", "cpu", "float32", ("en",), "p_yes")},
        profile="offline",
        started_at=12.5,
        id=f"{next(numbers):032x}",
        raw="Because [1 «Because»].",
        quotes=(Quote(1, "Because", Match.EXACT, 1.0, 0, 7, 11),),
        claims=(Claim(0, 12, Support.QUOTED, (1,)),),
        tokens=Tokens(7, 3, 2, "provider"),
        fingerprints={"kb": Fingerprint("m", "r", 4, "c", "1")},
        versions={"plainsight": "1"},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "plainsight.db"


@pytest.fixture
def book(path: Path) -> Iterator[ConversationStore]:
    opened = ConversationStore(Database(path), now=map(float, itertools.count(1)).__next__)
    yield opened
    opened.close()


def keep(
    book: ConversationStore,
    conversation: str,
    question: str = "Why?",
    *,
    owner: str = "ann",
    parent: str = "",
    answer: str = "A.",
) -> str:
    ledger = make_ledger(question, answer)
    book.keep(owner, conversation, ledger, parent=parent)
    return ledger.id


def questions(book: ConversationStore, conversation: str) -> list[str]:
    return [a.ledger.question for a in book.thread("ann", conversation)]


def test_an_answer_comes_back_whole_after_a_restart(book: ConversationStore, path: Path) -> None:
    ledger = make_ledger()
    book.keep("ann", "one", ledger)
    again = ConversationStore(Database(path))
    (kept,) = again.thread("ann", "one")
    assert (kept.ledger, kept.parent, kept.siblings) == (ledger, "", (ledger.id,))
    assert again.answer("ann", ledger.id) == ("one", ledger)
    again.close()


def test_a_record_of_an_older_version_is_still_read() -> None:
    later = {"claims", "quotes", "tokens", "versions", "fingerprints", "raw"}
    record = {k: v for k, v in json.loads(write(make_ledger())).items() if k not in later}
    assert read(json.dumps(record)).claims == ()


def test_a_conversation_is_titled_by_the_telling_words_of_its_first_question(book: ConversationStore) -> None:
    keep(book, "one", "  How do\n I   start the broker? ")
    keep(book, "two", "x" * 200)
    long, listed = book.conversations("ann")
    assert listed.title == "Start the broker"
    assert listed.answers == 1
    assert long.title.startswith("xxx") and len(long.title) == 80


def test_small_talk_gives_its_title_to_the_first_question_after_it(book: ConversationStore) -> None:
    greeted = replace(make_ledger("hello"), outcome=Outcome.SMALL_TALK)
    thanked = replace(make_ledger("thanks!"), outcome=Outcome.SMALL_TALK)
    book.keep("ann", "one", greeted)
    book.keep("ann", "one", thanked, parent=greeted.id)
    assert book.title("ann", "one") == "hello"
    asked = keep(book, "one", "How do I start the broker?", parent=thanked.id)
    assert book.title("ann", "one") == "Start the broker"
    keep(book, "one", "Who may stop it?", parent=asked)
    assert book.title("ann", "one") == "Start the broker"


def test_a_title_that_was_given_outlives_the_first_question(book: ConversationStore) -> None:
    greeted = replace(make_ledger("hello"), outcome=Outcome.SMALL_TALK)
    book.keep("ann", "one", greeted)
    book.rename("ann", "one", "Broker")
    keep(book, "one", "How do I start the broker?", parent=greeted.id)
    assert book.title("ann", "one") == "Broker"


def test_newest_conversation_first(book: ConversationStore) -> None:
    root = keep(book, "1", "one")
    keep(book, "2", "two")
    assert [c.title for c in book.conversations("ann")] == ["two", "one"]
    keep(book, "1", "again", parent=root)
    assert [c.title for c in book.conversations("ann")] == ["one", "two"]


def test_another_question_in_the_place_of_an_earlier_grows_a_branch_and_loses_nothing(book: ConversationStore) -> None:
    root = keep(book, "c", "root")
    old = keep(book, "c", "old", parent=root)
    keep(book, "c", "after old", parent=old)
    new = keep(book, "c", "new", parent=root)
    assert questions(book, "c") == ["root", "new"]
    assert book.siblings("ann", "c", root) == (old, new)
    assert [a.siblings for a in book.thread("ann", "c")] == [(root,), (old, new)]
    book.switch("ann", "c", old)
    assert questions(book, "c") == ["root", "old", "after old"]


@pytest.mark.parametrize(
    "reach",
    [
        pytest.param(lambda b: b.thread("bob", "c"), id="read"),
        pytest.param(lambda b: b.title("bob", "c"), id="title"),
        pytest.param(lambda b: b.siblings("bob", "c", ""), id="branches"),
        pytest.param(lambda b: b.switch("bob", "c", "x"), id="switch"),
        pytest.param(lambda b: b.rename("bob", "c", "mine"), id="rename"),
        pytest.param(lambda b: b.delete("bob", "c"), id="delete"),
        pytest.param(lambda b: b.keep("bob", "c", make_ledger()), id="append"),
    ],
)
def test_what_is_anothers_does_not_exist(book: ConversationStore, reach: Callable[[ConversationStore], object]) -> None:
    mine = keep(book, "c")
    with pytest.raises(KeepingError) as caught:
        reach(book)
    assert caught.value.reason == reason("keeping.no_conversation")
    with pytest.raises(KeepingError):
        book.answer("bob", mine)
    assert book.conversations("bob") == [] and book.citing("bob", "a.md") == {}
    assert questions(book, "c") == ["Why?"]


def test_a_parent_of_another_conversation_is_refused_and_nothing_is_written(book: ConversationStore) -> None:
    strange = keep(book, "elsewhere")
    keep(book, "here", "here")
    with pytest.raises(KeepingError):
        keep(book, "here", "lost", parent=strange)
    assert questions(book, "here") == ["here"]


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
def test_search(book: ConversationStore, containing: str, titles: list[str]) -> None:
    keep(book, "1", "Rotate TLS keys", answer="Send SIGHUP.")
    keep(book, "2", "100% sure?", answer="Fifty-fifty.")
    assert [c.title for c in book.conversations("ann", containing=containing)] == titles


def test_rename_and_delete(book: ConversationStore, path: Path) -> None:
    keep(book, "c")
    book.rename("ann", "c", "  Better\ttitle ")
    assert [c.title for c in book.conversations("ann")] == ["Better title"]
    with pytest.raises(KeepingError):
        book.rename("ann", "c", " \n")
    book.delete("ann", "c")
    assert book.conversations("ann") == []
    with sqlite3.connect(path) as db:
        assert [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("answers", "cited")] == [0, 0]
    db.close()


def test_a_chunk_knows_which_answers_cited_it(book: ConversationStore) -> None:
    first = keep(book, "c", "one")
    second = keep(book, "c", "two", parent=first)
    found = book.citing("ann", "a.md")
    assert {chunk: [c.answer for c in cited] for chunk, cited in found.items()} == {"c1": [second, first]}
    assert book.citing("ann", "b.md") == {}


def test_many_threads_lose_nothing(book: ConversationStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: keep(book, str(n), str(n)), range(40)))
    assert sorted(int(c.title) for c in book.conversations("ann")) == list(range(40))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files as Linux tells them")
def test_a_thread_that_ends_leaves_no_file_open(book: ConversationStore) -> None:
    keep(book, "c")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for n in range(20):
        thread = threading.Thread(target=keep, args=(book, str(n)))
        thread.start()
        thread.join()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 3


def test_a_new_connection_does_not_wait_for_a_writer(book: ConversationStore, path: Path) -> None:
    keep(book, "c")
    other = ConversationStore(Database(path))
    with sqlite3.connect(path, isolation_level=None) as writing:
        writing.execute("BEGIN IMMEDIATE")
        assert [c.title for c in other.conversations("ann")] == ["Why?"]
        writing.execute("ROLLBACK")
    writing.close()
    other.close()


def test_a_file_of_a_newer_version_is_left_alone(book: ConversationStore, path: Path) -> None:
    keep(book, "c")
    with sqlite3.connect(path) as db:
        db.execute("UPDATE schema_versions SET version = ?", (len(MIGRATIONS) + 1,))
    db.close()
    with pytest.raises(KeepingError) as caught:
        ConversationStore(Database(path)).conversations("ann")
    assert caught.value.reason == reason("keeping.newer", path=str(path), keeper="book", version=len(MIGRATIONS) + 1)


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "plainsight.db"
    path.write_bytes(b"plain text, " * 100)
    with pytest.raises(KeepingError) as caught:
        ConversationStore(Database(path)).conversations("ann")
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"plain text, " * 100


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(KeepingError) as caught:
        ConversationStore(Database(tmp_path / "file" / "plainsight.db")).conversations("ann")
    assert str(tmp_path / "file") in str(caught.value)


def test_nothing_kept_leaves_no_file(path: Path) -> None:
    ConversationStore(Database(path)).close()
    assert not path.exists()


def carried(book: ConversationStore, base: str, *, default: bool = False) -> bytes:
    return b"".join(carrying.lines(book, base, default=default))


def test_conversations_are_carried_whole_and_bringing_them_twice_changes_nothing(
    book: ConversationStore, tmp_path: Path
) -> None:
    root = keep(book, "c", "root")
    old = keep(book, "c", "old", parent=root)
    keep(book, "c", "new", parent=root)
    elsewhere = replace(make_ledger("elsewhere"), collections={"other": "Other"})
    book.keep("bob", "d", elsewhere)
    data = carried(book, "other") + carried(book, "plainsight", default=True)
    there = ConversationStore(Database(tmp_path / "there.db"))
    assert carrying.bring(there, io.BytesIO(data)) == 4
    assert carrying.bring(there, io.BytesIO(data)) == 0
    assert questions(there, "c") == questions(book, "c") == ["root", "new"]
    there.switch("ann", "c", old)
    assert questions(there, "c") == ["root", "old"]
    assert [a.ledger for a in there.thread("bob", "d")] == [elsewhere]
    assert [c.title for c in there.conversations("ann")] == ["root"]
    there.close()


def test_only_conversations_about_the_knowledge_base_are_carried(book: ConversationStore) -> None:
    book.keep("ann", "c", replace(make_ledger("about it"), collections={"kb": "KB"}))
    book.keep("ann", "d", replace(make_ledger("about another"), collections={"other": "Other"}))
    assert b"about it" in carried(book, "kb") and b"another" not in carried(book, "kb")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"no json", id="no JSON"),
        pytest.param(b"{}", id="no fields"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(
            json.dumps(
                {
                    "owner": "",
                    "conversation": "c",
                    "title": "",
                    "created": 0,
                    "parent": "",
                    "kept_at": 0,
                    "record": "{}",
                }
            ).encode(),
            id="nobody's",
        ),
    ],
)
def test_strange_lines_are_refused_and_nothing_is_taken(book: ConversationStore, tmp_path: Path, line: bytes) -> None:
    keep(book, "c")
    there = ConversationStore(Database(tmp_path / "there.db"))
    with pytest.raises(KeepingError):
        carrying.bring(there, io.BytesIO(carried(book, "x", default=True) + line))
    assert there.conversations("ann") == []
    there.close()


def test_a_search_holds_each_word_and_says_where_the_first_stands_that_is_in_no_title(tmp_path: Path) -> None:
    store = ConversationStore(Database(tmp_path / "plainsight.db"), now=map(float, itertools.count(1)).__next__)
    store.keep("ann", "one", make_ledger("How do I rotate TLS certificates?"))
    store.keep("ann", "two", make_ledger("100% of the backups_kept?"))
    assert [c.title for c in store.conversations("ann")] == ["100% of the backups_kept?", "Rotate TLS certificates"]
    (found,) = store.conversations("ann", containing="TLS how ROTATE")
    assert (found.id, found.found) == ("one", "How do I rotate TLS certificates?")
    (titled,) = store.conversations("ann", containing="tls")
    assert titled.found == ""
    assert [c.id for c in store.conversations("ann", containing="0% s_k")] == ["two"]
    assert store.conversations("ann", containing="tls backups") == []
    assert store.conversations("bob", containing="tls") == []


def test_pinned_conversations_come_first(tmp_path: Path) -> None:
    store = ConversationStore(Database(tmp_path / "plainsight.db"), now=map(float, itertools.count(1)).__next__)
    for name in ("one", "two"):
        store.keep("ann", name, make_ledger(f"{name}?"))
    store.pin("ann", "one", True)
    assert [(c.id, c.pinned) for c in store.conversations("ann")] == [("one", True), ("two", False)]
    with pytest.raises(KeepingError):
        store.pin("bob", "one", False)
    store.pin("ann", "one", False)
    assert [c.id for c in store.conversations("ann")] == ["two", "one"]
