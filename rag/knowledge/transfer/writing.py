"""Making an archive, one part at a time: whatever its size, memory holds a few thousand chunks."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np

from rag.errors import TransferError
from rag.messages import reason
from rag.types import Document, Fingerprint, IndexedDocument

from . import records
from .archive import EXTRA, FORMAT, MANIFEST, ORIGINAL, VERSION, ArchiveFile, Extra, Manifest

PART_CHUNKS = 2_000
BLOCK = 1 << 20
SINCE_1980 = (1980, 1, 1, 0, 0, 0)
"""Time of every entry: the same knowledge base gives the same entries. The archive's time is in the manifest."""


def write_archive(
    path: Path,
    contents: Iterable[IndexedDocument],
    *,
    fingerprint: Fingerprint,
    collection: str,
    original: Callable[[Document], bytes | None] = lambda document: None,
    extras: Sequence[Extra] = (),
    now: Callable[[], float] = time.time,
) -> Manifest:
    """Write the archive `path`, which must not exist: it appears once it is whole. Raises TransferError.

    `original` gives the file a document was made of, None where there is none.
    """
    if path.exists():
        raise TransferError(reason("transfer.exists", path=str(path)))
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with ZipFile(unfinished, "w") as archive:
            documents: list[Document] = []
            entries = _write_parts(archive, _noting(contents, documents))
            entries += _write_originals(archive, documents, original)
            entries += [_write_extra(archive, extra) for extra in extras]
            counts = len(documents), sum(document.chunks for document in documents)
            manifest = Manifest(FORMAT, VERSION, collection, now(), fingerprint, *counts, tuple(entries))
            _write(archive, MANIFEST, [json.dumps(dataclasses.asdict(manifest), ensure_ascii=False).encode()])
        unfinished.replace(path)
    except OSError as e:
        raise TransferError(reason("transfer.unwritable", path=str(path), detail=e.strerror or str(e))) from e
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def _noting(contents: Iterable[IndexedDocument], documents: list[Document]) -> Iterator[IndexedDocument]:
    """Yield the contents, and append the document of each to `documents`."""
    for content in contents:
        documents.append(dataclasses.replace(content.document, chunks=len(content.chunks)))
        yield content


def _write_originals(
    archive: ZipFile, documents: Iterable[Document], original: Callable[[Document], bytes | None]
) -> Iterator[ArchiveFile]:
    """Write the originals that are there, equal ones once. Not packed: most are already, and growth needs no bound."""
    for document in {document.sha256: document for document in documents}.values():
        if ORIGINAL.fullmatch(name := f"originals/{document.sha256}") and (data := original(document)) is not None:
            yield _write(archive, name, [data], packed=False)


def _write_parts(archive: ZipFile, contents: Iterable[IndexedDocument]) -> list[ArchiveFile]:
    entries: list[ArchiveFile] = []
    for number, part in enumerate(_parts(contents), start=1):
        name = f"parts/{number:05}"
        # A note that ingesting failed is about this place; and sentences are not taken from archives.
        lines = (records.line(dataclasses.replace(c.document, error=None)) for c in part)
        entries.append(_write(archive, f"{name}.documents", lines))
        entries.append(_write(archive, f"{name}.chunks", (records.line(chunk) for c in part for chunk in c.chunks)))
        vectors = (np.ascontiguousarray(c.vectors, "<f4").tobytes() for c in part)
        entries.append(_write(archive, f"{name}.vectors", vectors, packed=False))
    return entries


def _parts(contents: Iterable[IndexedDocument]) -> Iterator[list[IndexedDocument]]:
    part: list[IndexedDocument] = []
    filled = 0
    for content in contents:
        if part and filled + len(content.chunks) > PART_CHUNKS:
            yield part
            part, filled = [], 0
        part.append(content)
        filled += len(content.chunks)
    if part:
        yield part


def _write_extra(archive: ZipFile, extra: Extra) -> ArchiveFile:
    name = f"extra/{extra.name}"
    if not EXTRA.fullmatch(name):
        raise ValueError(f"{extra.name!r} cannot name an entry")
    with extra.open() as stream:
        return _write(archive, name, _blocks(stream))


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block


def _write(archive: ZipFile, name: str, pieces: Iterable[bytes], *, packed: bool = True) -> ArchiveFile:
    info = ZipInfo(name, SINCE_1980)
    info.compress_type = ZIP_DEFLATED if packed else ZIP_STORED  # vectors look like noise
    digest, size = sha256(), 0
    with archive.open(info, "w", force_zip64=True) as entry:
        for piece in pieces:
            entry.write(piece)
            digest.update(piece)
            size += len(piece)
    return ArchiveFile(name, size, digest.hexdigest())
