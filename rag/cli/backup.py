"""`python -m rag copy`, `export` and `import`: a knowledge base kept safe, no model loaded."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from rag.errors import KeepingError, RagError
from rag.events import DocumentOutcome
from rag.evidence import conversation_archive as carrying
from rag.evidence.conversation_store import ConversationStore
from rag.knowledge.originals import Originals
from rag.messages import Language, Reason, label, reason, text
from rag.settings import Settings
from rag.types import Document

from .exits import OK
from .terminal import path

if TYPE_CHECKING:
    from rag.knowledge.transfer import Archive, Extra, Moved


def add_commands(commands: Any) -> None:
    """Add the three commands to those of the command line."""
    copy = commands.add_parser("copy", help="copy a knowledge base to another Milvus, without embedding again")
    copy.add_argument("--from", dest="origin", required=True, metavar="URI", help="a .db path or http(s)://…")
    copy.add_argument("--to", dest="target", required=True, metavar="URI", help="a .db path or http(s)://…")
    copy.set_defaults(run=run_copy)
    export = commands.add_parser("export", help="write a knowledge base to one archive")
    export.set_defaults(run=run_export)
    bring = commands.add_parser("import", help="take the documents of an archive into a knowledge base")
    bring.set_defaults(run=run_import)
    for command in (export, bring):
        command.add_argument("archive", type=path, metavar="FILE.zip")
        command.add_argument(
            "--conversations", action="store_true", help="with the conversations about it, of everyone"
        )
    for command in (copy, export, bring):
        command.add_argument("--kb", default="", metavar="NAME", help="knowledge base; otherwise the default one")


def run_copy(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from rag.data_folder import ORIGINALS, changing, recording
    from rag.knowledge.transfer import move
    from rag.store.from_settings import elsewhere, holding

    origin, target = elsewhere(settings, args.origin), elsewhere(settings, args.target)
    places = [place.uri.rpartition("@")[2].rstrip("/") for place in (origin, target)]
    if places[0].rpartition("://")[2] == places[1].rpartition("://")[2]:
        raise RagError(reason("transfer.same_place", uri=places[0]))
    name = _collection(args, settings)
    with (
        changing(settings) as changed,
        recording(target) as record,
        holding(origin, name) as (source, made_with),
        holding(target, name, made_with, changed=changed, record=record) as (store, _),
    ):
        code = _moved("transfer.copied", move(source.contents(), store), language)
    if (Path(settings.data_dir) / ORIGINALS).is_dir():
        print(text(reason("originals.not_in_milvus"), language))
    return code


def run_export(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from rag.data_folder import kept_in, originals_in
    from rag.knowledge.transfer import write_archive
    from rag.store.from_settings import holding

    name = _collection(args, settings)
    with (
        holding(settings, name) as (store, made_with),
        _conversations(args, settings) as extras,
        closing(kept_in(settings)) as kept,
    ):
        manifest = write_archive(
            args.archive,
            store.contents(),
            fingerprint=made_with,
            collection=name,
            original=_original(originals_in(settings, kept), language),
            extras=extras,
        )
    done = reason(
        "transfer.exported",
        path=str(args.archive),
        documents=manifest.documents,
        chunks=manifest.chunks,
        megabytes=args.archive.stat().st_size / 1e6,
    )
    print(text(done, language))
    files = sum(entry.name.startswith("originals/") for entry in manifest.entries)
    if files:
        print(text(reason("originals.brought", count=files), language))
    return OK


def run_import(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    from rag.data_folder import changing, kept_in, recording
    from rag.knowledge.transfer import Archive, move
    from rag.store.from_settings import holding

    name = _collection(args, settings)
    with (
        changing(settings) as changed,
        recording(settings) as record,
        Archive.open(args.archive) as archive,
        holding(settings, name, archive.manifest.fingerprint, changed=changed, record=record) as (store, _),
    ):
        files = _bring_originals(archive, settings)
        code = _moved("transfer.imported", move(archive.contents(), store), language)
        if files:
            print(text(files, language))
        if args.conversations and carrying.NAME in archive.extras():
            with closing(kept_in(settings)) as kept, archive.extra(carrying.NAME) as stream:
                count = carrying.bring(ConversationStore(kept), stream)
            print(text(reason("keeping.brought", count=count), language))
        return code


def _original(originals: Originals, language: Language) -> Callable[[Document], bytes | None]:
    """The file of a document, where it is kept and whole."""

    def original(document: Document) -> bytes | None:
        if not originals.has(document.sha256):
            return None
        try:
            return originals.get(document.sha256, name=document.name)
        except KeepingError as e:
            print(text(e.reason, language), file=sys.stderr)  # the archive is made without it
            return None

    return original


def _bring_originals(archive: Archive, settings: Settings) -> Reason | None:
    """Keep the files of an archive, before its documents come: none of them is then without its file.

    Returns what there is to say of them.
    """
    from rag.data_folder import kept_in, originals_in

    hashes = archive.originals()
    if not hashes:
        return None
    if not settings.keep_originals:
        return reason("originals.left_behind", count=len(hashes))
    with closing(kept_in(settings)) as kept:
        originals = originals_in(settings, kept)
        try:
            for sha256 in hashes:
                originals.keep(sha256, archive.original(sha256))
        except KeepingError as e:
            return e.reason  # the documents count all the same
    return reason("originals.brought", count=len(hashes))


@contextmanager
def _conversations(args: argparse.Namespace, settings: Settings) -> Iterator[list[Extra]]:
    """The conversations about the knowledge base as an entry of the archive, where they are asked for."""
    from rag.data_folder import kept_in, opened_library
    from rag.knowledge.transfer import Extra

    if not args.conversations:
        yield []
        return
    with opened_library(settings) as library:
        base, default = library.catalogue.named(args.kb).id, library.catalogue.default
    with TemporaryFile() as written, closing(kept_in(settings)) as kept:
        written.writelines(carrying.lines(ConversationStore(kept), base, default=base == default))
        written.seek(0)
        yield [Extra(carrying.NAME, lambda: written)]


def _collection(args: argparse.Namespace, settings: Settings) -> str:
    """Name of the Milvus collection behind the knowledge base."""
    from rag.data_folder import opened_library

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
            print(
                f"{label(f'ui.outcome_{event.outcome}', language):<10} {event.name}  {event.chunks} chunks", flush=True
            )
    print(text(reason(code, documents=documents, chunks=chunks, unchanged=unchanged), language))
    return OK
