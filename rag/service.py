"""What the page, the command line and any other front can ask of the product. Knows no front.

Safe to call from several threads: models guard themselves, the store has its own write lock, and no call leaves
anything of one caller behind for the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .book import LedgerBook
from .events import Cancel, IngestEvent
from .files import FileLimits, Refused, collect
from .ledger import AnswerEvent
from .marks import Marks
from .request import Request
from .runtime import Runtime
from .settings import Settings
from .status import Status
from .types import Document, Source, StoredChunk

HANDBOOK = Path(__file__).parent.parent / "assets" / "handbook"


class Service:
    """One knowledge base, ready or getting ready."""

    def __init__(
        self, settings: Settings, runtime: Runtime, limits: FileLimits, book: LedgerBook, marks: Marks
    ) -> None:
        self.settings = settings
        self.runtime = runtime
        self.limits = limits
        self.book = book
        self.marks = marks

    def status(self) -> Status:
        """Which models run, or what stands in their way."""
        return self.runtime.status()

    def ask(self, request: Request, *, cancel: Cancel) -> Iterator[AnswerEvent]:
        """Events of one answer, the last one `Answered`. Raises RagError when the question cannot be asked at all."""
        return self.runtime.parts().conversation.ask(request, cancel=cancel)

    def ingest(self, sources: Iterable[Source | Refused], *, cancel: Cancel) -> Iterator[IngestEvent]:
        """Events of every file. Raises RagError when nothing can be ingested at all."""
        return self.runtime.parts().ingest.run(sources, cancel=cancel)

    def sources(self, paths: Iterable[Path]) -> Iterator[Source | Refused]:
        """Files, folders and zips as sources, each refusal with its reason."""
        return collect(paths, limits=self.limits)

    def sample(self) -> Iterator[Source | Refused]:
        """The sample handbook."""
        return collect([HANDBOOK], limits=self.limits)

    def documents(self) -> list[Document]:
        """All documents, also while models load."""
        return self.runtime.documents()

    def chunks(self, name: str) -> list[StoredChunk]:
        """The chunks of one document, in order; none when it is not there."""
        return self.runtime.parts().store.chunks(name)

    def delete(self, names: Sequence[str]) -> int:
        """Remove documents with their vectors; returns how many were there."""
        return self.runtime.parts().store.delete(names)

    def close(self) -> None:
        """Release the databases."""
        self.runtime.close()
        self.book.close()
