"""Entries found by walking over folders and zips, and the limits of what is taken."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rag.messages import Reason

from ..convert import CONVERTED

EXTENSIONS = (".md", ".markdown", ".mdown", ".mkd", ".mdx", ".txt", *CONVERTED)
"""Files read as Markdown, or converted to it; capitals do not matter."""

ACCEPTED = ", ".join(EXTENSIONS)
MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """Limits of the files taken at once."""

    max_file_bytes: int = 20 * MB
    max_files: int = 2000
    max_total_bytes: int = 200 * MB


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that lies at `path` under a name of its own, as a browser sends it."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """The file system's record of a file, without reading it. Two equal ones of one path: nothing was written to it."""

    size: int
    modified_ns: int
    changed_ns: int
    """Also moves when the time of modification is set back, as by copying programs."""
    inode: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)

    def __str__(self) -> str:
        return f"{self.size}:{self.modified_ns}:{self.changed_ns}:{self.inode}"


Unchanged = Callable[[str, Stamp], bool]
"""True if a file of that name with that stamp need not be read."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that was found. `name` is as found, not to be trusted; `read(n)` gives at most its first n bytes."""

    name: str
    origin: str
    size: int
    read: Callable[[int], bytes]
    stamp: Stamp | None = None
    """None inside a zip, and where the file system does not say."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is not taken; `origin` is the zip it is in, or ""."""

    name: str
    origin: str
    size: int
    reason: Reason
    passed_over: bool = False
    """True for the files of a folder or zip that are no documents, told of together."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file that is there and was not read, as nothing was written to it."""

    name: str


def megabytes(size: int) -> float:
    """Megabytes of a number of bytes, to be read by people."""
    return float(f"{size / MB:.3g}")
