"""What the registry says of a document that was read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from rag.documents.convert import PLACE, kind_of
from rag.documents.worker import Split
from rag.text.language import SAMPLE
from rag.types import Chunk, Document, Source


def described(source: Source, sha256: str, split: Split, *, detect: Callable[[str], str], at: float) -> Document:
    """The document a file became `at` that time, in seconds since 1970; `detect` gives the ISO 639-1 code of a text."""
    title = PurePosixPath(source.name).stem if PLACE.fullmatch(split.title) else split.title
    return Document(
        name=source.name,
        sha256=sha256,
        title=title,
        language=detect(_beginning(split.chunks)),
        size=len(source.data),
        chunks=len(split.chunks),
        tokens=sum(each.tokens for each in split.chunks),
        ingested_at=at,
        tags=split.front_matter.tags,
        date=split.front_matter.date,
        fields=split.front_matter.fields,
        kind=kind_of(source.name),
    )


def _beginning(chunks: Sequence[Chunk]) -> str:
    """As much of a document as tells its language, as a reader reads it."""
    texts: list[str] = []
    for each in chunks:
        texts.append(each.reading.text)
        if sum(map(len, texts)) >= 2 * SAMPLE:
            break
    return "\n\n".join(texts)
