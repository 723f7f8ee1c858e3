"""Moves documents into a store as they are, with vectors. Safe to run again: those already there are left alone."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.errors import TransferError
from rag.events import DocumentOutcome
from rag.messages import reason
from rag.protocols import Store
from rag.types import Chunk, IndexedDocument, Vectors

SAMPLES = 20
"""Documents of which a chunk is compared with its vector at the end, spread over all that were moved."""

ROUNDING = 1e-6
"""Servers and Lite keep float32: a vector that differs by more was not moved but changed."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """A chunk as it was sent."""

    document: str
    chunk: Chunk
    vector: Vectors


@dataclass(frozen=True, slots=True)
class Moved:
    """One document that is where it should be: put there, put in place of another revision, or found there."""

    name: str
    chunks: int
    outcome: DocumentOutcome


def move(contents: Iterable[IndexedDocument], target: Store) -> Generator[Moved, None, None]:
    """Put every document into `target`, then compare: all by their counts, some chunk by chunk with their vectors.

    Documents of `target` with other names stay. Raises TransferError when something is not there as it was sent,
    StoreError when the store gives way; in both cases running it again goes on where it ended.
    """
    there = {document.name: document for document in target.documents()}
    sent: dict[str, tuple[str, int]] = {}
    samples: list[_Sample] = []
    stride = 1
    for number, content in enumerate(contents):
        document = content.document
        before = there.get(document.name)
        equal = before is not None and before.sha256 == document.sha256
        # the same file may have been taken again since, here or there: the later one counts
        found = before if before and equal and before.ingested_at >= document.ingested_at else None
        if not found:
            target.put(document, content.chunks, content.vectors, again=equal)
        expected = found or document
        sent[document.name] = (expected.sha256, expected.chunks)
        if number % stride == 0 and content.chunks and expected.ingested_at == document.ingested_at:
            middle = len(content.chunks) // 2
            samples.append(_Sample(document.name, content.chunks[middle], content.vectors[middle].copy()))
        if len(samples) == 2 * SAMPLES:  # every second one goes, so that those left are spread evenly again
            samples, stride = samples[::2], 2 * stride
        added = DocumentOutcome.REPLACED if before else DocumentOutcome.ADDED
        yield Moved(document.name, expected.chunks, DocumentOutcome.UNCHANGED if found else added)
    target.flush()
    _compare(sent, samples, target)


def _compare(sent: Mapping[str, tuple[str, int]], samples: Sequence[_Sample], target: Store) -> None:
    there = {document.name: (document.sha256, document.chunks) for document in target.documents()}
    for name, revision in sent.items():
        if there.get(name) != revision:
            raise TransferError(reason("transfer.not_there", name=name))
    expected = {sample.document: sample for sample in samples}
    for content in target.contents(list(expected)):
        sample = expected.pop(content.document.name)
        if not _holds(content, sample):
            raise TransferError(reason("transfer.differs", name=sample.document))
    for name in expected:
        raise TransferError(reason("transfer.not_there", name=name))


def _holds(found: IndexedDocument, sample: _Sample) -> bool:
    position = sample.chunk.index
    return (
        position < len(found.chunks)
        and found.chunks[position] == sample.chunk
        and bool(np.allclose(found.vectors[position], sample.vector, rtol=0, atol=ROUNDING))
    )
