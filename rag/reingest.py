"""`python -m rag reingest` and `repair`: documents taken again from the files that were kept of them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from .errors import RagError
from .events import Cancel, IngestEvent
from .messages import Language, reason, text
from .report import ingest_line
from .settings import Settings
from .types import Document, within


def add_commands(commands: Any) -> None:
    """Both commands."""
    again = commands.add_parser("reingest", help="take documents again from their kept files, as after a new setting")
    again.add_argument("names", nargs="*", metavar="NAME", help="a document, or a folder: FOLDER/; otherwise all")
    again.set_defaults(run=run_reingest)
    mend = commands.add_parser("repair", help="put back documents a damaged database has lost parts of, or take out")
    mend.add_argument("--take-out", action="store_true", help="put none back, also where the file is kept")
    mend.set_defaults(run=run_repair)
    for command in (again, mend):
        command.add_argument("--kb", default="", metavar="NAME", help="knowledge base; otherwise the default one")


def run_reingest(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    """Exit code 1 when a document could not be taken again. Raises RagError."""
    from .build import opened

    with opened(settings) as service:
        base = service.library.catalogue.named(args.kb).id
        names = _named(service.documents(base=base), args.names)
        return _told(service.reingest(names, cancel=Cancel(), base=base), language)


def run_repair(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    """Put back what can be, from the files that were kept; take out what cannot. Raises RagError."""
    from .build import changing, kept_in, opened, opened_library, originals_in
    from .milvus import holding

    with opened_library(settings) as library:
        base = library.catalogue.named(args.kb)
    with holding(settings, base.live, damaged=True) as (store, _):
        lost = store.census().incomplete
    code = 0
    with closing(kept_in(settings)) as kept:
        originals = originals_in(settings, kept)
        whole = [d.name for d in lost if settings.keep_originals and originals.has(d.sha256)]
    if whole and not args.take_out:
        print(text(reason("originals.put_back", count=len(whole)), language), flush=True)
        with opened(settings, damaged=True) as service:
            code = _told(service.reingest(whole, cancel=Cancel(), base=base.id), language)
    with changing(settings) as changed, holding(settings, base.live, damaged=True, changed=changed) as (store, _):
        gone = store.repair()
        store.flush()
    for document in gone.incomplete:
        print(document.name)
    if healed := len(lost) - len(gone.incomplete):
        print(text(reason("originals.healed", count=healed), language))
    if gone.incomplete or gone.strays or not healed:
        why = reason("transfer.repaired", count=len(gone.incomplete), strays=len(gone.strays))
        print(text(why, language))
    return code


def _named(documents: Iterable[Document], wanted: list[str]) -> list[str]:
    """Names of the documents that are meant. Raises RagError for a name that means none."""
    names = [document.name for document in documents]
    for each in wanted:
        if not any(within(name, [each]) for name in names):
            raise RagError(reason("originals.no_document", name=each))
    return [name for name in names if within(name, wanted)]


def _told(events: Iterable[IngestEvent], language: Language) -> int:
    """Print what becomes of each document; 1 when one was refused or failed."""
    bad = 0
    for event in events:
        if line := ingest_line(event, language):
            print(line, flush=True)
            bad += event.reason is not None
    return 1 if bad else 0
