"""Files named by their content: whole or not there, one copy on the disk where two folders keep the same."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from rag.database import Database
from rag.documents.chunking import ChunkLimits
from rag.events import Cancel, DocumentOutcome
from rag.knowledge.content_files import ContentFiles
from rag.knowledge.ingest import Ingest
from rag.knowledge.jobs.job import Job, JobState
from rag.knowledge.jobs.job_files import JobFiles
from rag.knowledge.originals import Originals
from rag.types import Source
from tests.support.fakes import BagEmbedder
from tests.support.knowledge import open_store

DATA = b"# Page\n\nSome text.\n"
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize(("fan", "place"), [(0, SHA), (2, f"{SHA[:2]}/{SHA}")])
def test_a_file_is_where_its_content_says(tmp_path: Path, fan: int, place: str) -> None:
    files = ContentFiles(tmp_path / "files", fan=fan)
    assert not files.has(SHA)
    files.put(SHA, DATA)
    assert files.has(SHA) and files.sound(SHA) and (tmp_path / "files" / place).read_bytes() == DATA
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 1, (
        "nothing half written is left"
    )
    assert (tmp_path / "files").stat().st_mode & 0o077 == 0, "for the owner alone"


def test_the_same_file_is_linked_to_and_a_damaged_one_is_written_anew(tmp_path: Path) -> None:
    one, other = ContentFiles(tmp_path / "one"), ContentFiles(tmp_path / "other", fan=2)
    one.put(SHA, DATA)
    other.put(SHA, DATA, same=one.place(SHA))
    assert other.place(SHA).samefile(one.place(SHA))
    other.move(SHA, tmp_path / "aside" / SHA)
    other.put(SHA, b"damaged")
    assert not other.sound(SHA)
    other.put(SHA, DATA, same=one.place(SHA))
    assert other.sound(SHA) and (tmp_path / "aside" / SHA).samefile(one.place(SHA))


def test_what_cannot_be_linked_to_is_written(tmp_path: Path) -> None:
    files = ContentFiles(tmp_path)
    files.put(SHA, DATA, same=tmp_path / "gone")
    assert files.sound(SHA)


def test_a_file_whose_folder_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "files").write_bytes(b"in the way")
    with pytest.raises(OSError, match="files"):
        ContentFiles(tmp_path / "files").put(SHA, DATA)


def test_a_file_of_a_job_is_handed_over_to_the_originals(tmp_path: Path) -> None:
    """It stands on the disk once, and outlives the job."""
    spool, job = JobFiles(tmp_path / "jobs"), Job("j", "kb", JobState.RUNNING, 0.0)
    source = spool.source(job, spool.receive("j", Source("a.md", DATA)))
    assert isinstance(source, Source)
    originals, embedder = Originals(tmp_path / "originals", Database(tmp_path / "x.db")), BagEmbedder()
    store = open_store(tmp_path, embedder, {})
    limits = ChunkLimits(max_tokens=60, overlap_tokens=0)
    ingest = Ingest(store, embedder, limits=limits, detect=lambda _: "en", originals=originals)
    assert [event.outcome for event in ingest.run([source], cancel=Cancel())][-1] is DocumentOutcome.ADDED
    store.close()
    assert (tmp_path / "originals" / SHA[:2] / SHA).samefile(tmp_path / "jobs" / "j" / SHA)
    again = spool.receive("k", source)
    assert (tmp_path / "jobs" / "k" / again.sha256).samefile(tmp_path / "jobs" / "j" / SHA)
    spool.drop("j")
    assert originals.get(SHA, name="a.md") == DATA
