"""Jobs on a disk that is really full: they wait, say so, drop nothing, and go on once there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.documents.files import Refused
from rag.events import DocumentOutcome
from rag.knowledge.jobs.disk_room import GROWTH, DiskRoom
from rag.knowledge.jobs.job import Job, JobState
from rag.knowledge.jobs.worker import ROOM_SECONDS
from rag.messages import Reason, reason
from rag.store import MilvusStore
from rag.types import Source
from tests.support.fakes import BagEmbedder
from tests.support.knowledge import open_store
from tests.support.small_disk import SmallDisk, small_disk

from .test_jobs import PATIENCE_S, Rig, names, outcomes

BIG = 400_000


class Clock:
    """Stands still until somebody moves it on."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 16) as mounted:
        yield mounted


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MilvusStore]:
    """On another disk, which has room."""
    opened = open_store(tmp_path, BagEmbedder(), {})
    yield opened
    opened.close()


def big(count: int) -> list[Source | Refused]:
    """Files that hardly make a chunk."""
    return [Source(f"{i}.md", f"# {i}\n\nword {i}\n".encode() + b" " * BIG) for i in range(count)]


def until(rig: Rig, id: str, met: Callable[[Job], bool]) -> Job:
    def seen() -> bool:
        job = rig.jobs.job(id)
        return job is not None and met(job)

    with rig.jobs.changed:
        assert rig.jobs.changed.wait_for(seen, PATIENCE_S)
    job = rig.jobs.job(id)
    assert job is not None
    return job


def waits(job: Job) -> bool:
    return job.state is JobState.WAITING and job.error is not None


@pytest.mark.parametrize("leave", [0, 20_000, 1_000_000], ids=["nothing", "the book", "two files"])
def test_files_not_yet_received_are_not_dropped(disk: SmallDisk, store: MilvusStore, leave: int) -> None:
    clock = Clock()
    rig = Rig(disk.folder, store, BagEmbedder(), now=clock)
    rig.runner.start()
    rig.run([])
    disk.fill(leave=BIG * 8)
    ready = rig.jobs.add("kb", lambda: _filling(disk, big(4), leave))
    held = until(rig, ready, waits)
    assert held.error is not None and held.error.code in ("jobs.no_room", "keeping.disk_full")
    assert all(file.event.outcome is None for file in held.files)
    disk.empty()
    assert rig.jobs.wait(ready, 0.1) == held, "it does not look all the time"
    clock.time += ROOM_SECONDS
    done = rig.jobs.wait(ready, PATIENCE_S)
    assert done is not None and (done.state, done.error) == (JobState.DONE, None)
    assert outcomes(done) == [DocumentOutcome.ADDED] * 4 and names(store) == ["0.md", "1.md", "2.md", "3.md"]
    assert rig.spool.jobs() == []
    rig.close()


def _filling(disk: SmallDisk, files: list[Source | Refused], leave: int) -> Iterator[Source | Refused]:
    yield files[0]
    disk.fill(leave=leave)
    yield from files[1:]


def test_files_not_yet_taken_are_taken_by_the_next_start(disk: SmallDisk, store: MilvusStore) -> None:
    def room(_: int) -> Reason | None:
        return reason("jobs.no_room", path="x") if full else None

    full = True
    before = Rig(disk.folder, store, BagEmbedder(), room=room, now=Clock())
    before.runner.start()
    id = before.jobs.add("kb", lambda: big(3))
    until(before, id, waits)
    disk.fill()
    before.close()
    assert len(list((disk.folder / "jobs" / id).iterdir())) == 3
    full = False
    disk.empty()
    after = Rig(disk.folder, store, BagEmbedder(), room=room)
    after.runner.start()
    until(after, id, lambda job: job.ended)
    assert names(store) == ["0.md", "1.md", "2.md"]
    after.close()


def test_what_came_of_files_is_written_down_once_there_is_room(disk: SmallDisk, store: MilvusStore) -> None:
    clock = Clock()
    asked: list[int] = []

    def room(size: int) -> Reason | None:
        asked.append(size)
        if len(asked) == 3:
            disk.fill()
        return None

    rig = Rig(disk.folder, store, BagEmbedder(), room=room, now=clock)
    rig.runner.start()
    id = rig.jobs.add("kb", lambda: big(6))
    held = until(rig, id, waits)
    assert held.error == reason("keeping.disk_full", path=str(disk.folder / "plainsight.db"))
    disk.empty()
    clock.time += ROOM_SECONDS
    done = rig.jobs.wait(id, PATIENCE_S)
    assert done is not None and (done.state, len(names(store))) == (JobState.DONE, 6)
    assert {file.event.outcome for file in rig.book.files(id)} <= {DocumentOutcome.ADDED, DocumentOutcome.UNCHANGED}
    rig.close()


def test_a_full_database_is_waited_for(tmp_path: Path, disk: SmallDisk) -> None:
    """The embedded database fills its disk in the middle of a job."""
    clock = Clock()
    store = open_store(disk.folder, BagEmbedder(), {})
    rig = Rig(tmp_path, store, BagEmbedder(), now=clock)
    disk.fill()
    rig.runner.start()
    id = rig.jobs.add("kb", lambda: big(3))
    held = until(rig, id, waits)
    assert held.error is not None and held.error.code == "store.disk_full"
    assert all(not file.ended and not file.tries for file in held.files)
    disk.empty()
    clock.time += ROOM_SECONDS
    done = rig.jobs.wait(id, PATIENCE_S)
    assert done is not None and outcomes(done) == [DocumentOutcome.ADDED] * 3
    rig.close()
    store.close()


def test_a_job_that_waits_for_room_is_cancelled_at_once(disk: SmallDisk, store: MilvusStore) -> None:
    rig = Rig(disk.folder, store, BagEmbedder(), room=lambda _: reason("jobs.no_room", path="x"), now=Clock())
    rig.runner.start()
    id = rig.jobs.add("kb", lambda: big(2))
    until(rig, id, waits)
    rig.jobs.cancel(id)
    done = rig.jobs.wait(id, PATIENCE_S)
    assert done is not None and (done.state, outcomes(done)) == (JobState.CANCELLED, [DocumentOutcome.CANCELLED] * 2)
    rig.close()


def test_room_is_asked_for_where_documents_are_written(tmp_path: Path) -> None:
    free = {tmp_path / "a": 1_000 + GROWTH * 10, tmp_path / "b": 5_000}
    room = DiskRoom(list(free), reserve=1_000, free=free.__getitem__)
    assert room(10) is None
    assert room(11) == reason("jobs.no_room", path=str(tmp_path / "a"))
    free[tmp_path / "b"] = 999
    assert room(0) == reason("jobs.no_room", path=str(tmp_path / "b"))
    assert DiskRoom([tmp_path / "not" / "there"], reserve=0)(0) is None
