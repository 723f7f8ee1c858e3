"""Ingest jobs on a real store and a real SQLite file: they outlive tabs and processes, and lose no file."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rag.database import Database
from rag.documents.chunking import ChunkLimits
from rag.documents.files import Refused
from rag.errors import DocumentRefused, KeepingError, StoreUnavailable
from rag.events import Cancel, DocumentOutcome, IngestEvent, IngestStage
from rag.knowledge.ingest import Ingest
from rag.knowledge.jobs.job import Job, JobFile, JobKind, JobState, Pace, pace
from rag.knowledge.jobs.job_files import JobFiles
from rag.knowledge.jobs.job_store import JobStore
from rag.knowledge.jobs.journal import JobJournal
from rag.knowledge.jobs.queue import REMEMBERED, JobQueue
from rag.knowledge.jobs.worker import JobWorker
from rag.knowledge.jobs.worker_locks import WorkerLocks
from rag.messages import Reason, reason
from rag.store import MilvusStore
from rag.types import Source, Vectors
from tests.support.fakes import BagEmbedder
from tests.support.forking import forks
from tests.support.knowledge import open_store
from tests.support.two_apps import OFTEN_S

PATIENCE_S = 60.0
ROUNDS = 8


class Gated(BagEmbedder):
    """Embeds nothing before the gate is open, and says when it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.asked = threading.Event()

    def embed_documents(self, texts: Iterable[str]) -> Vectors:
        self.asked.set()
        assert self.gate.wait(PATIENCE_S)
        return super().embed_documents(list(texts))


def sources(count: int, *, word: str = "text") -> list[Source | Refused]:
    return [Source(f"{i:02}.md", f"# Page {i}\n\nSome {word} number {i}.\n".encode()) for i in range(count)]


def again(count: int) -> list[Source]:
    """The same files, to be taken once more."""
    return [replace(source, again=True) for source in sources(count) if isinstance(source, Source)]


