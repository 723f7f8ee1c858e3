"""Reading an archive that may come from anyone: nothing of it is used before all of it was checked.

Nothing is ever unpacked to a path; entries are read by the names the manifest gives, and only names of the archive's
own form are taken.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np

from rag.errors import TransferError
from rag.messages import reason
from rag.types import Chunk, Document, IndexedDocument

from . import records
from .archive import (
    ENTRY_BYTES,
    EXTRA,
    FORMAT,
    MANIFEST,
    MANIFEST_BYTES,
    MOST_GROWTH,
    ORIGINAL,
    ORIGINAL_BYTES,
    PART,
    READABLE,
    VERSION,
    ArchiveFile,
    Manifest,
)

BLOCK = 1 << 20


class Archive:
    """An open archive whose every entry was checked against the manifest, and every document against its form."""

    def __init__(self, path: Path, file: ZipFile, infos: Mapping[str, ZipInfo], manifest: Manifest) -> None:
        self._path = path
        self._file = file
        self._infos = infos
        self.manifest = manifest

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Archive]:
        """Open and check. Raises TransferError, with what is wrong, before anything could be done with it."""
        with ExitStack() as stack:
            with _refusing(path):
                raw = stack.enter_context(path.open("rb"))
                if not S_ISREG(os.fstat(raw.fileno()).st_mode):
                    raise BadZipFile  # a device has no end that could be looked for
                file = stack.enter_context(ZipFile(raw))
                infos = _infos(file)
                archive = cls(path, file, infos, _manifest(file, infos))
                archive._check()
            yield archive

    def contents(self) -> Iterator[IndexedDocument]:
        """All documents with their chunks and vectors."""
        for name in self._parts():
            with _refusing(self._path):
                part = self._part(name)
            yield from part

    def extras(self) -> list[str]:
        """Names of the further entries, without their folder."""
        return [e.name.removeprefix("extra/") for e in self.manifest.entries if EXTRA.fullmatch(e.name)]

    def originals(self) -> list[str]:
        """Return the sha256 of each original that is there."""
        entries = self.manifest.entries
        return [e.name.removeprefix("originals/") for e in entries if ORIGINAL.fullmatch(e.name)]

    def original(self, sha256: str) -> bytes:
        """Return the bytes of one original. Raises KeyError when there is none of that content."""
        return self._file.read(self._infos[f"originals/{sha256}"])

    @contextmanager
    def extra(self, name: str) -> Iterator[BinaryIO]:
        """The bytes of one further entry. Raises KeyError when there is none of this name."""
        with self._file.open(self._infos[f"extra/{name}"]) as stream:
            yield stream  # type: ignore[misc]

    def _check(self) -> None:
        for entry in self.manifest.entries:
            self._check_entry(entry)
        documents = chunks = 0
        names: set[str] = set()
        hashes: set[str] = set()
        for part in self._parts():
            for content in self._part(part):
                documents += 1
                chunks += len(content.chunks)
                names.add(content.document.name)
                hashes.add(content.document.sha256)
        if (documents, chunks) != (self.manifest.documents, self.manifest.chunks):
            raise ValueError("the manifest counts other documents or chunks")
        if len(names) != documents:
            raise ValueError("two documents have one name")
        if stray := sorted(set(self.originals()) - hashes):
            raise ValueError(f"originals/{stray[0]} belongs to no document")

    def _check_entry(self, entry: ArchiveFile) -> None:
        """Check an entry's size and sha256, read in blocks and no further than the manifest says. Raises ValueError."""
        digest, left = sha256(), entry.size
        with self._file.open(self._infos[entry.name]) as stream:
            while block := stream.read(min(BLOCK, left + 1)):
                digest.update(block)
                left -= len(block)
                if left < 0:
                    break
        named = entry.name.removeprefix("originals/") if ORIGINAL.fullmatch(entry.name) else entry.sha256
        if left or not digest.hexdigest() == entry.sha256 == named:
            raise ValueError(f"{entry.name} is not what the manifest says")

    def _parts(self) -> list[str]:
        """Common names of the entries of each part, in order."""
        return sorted({e.name.rpartition(".")[0] for e in self.manifest.entries if PART.fullmatch(e.name)})

    def _part(self, name: str) -> list[IndexedDocument]:
        documents = [records.parsed(Document, text) for text in self._lines(f"{name}.documents")]
        chunks = [records.parsed(Chunk, text) for text in self._lines(f"{name}.chunks")]
        if sum(document.chunks for document in documents) != len(chunks) or any(d.chunks < 0 for d in documents):
            raise ValueError(f"{name} has not the chunks its documents count")
        data = self._read(f"{name}.vectors")
        dimension = self.manifest.fingerprint.dimension
        if len(data) != 4 * dimension * len(chunks):
            raise ValueError(f"{name} has not one vector for each chunk")
        vectors = np.frombuffer(data, "<f4").reshape(len(chunks), dimension).astype(np.float32)
        if not np.isfinite(vectors).all():
            raise ValueError(f"{name} has vectors that are not numbers")
        part, start = [], 0
        for document in documents:
            _check_name(document.name)
            end = start + document.chunks
            own = tuple(chunks[start:end])
            if [chunk.index for chunk in own] != list(range(len(own))):
                raise ValueError(f"the chunks of {ascii(document.name)[:80]} are not in order")
            part.append(IndexedDocument(document, own, vectors[start:end]))
            start = end
        return part

    def _lines(self, name: str) -> list[bytes]:
        return self._read(name).splitlines()

    def _read(self, name: str) -> bytes:
        if name not in self._infos:
            raise ValueError(f"{name} is missing")
        return self._file.read(self._infos[name])


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Raise TransferError, with its detail, for everything that can be wrong with a file."""
    try:
        yield
    except OSError as e:
        raise TransferError(reason("transfer.unreadable", path=str(path), detail=e.strerror or str(e))) from e
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, MemoryError) as e:
        raise TransferError(reason("transfer.broken", path=str(path), detail=str(e)[:200])) from e


def _check_name(name: str) -> None:
    """Raise ValueError for a name no document can have: other programs may take the path-like names for paths."""
    if not name or name.startswith("/") or ".." in name.split("/") or "\0" in name:
        raise ValueError(f"{ascii(name)[:80]} cannot name a document")


def _infos(file: ZipFile) -> dict[str, ZipInfo]:
    """Return the zip's entries by name. Raises ValueError for an entry that no archive of ours has."""
    infos: dict[str, ZipInfo] = {}
    for info in file.infolist():
        name = info.filename
        if name in infos:
            raise ValueError(f"{ascii(name)[:80]} is there twice")
        if name != MANIFEST and not any(known.fullmatch(name) for known in (PART, ORIGINAL, EXTRA)):
            raise ValueError(f"{ascii(name)[:80]} does not belong into an archive of Plainsight")
        if info.flag_bits & 0x1 or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise ValueError(f"{name} is encrypted or packed in an unknown way")
        most = ORIGINAL_BYTES if ORIGINAL.fullmatch(name) else ENTRY_BYTES
        if info.file_size > most or info.file_size > MOST_GROWTH * info.compress_size + BLOCK:
            raise ValueError(f"{name} is too large")
        infos[name] = info
    return infos


def _manifest(file: ZipFile, infos: Mapping[str, ZipInfo]) -> Manifest:
    if MANIFEST not in infos:
        raise ValueError("it has no manifest")
    if infos[MANIFEST].file_size > MANIFEST_BYTES:
        raise ValueError("its manifest is too large")
    record = records.value_of(file.read(infos[MANIFEST]))
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ValueError("it is not an archive of Plainsight")
    if record.get("version") not in READABLE:
        raise ValueError(f"it has version {record.get('version')!r:.20}, this Plainsight reads {VERSION}")
    manifest = records.checked(Manifest, record)
    named = [entry.name for entry in manifest.entries]
    if len(set(named)) != len(named) or set(named) | {MANIFEST} != set(infos):
        raise ValueError("its manifest names other entries than it has")
    if any(infos[entry.name].file_size != entry.size for entry in manifest.entries):
        raise ValueError("its entries have other sizes than its manifest says")
    if not 0 < manifest.fingerprint.dimension <= 32_768:
        raise ValueError("its vectors have an impossible dimension")
    return manifest
