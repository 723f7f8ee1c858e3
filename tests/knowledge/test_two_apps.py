"""Several apps over one data folder: each works on its own jobs, shows the others', and inherits from the dead."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from rag.database import Database
from rag.errors import KeepingError
from rag.events import DocumentOutcome, IngestEvent, IngestStage
from rag.knowledge.jobs.job import Job, JobState
from rag.knowledge.jobs.job_store import MIGRATIONS
from rag.knowledge.jobs.queue import REMEMBERED
from rag.knowledge.jobs.worker_locks import WorkerLocks
from rag.types import Source
from tests import ROOT
from tests.support.two_apps import OFTEN_S, App

PATIENCE_S = 60.0
ORPHANS = REMEMBERED
"""One more, and the first might be forgotten before it is asked about."""
APPS = 3


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    made = App(tmp_path)
    yield made
    made.close()


@contextmanager
def another(folder: Path, *names: str) -> Iterator[subprocess.Popen[str]]:
    """An app as a process of its own, which works until it is killed: at the end, however the test went."""
    command = [sys.executable, "-m", "tests.support.two_apps", str(folder), *names]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def killed(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)


def until(app: App, id: str, *, ended: int) -> Job:
    """The job once so many of its files have ended."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        job = app.jobs.wait(id, OFTEN_S)
        if job is not None and sum(file.ended for file in job.files) >= ended:
            return job
    raise AssertionError(f"{job} after {PATIENCE_S} s")


def orphan(app: App, name: str, owner: str) -> str:
    """A job an app left when it died."""
    job = app.book.begin("kb", owner=owner)
    event = IngestEvent(name, "", 1, IngestStage.READ)
    app.book.note(job.id, 0, replace(app.spool.receive(job.id, Source(name, name.encode())), event=event))
    app.book.move(job.id, JobState.RUNNING)
    return job.id


def test_a_job_of_a_killed_app_is_finished_by_one_that_was_there_already(app: App) -> None:
    app.runner.start()
    with another(app.folder, "a.md", "b.md", "c.md") as other:
        id = heard(other)
        job = until(app, id, ended=1)
        assert (job.elsewhere, job.state, job.resumed) == (True, JobState.RUNNING, False)
        assert not app.jobs.adopt(), "its app lives"
        assert app.jobs.active
        killed(other)
    done = app.jobs.wait(id, PATIENCE_S)
    assert done is not None and (done.state, done.elsewhere, done.resumed) == (JobState.DONE, False, True)
    assert [file.event.outcome for file in done.files] == [DocumentOutcome.ADDED] * 3
    assert app.taken() == ["a.md", "b.md", "c.md"], "the finished one is not done again"
    assert [path.stem for path in (app.folder / "runners").iterdir()] == [app.runners.id], "the dead one's lock is gone"


def test_a_job_of_another_app_is_cancelled_by_that_one(app: App) -> None:
    app.runner.start()
    with ExitStack() as opened:
        other = App(app.folder)
        opened.callback(other.close)
        id = other.jobs.add("kb", lambda: [Source("a.md", b"a")])  # it waits: that app has not started yet
        app.jobs.look(at_once=True)
        app.jobs.cancel(id)
        job = app.jobs.job(id)
        assert job is not None and job.elsewhere and job.stopping and not job.ended
        other.runner.start()
        done = app.jobs.wait(id, PATIENCE_S)
        assert done is not None and done.state is JobState.CANCELLED and not done.elsewhere
        assert app.taken() == []
        again = app.jobs.retry(id)
        assert again is not None, "what it left can be tried again by any of them"
        app.jobs.wait(again, PATIENCE_S)
        assert app.taken() == ["a.md"]
        other.jobs.look(at_once=True)
        assert [job.id for job in other.jobs.jobs()] == [again], "what the new job took over is off both lists"


def test_many_apps_share_what_a_dead_one_left_and_do_nothing_twice(app: App) -> None:
    names = [f"{i:02}.md" for i in range(ORPHANS)]
    ids = [orphan(app, name, "dead") for name in names]
    with ExitStack() as opened:
        others = [opened.enter_context(another(app.folder)) for _ in range(APPS)]
        assert all(heard(other) for other in others)
        for id in ids:
            done = app.jobs.wait(id, PATIENCE_S)
            assert done is not None and done.state is JobState.DONE
        for other in others:
            killed(other)
    assert sorted(app.taken()) == names


def test_of_two_that_read_the_same_only_one_gets_a_job(app: App) -> None:
    orphan(app, "a.md", "dead")
    (head,) = app.book.heads()
    assert app.book.claim(head, "first")
    assert not app.book.claim(head, "second")
    app.book.move(head.id, JobState.DONE)
    (head,) = app.book.heads()
    assert not app.book.claim(head, "second"), "an ended job is nobody's"


def test_an_app_that_ends_leaves_its_jobs_to_the_others(app: App) -> None:
    other = App(app.folder)
    id = other.jobs.add("kb", lambda: [])
    app.runner.start()
    assert not app.jobs.adopt()
    other.close()
    done = app.jobs.wait(id, PATIENCE_S)
    assert done is not None and done.resumed and done.state is JobState.DONE


def test_jobs_of_an_earlier_version_are_taken_up(tmp_path: Path) -> None:
    earlier = Database(tmp_path / "plainsight.db")
    earlier.use("jobs", MIGRATIONS[:1])
    with earlier.write() as db:
        db.execute("INSERT INTO jobs VALUES ('old', 'kb', 'running', 1.0, NULL, NULL, 'ingest')")
        db.execute("INSERT INTO jobs VALUES ('done', 'kb', 'done', 0.5, 2.0, NULL, 'ingest')")
    earlier.close()
    app = App(tmp_path)
    app.runner.start()
    done = app.jobs.wait("old", PATIENCE_S)
    assert done is not None and done.resumed and done.state is JobState.DONE
    known = app.jobs.job("done")
    assert known is not None and not known.resumed
    app.close()


def test_a_runner_is_dead_to_the_others_once_its_lock_is_free(tmp_path: Path) -> None:
    one, two = (WorkerLocks(tmp_path / "runners", gate=tmp_path / "gate") for _ in range(2))
    assert one.living() == set()
    one.enter()
    two.enter()
    (tmp_path / "runners" / "dead.lock").touch()
    assert one.living() == two.living() == {one.id, two.id}
    assert not (tmp_path / "runners" / "dead.lock").exists()
    one.leave()
    assert two.living() == {two.id}
    two.leave()


def test_without_locks_no_job_is_begun(app: App) -> None:
    (app.folder / "runners").write_text("no folder")
    with pytest.raises(KeepingError, match="cannot be locked"):
        app.jobs.add("kb", lambda: [])
    assert app.jobs.jobs() == []