class Rig:
    """A runner over a folder; `again` is what the next start of the program has."""

    def __init__(
        self,
        folder: Path,
        store: MilvusStore,
        embedder: BagEmbedder,
        *,
        room: Callable[[int], Reason | None] = lambda _: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self.store, self.embedder = folder, store, embedder
        self.database = Database(folder / "plainsight.db")
        clock: Callable[[], float] = map(float, itertools.count(1)).__next__
        ingest = Ingest(store, embedder, limits=ChunkLimits(max_tokens=60, overlap_tokens=0), detect=lambda _: "en")

        def take(offered: Iterable[Source | Refused], *, collection: str, cancel: Cancel) -> Iterator[IngestEvent]:
            assert collection == "kb"
            return ingest.run(offered, cancel=cancel)

        def renew(collection: str, /, *, cancel: Cancel) -> Iterator[IngestEvent]:
            for document in self.store.documents():
                event = IngestEvent(document.name, "", document.size, IngestStage.INDEX, chunks=document.chunks)
                yield event
                outcome = DocumentOutcome.CANCELLED if cancel else DocumentOutcome.ADDED
                yield replace(event, outcome=outcome)

        self.spool = JobFiles(folder / "jobs")
        self.gone: set[str] = set()
        self.runners = WorkerLocks(folder / "runners", gate=folder / "jobs.lock")
        self.book = JobStore(self.database, now=clock)
        self.jobs = JobQueue(self.book, self.spool, self.runners, every=OFTEN_S)
        self.runner = JobWorker(
            self.jobs,
            JobJournal(self.jobs, self.book, self.spool),
            self.spool,
            take,
            renew,
            there=lambda base: base not in self.gone,
            idle=OFTEN_S,
            heed=0.0,
            room=room,
            now=now,
        )

    def run(self, offered: Iterable[Source | Refused]) -> Job:
        done = self.jobs.wait(self.jobs.add("kb", lambda: offered), PATIENCE_S)
        assert done is not None and done.ended
        return done

    def close(self) -> None:
        self.runner.close(PATIENCE_S)
        self.database.close()


@pytest.fixture
def embedder() -> Gated:
    made = Gated()
    made.gate.set()
    return made


@pytest.fixture
def store(tmp_path: Path, embedder: Gated) -> Iterator[MilvusStore]:
    opened = open_store(tmp_path, embedder, {})
    yield opened
    opened.close()


@pytest.fixture
def rig(tmp_path: Path, store: MilvusStore, embedder: Gated) -> Iterator[Rig]:
    made = Rig(tmp_path, store, embedder)
    made.runner.start()
    yield made
    made.close()


def outcomes(job: Job) -> list[DocumentOutcome | None]:
    return [f.event.outcome for f in job.files]


def names(store: MilvusStore) -> list[str]:
    return [document.name for document in store.documents()]


def test_a_job_takes_its_files_and_keeps_no_bytes_afterwards(rig: Rig) -> None:
    refused = Refused("x.exe", "", 3, reason("files.binary"))
    job = rig.run([*sources(2), refused])
    assert (job.state, outcomes(job)) == (
        JobState.DONE,
        [DocumentOutcome.ADDED, DocumentOutcome.ADDED, DocumentOutcome.REFUSED],
    )
    assert names(rig.store) == ["00.md", "01.md"]
    assert rig.spool.jobs() == []


def test_jobs_wait_for_each_other_and_end_in_order(rig: Rig, embedder: Gated) -> None:
    embedder.gate.clear()
    first = rig.jobs.add("kb", lambda: sources(1))
    second = rig.jobs.add("kb", lambda: sources(2))
    assert embedder.asked.wait(PATIENCE_S)
    assert [j.state for j in rig.jobs.jobs()] == [JobState.RUNNING, JobState.WAITING]
    assert rig.jobs.active
    embedder.gate.set()
    done = rig.jobs.wait(second, PATIENCE_S)
    assert done is not None and outcomes(done) == [DocumentOutcome.UNCHANGED, DocumentOutcome.ADDED]
    assert [j.id for j in rig.jobs.jobs()] == [first, second]
    assert not rig.jobs.active


def test_cancelling_keeps_what_is_finished_and_retry_takes_the_rest(rig: Rig, embedder: Gated) -> None:
    embedder.gate.clear()
    id = rig.jobs.add("kb", lambda: sources(3))
    assert embedder.asked.wait(PATIENCE_S)
    rig.jobs.cancel(id)
    embedder.gate.set()
    job = rig.jobs.wait(id, PATIENCE_S)
    assert job is not None and job.state is JobState.CANCELLED
    assert outcomes(job) == [DocumentOutcome.CANCELLED] * 3 and names(rig.store) == []
    again = rig.jobs.retry(id)
    assert again is not None
    done = rig.jobs.wait(again, PATIENCE_S)
    assert done is not None and outcomes(done) == [DocumentOutcome.ADDED] * 3
    assert rig.jobs.retry(again) is None, "nothing failed in it"
    assert rig.jobs.job(id) is None, "the new job has taken its place"


def test_what_was_left_by_a_closed_program_is_taken_up_and_finished_documents_are_not_redone(
    tmp_path: Path, store: MilvusStore, embedder: Gated
) -> None:
    before = Rig(tmp_path, store, embedder)
    before.runner.start()
    job = before.run(sources(1))
    embedder.asked.clear()
    embedder.gate.clear()
    cut_off = before.jobs.add("kb", lambda: sources(3))
    assert embedder.asked.wait(PATIENCE_S)
    closing = threading.Thread(target=before.close)
    closing.start()
    embedder.gate.set()
    closing.join(PATIENCE_S)
    embedder.embedded.clear()
    after = Rig(tmp_path, store, embedder)
    after.runner.start()
    after.run([])  # by its end the earlier jobs are known
    done = after.jobs.wait(cut_off, PATIENCE_S)
    assert done is not None and done.resumed
    assert outcomes(done) == [DocumentOutcome.UNCHANGED, DocumentOutcome.ADDED, DocumentOutcome.ADDED]
    assert not any("Page 0" in text for text in embedder.embedded)
    found = after.jobs.job(job.id)
    assert found is not None and found.files == job.files and not found.resumed
    after.close()


def test_a_job_that_takes_documents_again_goes_on_as_such_and_is_tried_again_as_such(
    tmp_path: Path, store: MilvusStore, embedder: Gated
) -> None:
    before = Rig(tmp_path, store, embedder)
    before.runner.start()
    before.run(sources(3))
    cut_off = before.jobs.add("kb", lambda: again(3), JobKind.REINGEST)
    job = before.jobs.wait(cut_off, PATIENCE_S)
    assert job is not None
    before.close()
    # as it stood when the program was killed after the second file
    before.book.move(cut_off, JobState.RUNNING)
    left = replace(job.files[2].event, outcome=None)
    before.book.note(cut_off, 2, replace(before.spool.receive(cut_off, again(3)[2]), event=left))
    after = Rig(tmp_path, store, embedder)
    after.runner.start()
    after.run([])
    done = after.jobs.wait(cut_off, PATIENCE_S)
    assert done is not None and done.resumed and done.kind is JobKind.REINGEST
    assert outcomes(done) == [DocumentOutcome.REPLACED] * 3, "taken again though their content is the same"
    after.close()


def test_two_files_of_one_name_in_two_jobs_are_two_documents(rig: Rig) -> None:
    texts = ("# Site A\n\nThe lamp is amber.", "# Site B\n\nKeys are made there.")
    one, other = (Source("README.md", text.encode()) for text in texts)
    rig.run([one])
    done = rig.run([one, other])
    assert [(file.event.name, file.event.beside) for file in done.files] == [
        ("README.md", ""),
        ("README (2).md", "README.md"),
    ]
    assert outcomes(done) == [DocumentOutcome.UNCHANGED, DocumentOutcome.ADDED]
    assert [document.name for document in rig.store.documents()] == ["README (2).md", "README.md"]


def test_retrying_documents_that_could_not_be_taken_again_takes_them_again(rig: Rig, embedder: Gated) -> None:
    rig.run(sources(1))
    took = rig.runner._take

    def broken(offered: Iterable[Source | Refused], *, collection: str, cancel: Cancel) -> Iterator[IngestEvent]:
        for each in offered:
            start = IngestEvent(each.name, "", 1, IngestStage.READ)
            yield replace(start, outcome=DocumentOutcome.FAILED, reason=reason("ingest.no_text"))

    rig.runner._take = broken
    failed = rig.jobs.add("kb", lambda: again(1), JobKind.REINGEST)
    rig.jobs.wait(failed, PATIENCE_S)
    rig.runner._take = took
    retried = rig.jobs.retry(failed)
    assert retried is not None
    done = rig.jobs.wait(retried, PATIENCE_S)
    assert done is not None and outcomes(done) == [DocumentOutcome.REPLACED]


def test_a_job_whose_database_goes_away_fails_with_its_reason_and_the_next_goes_on(rig: Rig) -> None:
    why = reason("store.unreachable", uri="x")
    took = rig.runner._take

    def broken(offered: Iterable[Source | Refused], *, collection: str, cancel: Cancel) -> Iterator[IngestEvent]:
        yield from ()
        raise StoreUnavailable(why)

    rig.runner._take = broken
    failed = rig.run(sources(1))
    rig.runner._take = took
    assert (failed.state, failed.error) == (JobState.FAILED, why)
    assert outcomes(failed) == [DocumentOutcome.FAILED]
    again = rig.jobs.retry(failed.id)
    assert again is not None, "what was never begun can be tried again"
    done = rig.jobs.wait(again, PATIENCE_S)
    assert done is not None and outcomes(done) == [DocumentOutcome.ADDED]


def test_old_jobs_are_forgotten(rig: Rig) -> None:
    first = rig.run(sources(1))
    for _ in range(REMEMBERED):
        last = rig.run([])
    assert rig.jobs.job(first.id) is None
    assert len(rig.jobs.jobs()) == REMEMBERED and rig.jobs.jobs()[-1].id == last.id


def test_dismissing_a_job_takes_those_before_it_that_ended_well(rig: Rig) -> None:
    rig.run(sources(1))
    took = rig.runner._take

    def broken(offered: Iterable[Source | Refused], *, collection: str, cancel: Cancel) -> Iterator[IngestEvent]:
        for each in offered:
            start = IngestEvent(each.name, "", 1, IngestStage.READ)
            yield replace(start, outcome=DocumentOutcome.FAILED, reason=reason("ingest.no_text"))

    rig.runner._take = broken
    failed = rig.run(sources(1))
    rig.runner._take = took
    last = rig.run(sources(1))
    rig.jobs.dismiss(last.id)
    assert [j.id for j in rig.jobs.jobs()] == [failed.id]


def test_a_new_index_is_built_as_a_job_of_its_own_one_at_a_time(rig: Rig, embedder: Gated) -> None:
    rig.run(sources(2))
    embedder.gate.clear()
    before = rig.jobs.add("kb", lambda: sources(3))
    first, second = rig.jobs.reindex("kb"), rig.jobs.reindex("kb")
    assert first == second, "it waits already"
    embedder.gate.set()
    rig.jobs.wait(before, PATIENCE_S)
    done = rig.jobs.wait(first, PATIENCE_S)
    assert done is not None and (done.kind, done.state) == (JobKind.REINDEX, JobState.DONE)
    assert [f.event.name for f in done.files] == names(rig.store)
    assert rig.jobs.retry(first) is None, "it is begun again instead"


def test_a_job_whose_knowledge_base_is_deleted_ends_and_cannot_be_tried_again(rig: Rig, embedder: Gated) -> None:
    embedder.gate.clear()
    id = rig.jobs.add("kb", lambda: sources(3))
    assert embedder.asked.wait(PATIENCE_S)
    rig.gone.add("kb")  # by the command line, or another app
    embedder.gate.set()
    job = rig.jobs.wait(id, PATIENCE_S)
    assert job is not None and (job.state, job.error) == (JobState.CANCELLED, reason("jobs.base_deleted"))
    assert outcomes(job) == [DocumentOutcome.CANCELLED] * 3 and rig.jobs.retry(id) is None
    assert rig.spool.jobs() == []


def test_abandoning_a_knowledge_base_ends_its_jobs_and_forgets_those_that_ended(rig: Rig, embedder: Gated) -> None:
    done = rig.run(sources(1))
    embedder.asked.clear()
    embedder.gate.clear()
    ids = [rig.jobs.add("kb", lambda: sources(3)) for _ in range(2)]
    assert embedder.asked.wait(PATIENCE_S)
    rig.gone.add("kb")
    assert rig.jobs.abandon("other") == 0
    running = rig.jobs.running()
    assert running is not None
    with ThreadPoolExecutor(1) as pool:
        count = pool.submit(rig.jobs.abandon, "kb")
        assert running.cancel.flag.wait(PATIENCE_S)
        embedder.gate.set()
        assert count.result(PATIENCE_S) == 2
    assert rig.jobs.job(done.id) is None
    ended = [rig.jobs.wait(id, PATIENCE_S) for id in ids]
    assert [job and job.state for job in ended] == [JobState.CANCELLED] * 2


def test_damaged_or_missing_bytes_are_told(tmp_path: Path) -> None:
    spool = JobFiles(tmp_path / "jobs")
    received = spool.receive("j", Source("a.md", b"abc"))
    job = Job("j", "kb", JobState.RUNNING, 0.0)
    assert spool.source(job, received) == Source("a.md", b"abc")
    (tmp_path / "jobs" / "j" / received.sha256).write_bytes(b"abd")
    for key in (received.sha256, "0" * 64):
        found = spool.source(job, replace(received, sha256=key))
        assert isinstance(found, Refused) and "Add the file again" in str(DocumentRefused(found.reason))


def test_without_a_place_to_keep_them_jobs_are_refused(tmp_path: Path, store: MilvusStore, embedder: Gated) -> None:
    rig = Rig(tmp_path, store, embedder)
    (tmp_path / "plainsight.db").write_bytes(b"no database, " * 100)
    with pytest.raises(KeepingError):
        rig.jobs.add("kb", lambda: sources(1))


def file(name: str, size: int, *, done: int = 0, total: int = 0, outcome: DocumentOutcome | None = None) -> JobFile:
    stage = IngestStage.EMBED
    return JobFile("0", IngestEvent(name, "", size, stage, done, total, total, embedded=done, outcome=outcome))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param((), Pace(), id="nothing yet"),
        pytest.param((file("a", 100),), Pace(), id="nothing done"),
        pytest.param(
            (file("a", 100, done=5, total=5, outcome=DocumentOutcome.ADDED), file("b", 300, done=1, total=3)),
            Pace(0.6, 10.0),
            id="200 of 400 bytes in 10 s",
        ),
    ],
)
def test_pace(files: tuple[JobFile, ...], expected: Pace) -> None:
    found = pace(replace(Job("j", "kb", JobState.RUNNING, 0.0), files=files), 10.0)
    assert (found.chunks_per_second, found.seconds_left) == (expected.chunks_per_second, expected.seconds_left)


