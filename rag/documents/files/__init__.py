"""Files, folders and zips to sources: path-like names with bytes, or the reason why a file is not taken.

entries   a file that was found and can be read, or is refused; the limits
folders   files below a folder
archives  files in a zip, with its tricks
names     what a document may be called
decoding  bytes to text
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path, PurePosixPath

from rag.errors import DocumentRefused
from rag.messages import Reason, reason
from rag.types import Source

from .archives import archive_entries
from .decoding import decode
from .entries import ACCEPTED, EXTENSIONS, FileLimits, FoundFile, Refused, Seen, Stamp, Unchanged, Upload, megabytes
from .folders import file_entry, folder_entries
from .names import clean_name, numbered, own_name, shown_name, told_apart

__all__ = [
    "EXTENSIONS",
    "FileLimits",
    "Refused",
    "Seen",
    "Stamp",
    "Unchanged",
    "Upload",
    "collect",
    "collect_changed",
    "decode",
    "numbered",
]


def collect(
    offered: Iterable[Path | Upload], *, limits: FileLimits, there: Mapping[str, str] | None = None
) -> Iterator[Source | Refused]:
    """Sources of files, folders and zips in the order given, each read when it is its turn. Never raises for a file.

    A document's name is the file's own, or its path inside the folder or zip; where several folders, zips or files
    that were named hold one of that name, as much of the path before it as tells them apart comes first. In a folder
    or zip, files that are not Markdown are passed over, hidden ones too. `there` are the documents there are, name ->
    sha256: files that are the same count towards no limit, so that offering a folder again goes on behind them.
    """
    budget, offered = _Budget(limits, there or {}), list(offered)
    longer = _told_apart(offered, limits)
    for each in offered:
        path, name = _named(each)
        for entry in _entries(path, name, limits):
            if isinstance(entry, Refused):
                yield entry
            else:
                yield budget.admitted(replace(entry, name=longer.get((path, entry.name), entry.name)))


def _named(offered: Path | Upload) -> tuple[Path, str]:
    return (offered.path, own_name(offered.name)) if isinstance(offered, Upload) else (offered, offered.name)


def _told_apart(offered: Sequence[Path | Upload], limits: FileLimits) -> dict[tuple[Path, str], str]:
    """Longer names of the files that come under one name from several of the paths."""
    among: dict[str, list[Path | Upload]] = {}
    for each in offered if len(offered) > 1 else ():
        for entry in _entries(*_named(each), limits):
            if not isinstance(entry, Refused):
                among.setdefault(entry.name, []).append(each)
    found: dict[tuple[Path, str], str] = {}
    for name, several in among.items():
        befores = [_before(each) for each in several]
        for each, longer in zip(several, told_apart(befores, name), strict=True):
            found[_named(each)[0], name] = longer
    return found


def _before(offered: Path | Upload) -> tuple[str, ...]:
    """The folders a file lies in, as far as they are known; a zip among them by its name without the ending."""
    path, name = _named(offered)
    stem = (PurePosixPath(name).stem,) if name.lower().endswith(".zip") else ()
    if isinstance(offered, Upload):
        return stem
    whole = path.resolve()
    return whole.parts[1:] if whole.is_dir() else (*whole.parts[1:-1], *stem)


def collect_changed(folder: Path, *, limits: FileLimits, unchanged: Unchanged) -> Iterator[Source | Refused | Seen]:
    """As `collect` of a folder, but files that are `unchanged` are not read and count towards no limit.

    That is asked right before a file would be read, with the stamp it had before.
    """
    budget = _Budget(limits)
    for entry in _entries(folder, folder.name, limits):
        name = "" if isinstance(entry, Refused) else _cleaned(entry.name)
        if isinstance(entry, Refused):
            if not entry.passed_over:  # it would be told at every look
                yield entry
        elif name and entry.stamp and unchanged(name, entry.stamp):
            yield Seen(name)
        else:
            yield budget.admitted(entry)


def _cleaned(name: str) -> str:
    """Name of the document; "" when it cannot be called that."""
    try:
        return clean_name(name)
    except DocumentRefused:
        return ""


def _entries(path: Path, name: str, limits: FileLimits) -> Iterator[FoundFile | Refused]:
    try:
        if path.is_dir():
            found = folder_entries(path)
        elif not path.exists():
            found = iter([_refused(name, reason("files.not_found", path=shown_name(str(path))))])
        elif not path.is_file():
            found = iter([_refused(name, reason("files.not_a_file", path=shown_name(str(path))))])
        elif name.lower().endswith(".zip"):
            found = archive_entries(path, shown_name(name), limits)
        elif not name.lower().endswith(EXTENSIONS):
            kind = Path(name).suffix or name
            found = iter([_refused(name, reason("files.extension", extension=shown_name(kind), accepted=ACCEPTED))])
        else:
            found = iter([file_entry(path, name)])
        empty = True
        for entry in found:
            empty = empty and isinstance(entry, Refused) and entry.passed_over
            yield entry
        if empty:
            yield _refused(name, reason("files.nothing_inside", accepted=ACCEPTED))
    except OSError as e:
        yield _refused(name, reason("files.unreadable", error=e.strerror or type(e).__name__))


def _refused(name: str, why: Reason, *, origin: str = "", size: int = 0) -> Refused:
    return Refused(shown_name(name), origin, size, why)


class _Budget:
    """Rest of the limits of one offer."""

    def __init__(self, limits: FileLimits, there: Mapping[str, str] | None = None) -> None:
        self.limits = limits
        self.there = there or {}
        self.files = 0
        self.bytes = 0

    def admitted(self, entry: FoundFile) -> Source | Refused:
        """The entry read, or refused for its name, its size, or what was taken before it."""
        try:
            name = clean_name(entry.name)
            if name not in self.there:
                self._check(entry.size)
            data = entry.read(self.limits.max_file_bytes + 1)
            if self.there.get(name) == sha256(data).hexdigest():
                return Source(name, data, entry.origin)
            self._check(len(data))
        except DocumentRefused as e:
            return _refused(entry.name, e.reason, origin=entry.origin, size=entry.size)
        except OSError as e:
            why = reason("files.unreadable", error=e.strerror or type(e).__name__)
            return _refused(entry.name, why, origin=entry.origin, size=entry.size)
        self.files += 1
        self.bytes += len(data)
        return Source(name, data, entry.origin)

    def _check(self, size: int) -> None:
        limits = self.limits
        if size > limits.max_file_bytes:
            values = {"size": megabytes(size), "limit": megabytes(limits.max_file_bytes)}
            raise DocumentRefused(reason("files.too_large", **values))
        if self.files >= limits.max_files:
            raise DocumentRefused(reason("files.too_many", limit=limits.max_files))
        if self.bytes + size > limits.max_total_bytes:
            raise DocumentRefused(reason("files.too_much", limit=megabytes(limits.max_total_bytes)))
