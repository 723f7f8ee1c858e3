"""Marks kept in a real SQLite file, and as a labelled set that `evaluate` runs on."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from rag.cli.exits import FAILED, OK
from rag.data_folder import KEPT
from rag.database import Database
from rag.errors import KeepingError, RagError
from rag.evaluation.dataset import check_labels, read_corpus, read_questions
from rag.evaluation.from_marks import labelled_set, write_set
from rag.evidence.conversation_store import ConversationStore
from rag.evidence.marks import Judge, Marks, Relevance, mark_of, passage_id
from rag.types import sigmoid
from tests.cli.test_main import CommandLine
from tests.support.marked import JUDGE, RERANKER, answered, mark, passage
from tests.support.searches import with_found

RIGHT, WRONG = Relevance.RIGHT, Relevance.WRONG


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / KEPT


@pytest.fixture
def marks(path: Path) -> Iterator[Marks]:
    database = Database(path)
    yield Marks(database, now=map(float, itertools.count(1)).__next__)
    database.close()


def test_a_mark_keeps_what_it_was_made_on(marks: Marks, path: Path) -> None:
    ledger = answered("How often?", [passage("Every night.", 1.5), passage("Never.", -2.0, start=40)])
    assert marks.toggle("ann", mark_of(ledger, "guide.md#40", WRONG)) is WRONG
    (kept,) = Marks(Database(path)).all()
    assert (kept.verdict, kept.query, kept.answer, kept.owner) == (WRONG, "How often?", ledger.id, "ann")
    assert (kept.chunk, kept.document, kept.text, kept.log_odds) == ("guide.md#40", "guide.md", "Never.", -2.0)
    assert kept.probability == sigmoid(-2.0)
    assert (kept.judge, kept.marked_at) == (Judge("maxsim", "1", "float32"), 1.0)
    assert kept.text_sha256 == sha256(b"Never.").hexdigest()


def test_click_and_click_again(marks: Marks) -> None:
    one = mark("q", "text")
    other = replace(one, verdict=WRONG)
    assert [marks.toggle("ann", m) for m in (one, one, other, one)] == [RIGHT, None, WRONG, RIGHT]
    assert marks.given("ann", "q", JUDGE) == {one.passage: RIGHT}
    assert len(marks.all()) == 1


def test_a_passage_found_again_for_the_same_query_is_marked_already_and_counts_once(marks: Marks) -> None:
    for start in (0, 700):  # the document was changed above it: another chunk, the same words
        found = passage("Every night.", 1.5, start=start)
        assert passage_id(found.stored.chunk) in marks.given("ann", "q", JUDGE) or start == 0
        given = marks.given("ann", "q", JUDGE)
        if not given:
            marks.toggle("ann", mark_of(answered("q", [found]), found.stored.id, RIGHT))
    assert marks.points("ann", JUDGE) == ((1.5, True),)


def test_the_same_words_under_another_heading_are_another_passage(marks: Marks) -> None:
    marks.toggle("ann", mark("q", "Default: 10", path=("Retries",)))
    marks.toggle("ann", mark("q", "Default: 10", WRONG, path=("Timeout",)))
    assert sorted(marks.given("ann", "q", JUDGE).values()) == [RIGHT, WRONG]


def test_what_is_anothers_does_not_exist(marks: Marks) -> None:
    marks.toggle("ann", mark("q", "text"))
    marks.toggle("bob", mark("q", "text", WRONG))
    assert [set(marks.given(who, "q", JUDGE).values()) for who in ("ann", "bob", "eve")] == [{RIGHT}, {WRONG}, set()]
    assert [marks.points(who, JUDGE) for who in ("ann", "bob", "eve")] == [((0.5, True),), ((0.5, False),), ()]
    marks.toggle("bob", mark("q", "text", WRONG))
    assert [m.owner for m in marks.all()] == ["ann"] and marks.all("bob") == []


def test_nobody_keeps_nothing(marks: Marks, path: Path) -> None:
    with pytest.raises(KeepingError):
        marks.toggle("", mark("q", "text"))
    assert not path.exists()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(RERANKER, name="other"), id="another model"),
        pytest.param(replace(RERANKER, revision="2"), id="another revision"),
        pytest.param(replace(RERANKER, dtype="int8"), id="another number type"),
    ],
)
def test_another_reranker_learns_nothing_from_it(marks: Marks, other: object) -> None:
    marks.toggle("ann", mark("q", "text"))
    assert marks.points("ann", Judge.of(other)) == ()  # type: ignore[arg-type]
    assert marks.points("ann", JUDGE) == ((0.5, True),)


def test_a_passage_no_reranker_judged_is_marked_but_calibrates_nothing(marks: Marks) -> None:
    marks.toggle("ann", mark("q", "text", log_odds=None))
    assert marks.points("ann", JUDGE) == ()
    assert [m.probability for m in marks.all()] == [None]


def test_a_passage_of_another_answer_is_refused() -> None:
    with pytest.raises(KeepingError):
        mark_of(answered("q", [passage("text")]), "other.md#0", RIGHT)
    with pytest.raises(KeepingError):
        mark_of(with_found(answered("q", []), None), "guide.md#0", RIGHT)


def test_book_and_marks_share_one_file(marks: Marks, path: Path) -> None:
    marks.toggle("ann", mark("q", "text"))
    book = ConversationStore(Database(path))
    book.keep("ann", "one", answered("q", [passage("text")]))
    assert len(book.conversations("ann")) == 1 and len(marks.all()) == 1
    book.close()


# ---- as a labelled set ----------------------------------------------------------------------------------------------


def test_a_labelled_set_reads_back(tmp_path: Path) -> None:
    made = [
        mark("How often?", "Every night.", path=("Backup", "Times")),
        mark("How often?", "Never.", WRONG),
        mark("Who?", "Never.", WRONG),
    ]
    corpus_file, queries_file = write_set(labelled_set(made), tmp_path / "set")
    corpus, questions = read_corpus(corpus_file), read_questions(queries_file)
    check_labels(corpus, questions, queries_file)
    texts = {row.id: (row.title, row.text) for row in corpus}
    assert sorted(texts.values()) == [("", "Never."), ("Backup › Times", "Every night.")]
    how, who = questions
    assert [texts[i][1] for i in how.relevant] == ["Every night."]
    assert [texts[i][1] for i in how.irrelevant] == ["Never."]
    assert who.relevant == () and len(who.irrelevant) == 1


def test_one_person_s_last_mark_counts_and_two_people_s_contradiction_does_not() -> None:
    later = Judge("maxsim", "2", "float32")
    made = [
        mark("q", "changed", WRONG, owner="ann"),
        mark("q", "changed", RIGHT, owner="ann", judge=later),
        mark("q", "contested", RIGHT, owner="ann"),
        mark("q", "contested", WRONG, owner="bob"),
    ]
    found = labelled_set(made)
    assert [row["text"] for row in found.corpus] == ["changed"]
    assert [(len(q["relevant"]), len(q["irrelevant"])) for q in found.queries] == [(1, 0)]  # type: ignore[arg-type]
    assert found.contested == 1


def test_files_that_are_there_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text("mine", encoding="utf-8")
    with pytest.raises(RagError) as caught:
        write_set(labelled_set([mark("q", "text")]), tmp_path)
    assert caught.value.reason.values["path"] == str(tmp_path / "corpus.jsonl")
    assert (tmp_path / "corpus.jsonl").read_text(encoding="utf-8") == "mine"
    with pytest.raises(RagError, match="cannot be written"):
        write_set(labelled_set([mark("q", "text")]), tmp_path / "corpus.jsonl" / "below")


# ---- the command ----------------------------------------------------------------------------------------------------

FACTS = {
    "How often is a backup taken?": ("A backup is taken every night at two.", "Bananas are yellow."),
    "How large may a file be?": ("The largest file is 20 MB.", "A backup is taken every night at two."),
    "Which colour are bananas?": ("Bananas are yellow.", "The largest file is 20 MB."),
}


def test_marks_are_exported_and_evaluate_runs_on_them(tmp_path: Path) -> None:
    run = CommandLine(tmp_path)
    assert run("marks")[::2] == (
        FAILED,
        "Nothing is marked yet. On the page, mark evidence as right or wrong on its card.\n",
    )
    assert not (tmp_path / KEPT).exists()
    database = Database(tmp_path / KEPT)
    kept = Marks(database)
    for query, (right, wrong) in FACTS.items():
        ledger = answered(query, [passage(right, 3.0), passage(wrong, -3.0, start=90)])
        kept.toggle("ann", mark_of(ledger, "guide.md#0", RIGHT))
        kept.toggle("ann", mark_of(ledger, "guide.md#90", WRONG))
    ledger = answered("Who won?", [passage("Bananas are yellow.", -4.0)])
    kept.toggle("ann", mark_of(ledger, "guide.md#0", WRONG))
    database.close()

    code, out, err = run("marks")
    assert (code, err) == (OK, "")
    assert (
        out == "maxsim@1, float32: 7 marks, 3 right, 4 wrong, uncalibrated: needs 30 of one person, right and wrong "
        "ones\n"
    )
    code, out, err = run("marks", "--export", tmp_path / "set")
    assert code == OK, err
    assert "3 passages in" in out and "4 questions in" in out

    files = ("--corpus", tmp_path / "set" / "corpus.jsonl", "--queries", tmp_path / "set" / "queries.jsonl")
    code, out, err = run("evaluate", *files, "--json", tmp_path / "out.json")
    assert code == OK, err
    assert "3 documents, 3 questions with labels, 1 without" in out
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert found["ranking"]["reranked"]["Hit@1"] == 1
    calibration = found["calibration"]
    assert (calibration["pairs"], calibration["judged_only"]) == (7, True)
    assert sum(row["right"] for row in calibration["table"]) == 3
    assert f"ECE {calibration['error']:.3f} over 7 judged pairs" in out