# ---- killed at any moment --------------------------------------------------------------------------------------------

DOCUMENTS = 12


def test_killed_at_any_moment_a_job_is_finished_by_the_next_starts(tmp_path: Path) -> None:
    chance = random.Random(20261124)
    acknowledged: set[str] = set()
    kills = 0
    with forks("tests.support.killed_jobs") as work:
        for round in range(ROUNDS):
            first, last = round == 0, round == ROUNDS - 1
            told, was_killed = work(
                folder=str(tmp_path),
                begin=DOCUMENTS if first else 0,
                files=None if last else chance.randint(int(first), 3),  # what is not received yet cannot be taken up
                seconds=chance.uniform(0, 0.05),
            )
            kills += was_killed
            acknowledged |= set(told)
            store = open_store(tmp_path, BagEmbedder(), {})
            found = {document.name for document in store.documents()}
            assert acknowledged <= found, "an acknowledged document is there"
            assert all(len(store.chunks(name)) == 1 for name in found), "and whole"
            store.close()
    assert found == {f"{i:02}.md" for i in range(DOCUMENTS)}
    assert kills > ROUNDS / 3, "too few of the starts were cut off"


def test_a_file_that_kills_the_program_twice_is_set_aside_and_the_job_goes_on(tmp_path: Path) -> None:
    with forks("tests.support.killed_jobs") as work:
        rounds = [
            work(folder=str(tmp_path), begin=begin, files=None, seconds=0, poison="number 1")[1] for begin in (4, 0, 0)
        ]
    assert rounds == [True, True, False], "the third start does not touch it"
    store = open_store(tmp_path, BagEmbedder(), {})
    rig = Rig(tmp_path, store, BagEmbedder())
    assert names(store) == ["00.md", "02.md", "03.md"]
    (job,) = rig.jobs.jobs()
    added = DocumentOutcome.ADDED
    assert (job.state, outcomes(job)) == (JobState.DONE, [added, DocumentOutcome.REFUSED, added, added])
    assert job.files[1].event.reason == reason("jobs.set_aside", tries=2)
    rig.runner.start()
    again = rig.jobs.retry(job.id)
    assert again is not None, "its bytes are still there"
    done = rig.jobs.wait(again, PATIENCE_S)
    assert done is not None and outcomes(done) == [added]
    rig.close()
    store.close()


