"""Folder of uploads until their job has taken them: one of this process inside the data folder, emptied in time.

Gradio would keep them for a day in a folder that all users of the machine share, and does not start where another user
made that folder.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rag.documents.files import Refused
from rag.errors import KeepingError
from rag.knowledge.jobs.worker_locks import WorkerLocks
from rag.private_files import private_folder
from rag.types import Source

log = logging.getLogger(__name__)

VARIABLE = "GRADIO_TEMP_DIR"
"""Environment variable from which Gradio takes the name of its folder."""
TAKEN = "taken-"
"""Prefix of the names of folders that belong to jobs, however long those wait."""
LEFT_SECONDS = 3600.0
"""Seconds after which an upload that no job took is removed: its event follows an upload at once."""


class UploadFolder:
    """The folder of this process, beside those of other programs over the same data folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds one folder for each program, and the locks that show which programs still run."""
        self._folder = folder
        self._runners = WorkerLocks(folder, gate=folder.with_suffix(".lock"))
        self.own = folder / self._runners.id

    def open(self) -> Path:
        """Make the own folder and remove those of ended programs. Returns a temporary folder if it cannot be used."""
        try:
            private_folder(self._folder)
            self._runners.enter()
            private_folder(self.own)
            living = self._runners.living(patience=1.0)
        except (OSError, KeepingError) as e:
            self.own = Path(tempfile.mkdtemp(prefix="plainsight-"))
            log.warning("uploads go to %s, as %s cannot be used (%s)", self.own, self._folder, e)
            return self.own
        for left in [each for each in self._folder.iterdir() if each.is_dir() and each.name not in living]:
            shutil.rmtree(left, ignore_errors=True)
        return self.own.absolute()

    def close(self) -> None:
        """Remove the own folder and release its lock."""
        shutil.rmtree(self.own, ignore_errors=True)
        self._runners.leave()


def taken(
    paths: Sequence[Path], folder: Path, sources: Callable[[Sequence[Path]], Iterable[Source | Refused]]
) -> Callable[[], Iterator[Source | Refused]]:
    """A function that yields the `sources` of uploaded files and removes the files once all were read.

    Files in the upload `folder` are moved aside at once, so that the same file can be uploaded again meanwhile.
    """
    sweep(folder)
    aside = folder / f"{TAKEN}{uuid.uuid4().hex}"
    moved = [_aside(path, aside / str(number), folder) for number, path in enumerate(paths)]

    def read() -> Iterator[Source | Refused]:
        try:
            yield from sources(moved)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    return read


def sweep(folder: Path, *, now: Callable[[], float] = time.time) -> None:
    """Remove old files: uploads that no job took, and the empty files Gradio makes beside each upload."""
    for path in folder.rglob("*"):
        if not path.relative_to(folder).parts[0].startswith(TAKEN):
            with contextlib.suppress(OSError):  # somebody else was first
                if path.is_file() and path.stat().st_mtime < now() - LEFT_SECONDS:
                    path.unlink()


def _aside(path: Path, place: Path, folder: Path) -> Path:
    if not path.resolve().is_relative_to(folder.resolve()):
        return path
    try:
        place.mkdir(parents=True, mode=0o700)
        path.replace(place / path.name)
    except OSError:  # then it stays where it is, until it is old
        return path
    with contextlib.suppress(OSError):
        path.parent.rmdir()
    return place / path.name


def uploads(environ: Mapping[str, str]) -> Path:
    """The folder in which Gradio keeps uploads."""
    return Path(environ.get(VARIABLE) or Path(tempfile.gettempdir()) / "gradio")
