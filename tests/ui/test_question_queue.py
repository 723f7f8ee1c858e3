"""Whose question is answered now: bounded, fair by visitor, and never lost to strangers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag.errors import RagError
from rag.events import Cancel
from rag.messages import reason
from rag.types import Source
from rag.ui.http.upload_folder import UploadFolder, sweep, taken
from rag.ui.state.question_queue import QuestionQueue, QueueBounds, Ticket
from rag.ui.state.runs import Run
from rag.ui.state.session import Sessions


def waiting(desk: QuestionQueue, tickets: list[Ticket]) -> list[int]:
    return [desk.place(ticket) for ticket in tickets]


def test_a_visitor_with_enough_questions_is_told_so_and_others_are_answered() -> None:
    desk = QuestionQueue(QueueBounds(of_visitor=2))
    own = [desk.enter("alice", "a") for _ in range(2)]
    with pytest.raises(RagError) as refused:
        desk.enter("alice", "a")
    assert refused.value.reason == reason("ui.too_many_questions", most=2)
    assert desk.place(desk.enter("bob", "a")) == 0
    desk.leave(own[0])
    desk.enter("alice", "a")


def test_who_has_least_answered_is_next_whoever_came_first() -> None:
    desk = QuestionQueue(QueueBounds(answered=1, of_visitor=3))
    running = desk.enter("alice", "a")
    greedy = [desk.enter("alice", "a") for _ in range(2)]
    modest = desk.enter("bob", "b")
    assert waiting(desk, [running, *greedy, modest]) == [0, 2, 3, 1]
    desk.leave(running)
    assert waiting(desk, [modest, *greedy]) == [0, 1, 2]


def test_new_cookies_of_one_address_never_take_all_places() -> None:
    desk = QuestionQueue(QueueBounds(answered=8, of_address=4, waiting=5))
    flood = [desk.enter(f"cookie {n}", "flood") for n in range(9)]
    assert sum(place == 0 for place in waiting(desk, flood)) == 4
    with pytest.raises(RagError) as refused:
        desk.enter("one more", "flood")
    assert refused.value.reason == reason("ui.queue_full", count=5)
    assert desk.place(desk.enter("alice", "elsewhere")) == 0


def test_the_place_is_said_and_a_question_that_was_stopped_leaves() -> None:
    desk = QuestionQueue(QueueBounds(answered=1))
    first, second, third = (desk.enter(who, who) for who in ("alice", "bob", "carol"))
    heard: list[int] = []
    cancel = Cancel()

    def said(place: int) -> None:
        heard.append(place)
        desk.leave({2: first, 1: second}[place] if place else third)

    with desk.turn(third, cancel, said):
        pass
    assert heard == [2, 1, 0]
    stopped = [desk.enter(who, who) for who in ("dave", "erin")]
    cancel.cancel()
    with desk.turn(stopped[1], cancel, lambda place: None):
        pass
    assert desk.place(stopped[0]) == 0


def test_strangers_never_drop_a_running_answer() -> None:
    sessions, cancel = Sessions(most=20, each=10), Cancel()

    def events(run: Cancel) -> list[int]:
        cancel.flag.wait(60)
        return []

    slot = sessions.slot("alice/t", "home")
    slot.answering = Run(events, apply=lambda e: None, failed=lambda e: None, ended=lambda: None).start()
    for address in ("flood", "home", ""):
        for number in range(500):
            sessions.slot(f"cookie{number}/t", address)
    assert sessions.slot("alice/t") is slot
    assert not slot.answering.cancel
    cancel.cancel()
    slot.answering.join(60)


def test_new_sessions_of_one_address_take_none_of_another() -> None:
    sessions = Sessions(most=20, each=10)
    alice = sessions.slot("alice/t", "home")
    flood = [sessions.slot(f"cookie{number}/t", "flood") for number in range(500)]
    assert sessions.slot("alice/t") is alice
    assert sessions.slot("cookie499/t") is flood[-1]
    assert sessions.slot("cookie0/t") is not flood[0]


def test_uploads_are_removed_once_their_job_has_read_them(tmp_path: Path) -> None:
    folder, theirs = tmp_path / "uploads", tmp_path / "theirs.md"
    (folder / "0a1b").mkdir(parents=True)
    upload = folder / "0a1b" / "a.md"
    for path in (upload, theirs):
        path.write_bytes(b"# A")
    offer = taken([upload, theirs], folder, lambda paths: (Source(path.name, path.read_bytes()) for path in paths))
    upload.parent.mkdir()
    upload.write_bytes(b"the same file, uploaded again before the job had its turn")
    assert [(each.name, each.data) for each in offer() if isinstance(each, Source)] == [
        ("a.md", b"# A"),
        ("theirs.md", b"# A"),
    ]
    assert [path for path in folder.rglob("*") if path.is_file()] == [upload]
    assert theirs.exists()


def test_uploads_no_job_ever_took_go_once_they_are_old(tmp_path: Path) -> None:
    for name in ("left", "new", "taken-1/0/a.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in ("left", "taken-1/0/a.md"):
        os.utime(tmp_path / name, (0, 0))
    sweep(tmp_path)
    assert [(tmp_path / name).exists() for name in ("left", "new", "taken-1/0/a.md")] == [False, True, True]


def test_what_programs_that_ended_left_is_removed_at_the_start_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "tmp" / "dead").mkdir(parents=True)
    one, other = UploadFolder(tmp_path / "tmp"), UploadFolder(tmp_path / "tmp")
    kept = one.open()
    assert kept.stat().st_mode & 0o777 == 0o700
    other.open()
    assert kept.is_dir()
    assert not (tmp_path / "tmp" / "dead").exists()
    other.close()
    one.close()
    assert [path for path in (tmp_path / "tmp").iterdir() if path.is_dir()] == []


def test_a_folder_that_cannot_be_used_is_no_reason_not_to_start(tmp_path: Path) -> None:
    (tmp_path / "tmp").write_text("a file is in the way")
    scratch = UploadFolder(tmp_path / "tmp")
    assert scratch.open().stat().st_mode & 0o777 == 0o700
    scratch.close()
