"""Markdown files below a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from rag.errors import DocumentRefused
from rag.messages import reason

from .entries import EXTENSIONS, FoundFile, Refused, Stamp
from .names import hidden, shown_name
from .passed_over import PassedOver


def folder_entries(root: Path) -> Iterator[FoundFile | Refused]:
    """Entries by name, named by their path below `root`.

    Links to files inside `root` are followed, other links and linked folders are not: a folder someone else filled
    must not pull in files from elsewhere. The last entry tells of the files that are no documents.
    """
    inside, passed = root.resolve(), PassedOver()
    for folder, folders, files in os.walk(root, onerror=_raise):
        folders[:] = sorted(name for name in folders if not hidden(name))
        for file in sorted(files):
            path = Path(folder, file)
            name = path.relative_to(root).as_posix()
            if hidden(file) or not path.resolve().is_relative_to(inside):
                continue
            if file.lower().endswith(".zip"):
                yield Refused(shown_name(name), "", 0, reason("files.zip_nested"))
            elif file.lower().endswith(EXTENSIONS):
                yield file_entry(path, name)
            else:
                passed.note(file)
    yield from passed.told(root.resolve().name or str(root))


def file_entry(path: Path, name: str) -> FoundFile:
    """The entry of one file. Its size is 0 until read when it cannot be told."""

    def read(limit: int) -> bytes:
        # Opening a pipe would wait for ever, so this must not follow from the name alone.
        if not stat.S_ISREG(path.stat().st_mode):
            raise DocumentRefused(reason("files.not_a_file", path=shown_name(name)))
        with path.open("rb") as file:
            return file.read(limit)

    try:
        stamp = Stamp.of(path.stat())
    except OSError:
        return FoundFile(name, "", 0, read)  # reading gives the reason
    return FoundFile(name, "", stamp.size, read, stamp)


def _raise(error: OSError) -> None:
    raise error
