"""`python -m rag ingest`, `documents` and `delete`: what a knowledge base holds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.accounts.actor import OPERATOR
from rag.documents.files import Refused, Seen, Unchanged
from rag.errors import RagError
from rag.events import Cancel, DocumentOutcome, IngestEvent
from rag.messages import Language, label, reason, text
from rag.service import Service
from rag.service.documents import DocumentService
from rag.settings import Settings
from rag.types import Document, Source

from . import report
from .exits import FAILED, OK
from .terminal import as_json, path


def add_commands(commands: Any) -> None:
    """Add the three commands, each for one knowledge base."""
    ingest = commands.add_parser("ingest", help="add or update Markdown files, folders or zips")
    ingest.add_argument("paths", nargs="+", type=path, metavar="PATH")
    ingest.add_argument("--watch", action="store_true", help="go on, and keep one folder in step until Ctrl+C")
    ingest.add_argument("--moves", action="store_true", help="a file that was moved or renamed takes its old place")
    ingest.set_defaults(run=run_ingest)

    documents = commands.add_parser("documents", help="list the documents")
    documents.add_argument("--json", action="store_true", help="print one JSON array")
    documents.set_defaults(run=run_documents)

    delete = commands.add_parser("delete", help="remove documents with their vectors")
    delete.add_argument("names", nargs="+", metavar="NAME")
    delete.set_defaults(run=run_delete)

    for command in (ingest, documents, delete):
        command.add_argument("--kb", default="", metavar="NAME", help="knowledge base; otherwise the default one")


def run_ingest(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from rag.build import opened

    bad = 0
    with opened(settings) as service:
        base = service.knowledge_bases.named(OPERATOR, args.kb).id
        if args.watch:
            return _watch(args.paths, base, service, settings, language)
        sources = service.documents.sources(OPERATOR, args.paths, base=base)
        for event in service.documents.ingest(OPERATOR, sources, cancel=Cancel(), base=base, moves=args.moves):
            line = report.ingest_line(event, language)
            if line:
                print(line, flush=True)
                bad += event.reason is not None and event.outcome is not DocumentOutcome.PASSED_OVER
        service.documents.tidy_originals(OPERATOR)  # no page may ever be opened that does
    return FAILED if bad else OK


@dataclass(frozen=True, slots=True)
class OperatedDocuments:
    """The documents a watched folder is kept in step with, as whoever runs the command may change them."""

    inner: DocumentService

    def changed(self, folder: Path, unchanged: Unchanged) -> Iterator[Source | Refused | Seen]:
        return self.inner.changed(OPERATOR, folder, unchanged)

    def documents(self, *, base: str = "") -> list[Document]:
        return self.inner.all(OPERATOR, base=base)

    def ingest(
        self, sources: Iterable[Source | Refused | Seen], *, cancel: Cancel, base: str = "", moves: bool = False
    ) -> Iterator[IngestEvent]:
        return self.inner.ingest(OPERATOR, sources, cancel=cancel, base=base, moves=moves)

    def delete(self, names: Sequence[str], *, base: str = "") -> int:
        return self.inner.delete(OPERATOR, names, base=base)


def _watch(paths: Sequence[Path], base: str, service: Service, settings: Settings, language: Language) -> int:
    """Keep one folder in step until the user ends it."""
    from rag.data_folder import kept_in
    from rag.knowledge.folder_watch import Folder, Gone, Watched

    if len(paths) != 1:
        raise RagError(reason("watching.no_folder", path=", ".join(map(str, paths))))
    cancel = Cancel()
    folder = Folder(paths[0], base, OperatedDocuments(service.documents), Watched(kept_in(settings)))
    print(text(reason("watching.watching", path=str(paths[0])), language), file=sys.stderr)
    for event in folder.follow(lambda: folder.changes(cancel), cancel=cancel):
        if isinstance(event, Gone):
            lines = [text(reason("watching.gone", name=name), language) for name in event.names]
        else:
            lines = [] if event.outcome is DocumentOutcome.UNCHANGED else [report.ingest_line(event, language)]
        for line in filter(None, lines):
            print(line, flush=True)
    return OK


def run_documents(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from rag.data_folder import opened_library

    with opened_library(settings) as library:
        documents = library.documents(library.catalogue.named(args.kb).id)
    if args.json:
        print(as_json(report.plain(documents)))
    else:
        print("\n".join(report.document_line(d) for d in documents) or label("report.no_documents", language))
    return OK


def run_delete(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from rag.build import opened

    with opened(settings) as service:
        base = service.knowledge_bases.named(OPERATOR, args.kb).id
        count = service.documents.delete(OPERATOR, args.names, base=base)
        service.documents.tidy_originals(OPERATOR)
    if not count:
        raise RagError(reason("report.none_deleted", names=", ".join(args.names)))
    print(text(reason("report.deleted", count=count), language))
    return OK
