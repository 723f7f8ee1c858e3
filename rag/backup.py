"""`python -m rag copy`, `export`, `import` and `repair`: a knowledge base kept safe, no model loaded."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from . import carrying
from .book import LedgerBook
from .errors import RagError
from .events import DocumentOutcome
from .exits import OK
from .messages import Language, reason, text
from .settings import Settings

if TYPE_CHECKING:
    from .transfer import Extra, Moved


def add_commands(commands: Any) -> None:
    """Add the three to the subcommands of the command line."""
    copy = commands.add_parser("copy", help="copy a knowledge base to another Milvus, without embedding again")
    copy.add_argument("--from", dest="origin", required=True, metavar="URI", help="a .db path or http(s)://…")
    copy.add_argument("--to", dest="target", required=True, metavar="URI", help="a .db path or http(s)://…")
    copy.set_defaults(run=run_copy)
    export = commands.add_parser("export", help="write a knowledge base to one archive")
    export.set_defaults(run=run_export)
    bring = commands.add_parser("import", help="take the documents of an archive into a knowledge base")
    bring.set_defaults(run=run_import)
    for command in (export, bring):
        command.add_argument("archive", type=Path, metavar="FILE.zip")
        command.add_argument(
            "--conversations", action="store_true", help="with the conversations about it, of everyone"
        )
    mend = commands.add_parser("repair", help="take out documents that have lost chunks, and rows without a document")
    mend.set_defaults(run=run_repair)
    for command in (copy, export, bring, mend):
        command.add_argument("--kb", default="", metavar="NAME", help="knowledge base; otherwise the default one")


def run_copy(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .milvus import elsewhere, holding
    from .transfer import move

    origin, target = elsewhere(settings, args.origin), elsewhere(settings, args.target)
    places = [place.uri.rpartition("@")[2].rstrip("/") for place in (origin, target)]
    if places[0].rpartition("://")[2] == places[1].rpartition("://")[2]:
        raise RagError(reason("transfer.same_place", uri=places[0]))
    name = _collection(args, settings)
    with holding(origin, name) as (source, made_with), holding(target, name, made_with) as (store, _):
        return _moved("transfer.copied", move(source.contents(), store), language)


def run_export(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .milvus import holding
    from .transfer import write_archive

    name = _collection(args, settings)
    with holding(settings, name) as (store, made_with), _conversations(args, settings) as extras:
        manifest = write_archive(args.archive, store.contents(), fingerprint=made_with, collection=name, extras=extras)
    done = reason(
        "transfer.exported",
        path=str(args.archive),
        documents=manifest.documents,
        chunks=manifest.chunks,
        megabytes=args.archive.stat().st_size / 1e6,
    )
    print(text(done, language))
    return OK


def run_import(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .build import kept_in
    from .milvus import holding
    from .transfer import Archive, move

    name = _collection(args, settings)
    with Archive.open(args.archive) as archive, holding(settings, name, archive.manifest.fingerprint) as (store, _):
        code = _moved("transfer.imported", move(archive.contents(), store), language)
        if args.conversations and carrying.NAME in archive.extras():
            with closing(kept_in(settings)) as kept, archive.extra(carrying.NAME) as stream:
                count = carrying.bring(LedgerBook(kept), stream)
            print(text(reason("keeping.brought", count=count), language))
        return code


def run_repair(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from .milvus import holding

    with holding(settings, _collection(args, settings), damaged=True) as (store, _):
        found = store.repair()
        store.flush()
    for document in found.incomplete:
        print(document.name)
    print(text(reason("transfer.repaired", count=len(found.incomplete), strays=len(found.strays)), language))
    return OK


@contextmanager
def _conversations(args: argparse.Namespace, settings: Settings) -> Iterator[list[Extra]]:
    """The conversations about the knowledge base as an entry of the archive, where they are asked for."""
    from .build import kept_in, opened_library
    from .transfer import Extra

    if not args.conversations:
        yield []
        return
    with opened_library(settings) as library:
        base, default = library.catalogue.named(args.kb).id, library.catalogue.default
    with TemporaryFile() as written, closing(kept_in(settings)) as kept:
        written.writelines(carrying.lines(LedgerBook(kept), base, default=base == default))
        written.seek(0)
        yield [Extra(carrying.NAME, lambda: written)]


def _collection(args: argparse.Namespace, settings: Settings) -> str:
    """Name of the Milvus collection behind the knowledge base."""
    from .build import opened_library

    with opened_library(settings) as library:
        return library.catalogue.named(args.kb).live


def _moved(code: str, events: Iterable[Moved], language: Language) -> int:
    """Print what is done, one line for each document that had to be put, then the sum."""
    documents = chunks = unchanged = 0
    for event in events:
        documents, chunks = documents + 1, chunks + event.chunks
        if event.outcome is DocumentOutcome.UNCHANGED:
            unchanged += 1
        else:
            print(f"{event.outcome:<10} {event.name}  {event.chunks} chunks", flush=True)
    print(text(reason(code, documents=documents, chunks=chunks, unchanged=unchanged), language))
    return OK
