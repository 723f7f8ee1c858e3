"""A file that kills, hangs or overfills the worker that reads it costs itself, and nothing else. Real processes."""

from __future__ import annotations

import io
import os
import signal
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from rag.documents.chunking import ChunkLimits
from rag.documents.worker import InProcessReader, Worker, WorkerReader, WorkLimits, to_markdown
from rag.errors import DocumentRefused, Stopped
from rag.events import Cancel
from rag.messages import reason
from tests.support.markdown_texts import count_tokens

from .test_convert import docx, pdf

LIMITS = ChunkLimits(max_tokens=60, overlap_tokens=10)
TEXT = (
    "---\ntitle: Tea\ntags: [a]\ndate: 2024-03-05\n---\n\n# Tea\n\nSteep it. Drink it.\n\n## Leaf\n\n\ud83c and é.\n"
    * 9
)
MANY = "# a\n\nb\n\n" * 400_000
linux = pytest.mark.skipif(sys.platform != "linux", reason="such limits are kept on Linux alone")


class Started:
    """Starts real workers and keeps them."""

    def __init__(self) -> None:
        self.workers: list[Worker] = []

    def __call__(self, limits: WorkLimits) -> Worker:
        self.workers.append(Worker(limits))
        return self.workers[-1]


@pytest.fixture
def started() -> Started:
    return Started()


@pytest.fixture
def reader(started: Started) -> Iterator[WorkerReader]:
    with closing(WorkerReader(start=started)) as found:
        yield found


def why(work: Callable[[], object]) -> str:
    with pytest.raises(DocumentRefused) as caught:
        work()
    return caught.value.reason.code


def split(reader: WorkerReader | InProcessReader, text: str, count: object = count_tokens) -> object:
    return reader.split(text, fallback="f", count_tokens=count, limits=LIMITS, cancel=Cancel())  # type: ignore[arg-type]


def test_a_worker_reads_as_this_process_does(reader: WorkerReader) -> None:
    assert split(reader, TEXT) == split(InProcessReader(), TEXT)
    data = b"# Tea\r\n\r\n![x](data:image/png;base64," + b"A" * 999 + b")"
    assert reader.text("markdown", data, cancel=Cancel()) == "# Tea\r\n\r\n![x](data:image/png)"


def test_one_worker_reads_many_files(reader: WorkerReader, started: Started) -> None:
    for number in range(50):
        text = reader.text("markdown", b"# %d" % number, cancel=Cancel())
        split(reader, text)
    assert len(started.workers) == 1


def test_a_worker_that_is_killed_costs_one_file(reader: WorkerReader, started: Started) -> None:
    def killing(texts: Sequence[str]) -> list[int]:
        os.kill(started.workers[-1].pid, signal.SIGKILL)
        return count_tokens(texts)

    with pytest.raises(DocumentRefused) as caught:
        split(reader, TEXT, killing)
    assert caught.value.reason == reason("convert.crashed", kind="MARKDOWN", exit=-signal.SIGKILL)
    assert split(reader, TEXT) == split(InProcessReader(), TEXT) and len(started.workers) == 2


@linux
def test_a_file_that_takes_too_much_processor_time_is_stopped_and_the_next_one_has_all_of_it() -> None:
    with closing(WorkerReader(WorkLimits(seconds=1))) as reader:
        with pytest.raises(DocumentRefused) as caught:
            split(reader, MANY)
        assert caught.value.reason == reason("convert.too_slow", kind="MARKDOWN", seconds=1)
        assert split(reader, TEXT) == split(InProcessReader(), TEXT)


@linux
def test_a_file_that_takes_too_much_memory_is_stopped() -> None:
    with closing(WorkerReader(WorkLimits(megabytes=200))) as reader:
        with pytest.raises(DocumentRefused) as caught:
            split(reader, MANY)
        assert caught.value.reason == reason("convert.too_much_memory", kind="MARKDOWN", limit=200)
        assert split(reader, TEXT) == split(InProcessReader(), TEXT)


def test_cancelling_ends_the_worker_and_only_while_it_is_at_it(reader: WorkerReader, started: Started) -> None:
    cancel = Cancel()

    def stopping(texts: Sequence[str]) -> list[int]:
        cancel.cancel()
        return count_tokens(texts)

    with pytest.raises(Stopped):
        reader.split(TEXT, fallback="f", count_tokens=stopping, limits=LIMITS, cancel=cancel)
    late = Cancel()
    reader.split(TEXT, fallback="f", count_tokens=count_tokens, limits=LIMITS, cancel=late)
    late.cancel()
    split(reader, TEXT)
    assert len(started.workers) == 2


def test_a_fault_while_tokens_are_counted_is_that_fault(reader: WorkerReader) -> None:
    def broken(texts: Sequence[str]) -> list[int]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        split(reader, TEXT, broken)
    assert split(reader, TEXT) == split(InProcessReader(), TEXT)


def test_a_file_that_cannot_be_read_says_why(reader: WorkerReader) -> None:
    assert why(partial(reader.text, "markdown", b"\0\0", cancel=Cancel())) == "files.binary"
    assert why(partial(reader.text, "docx", b"no zip", cancel=Cancel())) == "convert.unreadable"


@pytest.mark.parametrize(("part", "limit"), [("word/notes.xml", 40), ("word/media/a.emf", 200)])
def test_an_office_file_that_unpacks_to_far_more_is_refused_unread(part: str, limit: int) -> None:
    written = io.BytesIO(docx(("Normal", "x")))
    with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as archive, archive.open(part, "w") as member:
        for _ in range(limit + 1):
            member.write(bytes(1_000_000))
    with pytest.raises(DocumentRefused) as caught:
        to_markdown("docx", written.getvalue(), cancel=Cancel())
    assert caught.value.reason == reason("convert.too_large_inside", kind="DOCX", size=limit + 1, limit=limit)


def test_a_pdf_of_too_many_pages_is_refused() -> None:
    with pytest.raises(DocumentRefused) as caught:
        to_markdown("pdf", pdf(*[[(11, 700, "a")]] * 5_001), cancel=Cancel())
    assert caught.value.reason == reason("convert.too_many_pages", limit=5_000)


@linux
def test_a_worker_is_given_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "MILVUS_TOKEN", "HF_TOKEN", "RAG_USER_HEADER"):
        monkeypatch.setenv(name, "sk-planted")
    with closing(Worker(WorkLimits())) as worker:
        worker.ask({"task": "text", "kind": "markdown"}, b"# A", kind="markdown", cancel=Cancel())
        given = Path(f"/proc/{worker.pid}/environ").read_bytes()
    assert b"PATH=" in given and b"sk-planted" not in given
