"""Files to Markdown and Markdown to chunks: in workers kept at hand from one file to the next, or in this process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Protocol

from rag.errors import DocumentRefused
from rag.events import Cancel
from rag.messages import reason
from rag.types import Chunk

from ..chunking import ChunkLimits, FrontMatter, TokenCounter, chunk, described
from ..convert import CONVERTED, without_files
from ..files import decode
from .process import Worker, WorkLimits
from .wire import decoded, encoded


@dataclass(frozen=True, slots=True)
class Split:
    """A text as chunks, and what it says of itself."""

    chunks: list[Chunk]
    title: str
    front_matter: FrontMatter


class FileReader(Protocol):
    """The reader an ingest asks. Raises DocumentRefused for a file that cannot be read, and Stopped when cancelled."""

    def text(self, kind: str, data: bytes, *, cancel: Cancel) -> str:
        """The Markdown of a file of that kind; see `rag.documents.convert.kind_of`."""

    def split(
        self, text: str, *, fallback: str, count_tokens: TokenCounter, limits: ChunkLimits, cancel: Cancel
    ) -> Split:
        """Chunks of a text; `fallback` is its title where it says none."""

    def close(self) -> None:
        """Release what was kept at hand; it can be asked again."""


class Convert(Protocol):
    """Another format to Markdown; see `to_markdown`."""

    def __call__(self, kind: str, data: bytes, *, cancel: Cancel) -> str: ...


def to_markdown(kind: str, data: bytes, *, cancel: Cancel, limits: WorkLimits | None = None) -> str:
    """The Markdown of one file of `kind`, made in a worker that ends with it. Raises as `FileReader` says."""
    with closing(WorkerReader(limits)) as reader:
        return reader.text(kind, data, cancel=cancel)


class InProcessReader:
    """Reads in this process, which a hostile text can keep busy. Only other formats are converted apart."""

    def __init__(self, convert: Convert = to_markdown) -> None:
        self._convert = convert

    def text(self, kind: str, data: bytes, *, cancel: Cancel) -> str:
        if kind in CONVERTED.values():
            return self._convert(kind, data, cancel=cancel)
        return without_files(decode(data))

    def split(
        self, text: str, *, fallback: str, count_tokens: TokenCounter, limits: ChunkLimits, cancel: Cancel
    ) -> Split:
        return Split(chunk(text, count_tokens=count_tokens, limits=limits), *described(text, fallback=fallback))

    def close(self) -> None:
        pass


class WorkerReader:
    """Reads in workers. Safe for many threads; one worker stays at hand, so that a small file costs no start."""

    def __init__(self, limits: WorkLimits | None = None, *, start: Callable[[WorkLimits], Worker] = Worker) -> None:
        self._start = start
        self._limits = limits or WorkLimits()
        self._lock = threading.Lock()
        self._idle: list[Worker] = []

    def text(self, kind: str, data: bytes, *, cancel: Cancel) -> str:
        with self._worker() as worker:
            _, body = worker.ask({"task": "text", "kind": kind}, data, kind=kind, cancel=cancel)
        found = decoded(body)
        if kind in CONVERTED.values() and not found.strip():
            raise DocumentRefused(reason("convert.no_text_pdf" if kind == "pdf" else "convert.no_text"))
        return found

    def split(
        self, text: str, *, fallback: str, count_tokens: TokenCounter, limits: ChunkLimits, cancel: Cancel
    ) -> Split:
        head = {
            "task": "split",
            "fallback": fallback,
            "max_tokens": limits.max_tokens,
            "overlap_tokens": limits.overlap_tokens,
        }
        with self._worker() as worker:
            said, body = worker.ask(head, encoded(text), kind="markdown", cancel=cancel, count=count_tokens)
        chunks = [
            Chunk(index, start, end, tuple(path), text[start:end], tokens, lead)
            for index, (start, end, path, tokens, lead) in enumerate(json.loads(body))
        ]
        fields = tuple((key, tuple(values)) for key, values in said["fields"])
        return Split(chunks, said["title"], FrontMatter(tuple(said["tags"]), said["date"], fields))

    def close(self) -> None:
        """End the workers that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    @contextmanager
    def _worker(self) -> Iterator[Worker]:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        worker = worker or self._start(self._limits)
        try:
            yield worker
        finally:
            with self._lock:
                kept = worker.fit and not self._idle
                if kept:
                    self._idle.append(worker)
            if not kept:
                worker.close()
