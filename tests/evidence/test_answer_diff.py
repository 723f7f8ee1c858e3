"""Two answers side by side: what is the same, what changed, what came and went."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evidence.answer_diff import Change, DiffRow, compare
from rag.text.differences import LONGEST_COMPARED, DiffPiece, words
from rag.text.sentences import sentences


def changes(before: str, after: str) -> list[str]:
    return [row.change for row in compare(before, after)]


def said(row: DiffRow) -> tuple[str, str]:
    return "".join(p.text for p in row.before), "".join(p.text for p in row.after)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("One is. Two is.", "One is. Two is.", ["same", "same"], id="nothing changed"),
        pytest.param("Send it [1].", "Send it [3].", ["same"], id="another number of a context"),
        pytest.param("Send it. [1] Wait. [2]", "Send it. [2] Wait. [1]", ["same", "same"], id="cited after the stop"),
        pytest.param("One is. Two is.", "One is.", ["same", "removed"], id="a sentence gone"),
        pytest.param("Two is.", "Apples are red. Two is.", ["added", "same"], id="a sentence new"),
        pytest.param(
            "The limit of a file is 20 MB.", "The limit of a file is 50 MB.", ["changed"], id="a sentence changed"
        ),
        pytest.param("Bananas are yellow.", "Restart each broker!", ["removed", "added"], id="nothing in common"),
        pytest.param("最大文件为 20 MB。重启。", "最大文件为 50 MB。重启。", ["changed", "same"], id="Chinese"),
        pytest.param("```\na[1]\n```", "```\na[2]\n```", ["changed"], id="code keeps its brackets"),
        pytest.param("", "Now there is one.", ["added"], id="no answer before"),
        pytest.param("", "", [], id="no answers"),
    ],
)
def test_what_became_of_every_sentence(before: str, after: str, expected: list[str]) -> None:
    assert changes(before, after) == expected


def test_a_changed_sentence_shows_which_words_differ() -> None:
    (row,) = compare("The limit of a file is 20 MB [1].", "The limit of a file is 50 MB [2].")
    assert [p.text for p in row.before if p.differs] == ["20", "1"]
    assert [p.text for p in row.after if p.differs] == ["50", "2"]


def test_scripts_without_blanks_differ_by_character_also_beside_letters() -> None:
    (row,) = compare("系统支持GPU加速计算。", "系统支持CPU加速计算。")
    assert [p.text for p in row.before if p.differs] == ["GPU"]


def test_changed_sentences_keep_the_order_of_both_answers() -> None:
    rows = compare(
        "Write the new key to disk. Wait for the counter of the broker.",
        "First stop. Write the new key to a disk. Wait for the counter of every broker.",
    )
    assert [row.change for row in rows] == [Change.ADDED, Change.CHANGED, Change.CHANGED]


def test_a_code_block_is_one_piece_that_keeps_its_lines() -> None:
    (row,) = compare("", "```\na\nb\n```")
    assert row == DiffRow(Change.ADDED, (), (DiffPiece("```\na\nb\n```", True),), code=True)


def test_answers_beyond_all_measure_are_set_apart_as_wholes() -> None:
    long = "Yes. " * (LONGEST_COMPARED + 1)
    assert set(changes(long, long + "No.")) == {"removed", "added"}
    assert set(changes(long, long)) == {"same"}
    assert words("a " * LONGEST_COMPARED, "b") == ((DiffPiece("a " * LONGEST_COMPARED, True),), (DiffPiece("b", True),))


SENTENCE = st.sampled_from(
    ["Send it.", "Send it now.", "Wait [1].", "等待。", "- item one\n", "\n\n```\ncode\n```\n\n"]
)
ANSWER = st.lists(SENTENCE, max_size=6).map(" ".join)


@given(ANSWER, ANSWER)
def test_every_sentence_of_both_answers_is_in_exactly_one_row(before: str, after: str) -> None:
    rows = [said(row) for row in compare(before, after)]
    assert bare(left for left, _ in rows) == bare(before[s.start : s.end] for s in sentences(before))
    assert bare(right for _, right in rows) == bare(after[s.start : s.end] for s in sentences(after))


def bare(parts: Iterable[str]) -> str:
    return "".join("".join(parts).split())


@given(ANSWER)
def test_an_answer_is_the_same_as_itself(answer: str) -> None:
    assert set(changes(answer, answer)) <= {"same"}