def test_a_new_index_that_kills_the_program_twice_is_given_up(
    tmp_path: Path, store: MilvusStore, embedder: Gated
) -> None:
    rig = Rig(tmp_path, store, embedder)
    cut_off = rig.book.begin("kb", JobKind.REINDEX)  # by programs that died over it
    rig.book.tried(cut_off.id, None, 2)
    rig.runner.start()
    done = rig.jobs.wait(cut_off.id, PATIENCE_S)
    assert done is not None and done.error == reason("jobs.set_aside_whole", tries=2)
    again = rig.jobs.wait(rig.jobs.reindex("kb"), PATIENCE_S)
    assert again is not None and again.state is JobState.DONE, "begun anew by somebody"
    rig.close()


def test_a_program_that_is_ended_as_it_should_be_holds_nothing_against_a_file(
    tmp_path: Path, store: MilvusStore, embedder: Gated
) -> None:
    embedder.gate.clear()
    for round in range(4):
        rig = Rig(tmp_path, store, embedder)
        rig.runner.start()
        id = rig.jobs.add("kb", lambda: sources(1)) if round == 0 else rig.jobs.jobs()[0].id
        assert embedder.asked.wait(PATIENCE_S)
        rig.runner.close(0.0)
        (file,) = rig.book.files(id)
        assert file.tries == 0
        embedder.gate.set()
        rig.close()
        embedder.gate.clear()
        embedder.asked.clear()
        if names(store):
            break
