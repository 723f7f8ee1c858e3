"""Markdown files in a zip: listed, checked and unpacked in memory, a bounded number of bytes at a time.

Nothing a zip says of itself is believed: sizes are limited while unpacking, and the directory is measured before it
is read, because reading it takes memory for every entry it claims.
"""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from rag.errors import DocumentRefused
from rag.messages import reason

from .entries import EXTENSIONS, FileLimits, FoundFile, Refused, megabytes
from .names import hidden, shown_name, zip_names
from .passed_over import PassedOver

MOST_ENTRIES = 20_000
"""Entries of any kind; documentation with its images has a few thousand."""

DIRECTORY_BYTES = MOST_ENTRIES * 512
"""Bytes of a zip's directory: an entry needs 46 bytes and its name."""

MOST_GROWTH = 200
"""Times an entry may grow when unpacked; Markdown grows 3 to 10 times, deflate can do 1032."""

MOST_INNER = 20
"""Zips in a zip that are opened."""

SMALL = 1_000_000
"""Bytes below which growth is not judged: a page of dashes is no bomb."""

_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_ZIP64_MARK = b"PK\x06\x07"
_ZIP64_SIZE = 20
_LONGEST_COMMENT = 65_535
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1


def archive_entries(path: Path, origin: str, limits: FileLimits) -> Iterator[FoundFile | Refused]:
    """Markdown files of the zip at `path` in its own order; only refused ones when there is something wrong with it.

    Zips right in it are opened as well, as exports come whose maker cuts them into parts; zips in those are not.
    """
    with path.open("rb") as file:
        yield from _entries(file, origin, limits, inner=_Inner(limits.max_total_bytes))


@dataclass
class _Inner:
    """Rest of the limits for zips in a zip, all of them together: they are unpacked in memory."""

    bytes: int
    zips: int = MOST_INNER


def _entries(
    file: BinaryIO, origin: str, limits: FileLimits, *, inner: _Inner | None = None
) -> Iterator[FoundFile | Refused]:
    """`inner`: for the zips in this one; None where they stay closed."""
    size, passed = file.seek(0, SEEK_END), PassedOver()
    try:
        _check_directory(file, size, limits)
        with ZipFile(file) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _check_growth(infos, size)
            for info, name in zip(infos, _names(infos), strict=True):
                if hidden(name) or name.endswith("/"):
                    continue
                if name.lower().endswith(".zip"):
                    yield from _opened(archive, info, name, origin, limits, inner)
                elif name.lower().endswith(EXTENSIONS):
                    yield FoundFile(name, origin, info.file_size, partial(_read, archive, info))
                else:
                    passed.note(name)
        yield from passed.told(origin)
    except DocumentRefused as e:
        yield Refused(origin, "", size, e.reason)
    except (BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error, ValueError) as e:
        yield Refused(origin, "", size, reason("files.zip_broken", error=type(e).__name__))


def _opened(
    archive: ZipFile, info: ZipInfo, name: str, origin: str, limits: FileLimits, inner: _Inner | None
) -> Iterator[FoundFile | Refused]:
    """The entries of a zip in a zip, or why it stays closed."""
    if inner is None or not inner.zips:
        yield Refused(shown_name(name), origin, info.file_size, reason("files.zip_nested"))
        return
    try:
        data = _read(archive, info, inner.bytes + 1)
        if len(data) > inner.bytes:
            raise DocumentRefused(reason("files.too_much", limit=megabytes(limits.max_total_bytes)))
    except DocumentRefused as e:
        yield Refused(shown_name(name), origin, info.file_size, e.reason)
        return
    inner.zips -= 1
    inner.bytes -= len(data)
    yield from _entries(BytesIO(data), f"{origin} › {shown_name(name)}", limits)


def _check_directory(file: BinaryIO, size: int, limits: FileLimits) -> None:
    if size > limits.max_total_bytes:
        values = {"size": megabytes(size), "limit": megabytes(limits.max_total_bytes)}
        raise DocumentRefused(reason("files.too_large", **values))
    file.seek(max(0, size - _END.size - _LONGEST_COMMENT - _ZIP64_SIZE))
    tail = file.read()
    at = tail.rfind(_END_MARK)
    if at < 0 or len(tail) - at < _END.size:
        raise DocumentRefused(reason("files.zip_broken", error="no directory"))
    _, _, _, _, entries, directory, _, _ = _END.unpack_from(tail, at)
    if tail[max(0, at - _ZIP64_SIZE) : at].startswith(_ZIP64_MARK):
        raise DocumentRefused(reason("files.zip_zip64"))
    if entries > MOST_ENTRIES or directory > DIRECTORY_BYTES:
        raise DocumentRefused(reason("files.zip_large", limit=MOST_ENTRIES))


def _check_growth(infos: list[ZipInfo], size: int) -> None:
    """Refuse a zip of small entries that grow together; one that grows by itself is refused alone, when it is read."""
    total = sum(info.file_size for info in infos if info.file_size <= SMALL)
    if total > SMALL and total // size > MOST_GROWTH:
        raise DocumentRefused(reason("files.zip_ratio", ratio=total // size, limit=MOST_GROWTH))


def _names(infos: list[ZipInfo]) -> list[str]:
    """Names as the archiver meant them, with everything in them that `zipfile` would cut off."""
    legacy = [info for info in infos if not info.flag_bits & _UTF8_NAME]
    decoded = dict(zip(map(id, legacy), zip_names([i.orig_filename.encode("cp437") for i in legacy]), strict=True))
    names = [decoded.get(id(info), info.orig_filename) for info in infos]
    if any("/" in name for name in names):
        return names
    # as .NET wrote them on Windows before version 4.6.1; one with a drive is refused as it is
    return [name if ":" in name else name.replace("\\", "/") for name in names]


def _read(archive: ZipFile, info: ZipInfo, limit: int) -> bytes:
    """At most `limit` bytes of an entry. Raises DocumentRefused."""
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise DocumentRefused(reason("files.zip_link"))
    if info.flag_bits & _ENCRYPTED:
        raise DocumentRefused(reason("files.zip_encrypted"))
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):  # others cannot be unpacked a little at a time
        raise DocumentRefused(reason("files.zip_method", method=info.compress_type))
    growth = info.file_size // max(info.compress_size, 1)
    if info.file_size > SMALL and growth > MOST_GROWTH:
        raise DocumentRefused(reason("files.zip_ratio", ratio=growth, limit=MOST_GROWTH))
    try:
        with archive.open(info) as member:
            return member.read(limit)
    except (BadZipFile, NotImplementedError, EOFError, RuntimeError, ValueError, zlib.error, struct.error) as e:
        raise DocumentRefused(reason("files.zip_member_broken", error=type(e).__name__)) from e
