"""`python -m rag reingest`, `repair` and `undelete`: documents taken from the files that were kept of them."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Container, Iterable, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from rag.accounts.actor import OPERATOR
from rag.errors import RagError
from rag.events import Cancel, IngestEvent
from rag.knowledge.inventory import Deleted, Recorded
from rag.knowledge.knowledge_base import KnowledgeBase
from rag.messages import Language, reason, text
from rag.settings import Settings
from rag.types import Document, within

from .exits import FAILED, OK
from .report import ingest_line


def add_commands(commands: Any) -> None:
    """Add the three commands."""
    again = commands.add_parser("reingest", help="take documents again from their kept files, as after a new setting")
    again.add_argument("names", nargs="*", metavar="NAME", help="a document, or a folder: FOLDER/; otherwise all")
    again.set_defaults(run=run_reingest)
    mend = commands.add_parser(
        "repair", help="put back documents the database has lost, whole or in part, or give them up"
    )
    mend.add_argument("--take-out", action="store_true", help="put none back, also where the file is kept")
    mend.set_defaults(run=run_repair)
    undo = commands.add_parser("undelete", help="list deleted documents whose files are kept still, or bring some back")
    undo.add_argument("names", nargs="*", metavar="NAME", help="documents to bring back")
    undo.set_defaults(run=run_undelete)
    for command in (again, mend, undo):
        command.add_argument("--kb", default="", metavar="NAME", help="knowledge base; otherwise the default one")


def run_reingest(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    """Exit code 1 when a document could not be taken again. Raises RagError."""
    from rag.build import opened

    with opened(settings) as service:
        base = service.knowledge_bases.named(OPERATOR, args.kb).id
        names = _named(service.documents.all(OPERATOR, base=base), args.names)
        return _told(service.documents.reingest(OPERATOR, names, cancel=Cancel(), base=base), language)


def run_repair(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    """Put back what can be, from the files that were kept; take out what cannot. Raises RagError."""
    from rag.data_folder import opened_library

    with opened_library(settings) as library:
        base = library.catalogue.named(args.kb)
        lost, others = library.stock.lost(base.id), library.stock.elsewhere(base.id)
        if lost and args.take_out:
            library.stock.give_up(base.id, lost)
            print(text(reason("inventory.given_up", count=len(lost), days=settings.waste_days), language))
            lost = []
        there = not (lost or others) or library.fingerprint(base.id) is not None
    code, spared = OK, frozenset(each.name for each in lost)
    if wanted := lost or ([] if args.take_out else max(others.values(), key=len, default=[])):
        code = _bring_back(base, wanted, args, settings, language)
    return max(code, _mend(base, args, settings, language, spared=spared)) if there else code


def _bring_back(
    base: KnowledgeBase, lost: Sequence[Recorded], args: argparse.Namespace, settings: Settings, language: Language
) -> int:
    """Put documents that Milvus should hold and does not, from their kept files."""
    from rag.build import opened
    from rag.data_folder import kept_in, originals_in

    with closing(kept_in(settings)) as kept:
        originals = originals_in(settings, kept)
        found = [each for each in lost if settings.keep_originals and originals.has(each.sha256)]
    code = OK
    if found:
        print(text(reason("inventory.bringing_back", count=len(found)), language), flush=True)
        with opened(settings, damaged=True) as service:
            code = _told(service.documents.bring_back(OPERATOR, found, cancel=Cancel(), base=base.id), language)
    if without := [each.name for each in lost if each not in found]:
        option = f" --kb {shlex.quote(args.kb)}" if args.kb else ""
        why = reason("inventory.no_file", count=len(without), names=", ".join(without), option=option)
        print(text(why, language))
        return FAILED
    return code


def _mend(
    base: KnowledgeBase, args: argparse.Namespace, settings: Settings, language: Language, *, spared: Container[str]
) -> int:
    """Put back documents that have lost chunks, or take them out, with rows that belong to none."""
    from rag.build import opened
    from rag.data_folder import changing, kept_in, originals_in, recording
    from rag.store.from_settings import holding

    with holding(settings, base.live, damaged=True) as (store, _):
        lost = store.census().incomplete
    code = OK
    with closing(kept_in(settings)) as kept:
        originals = originals_in(settings, kept)
        whole = [d.name for d in lost if settings.keep_originals and originals.has(d.sha256)]
    if whole and not args.take_out:
        print(text(reason("originals.put_back", count=len(whole)), language), flush=True)
        with opened(settings, damaged=True) as service:
            code = _told(service.documents.reingest(OPERATOR, whole, cancel=Cancel(), base=base.id), language)
    with (
        changing(settings) as changed,
        recording(settings) as record,
        holding(settings, base.live, damaged=True, changed=changed, record=record) as (store, _),
    ):
        gone = store.repair(spared=spared)
        store.flush()
    for document in gone.incomplete:
        print(document.name)
    if healed := len(lost) - len(gone.incomplete):
        print(text(reason("originals.healed", count=healed), language))
    if gone.incomplete or gone.strays or not healed:
        why = reason("transfer.repaired", count=len(gone.incomplete), strays=len(gone.strays))
        print(text(why, language))
    return code


def run_undelete(args: argparse.Namespace, settings: Settings, language: Language) -> int:
    """List the deleted documents whose files are kept still, or bring some back. Raises RagError."""
    from rag.build import opened
    from rag.data_folder import inventory_in, kept_in, opened_library, originals_in

    with opened_library(settings) as library:
        base = library.catalogue.named(args.kb)
    with closing(kept_in(settings)) as kept:
        originals, inventory = originals_in(settings, kept), inventory_in(settings, kept)
        there = {each.name for each in inventory.recorded(base.live)}
        found = {
            each.name: each
            for each in reversed(inventory.deleted(base.live))
            if each.name not in there and originals.has(each.sha256)
        }
    if unknown := [name for name in args.names if name not in found]:
        raise RagError(reason("inventory.not_deleted", name=unknown[0]))
    if not args.names:
        lines = [_deleted(each, language) for each in reversed(found.values())]
        print("\n".join(lines) or text(reason("inventory.none_deleted"), language))
        return OK
    wanted = [Recorded(name, found[name].sha256, 0.0) for name in args.names]
    with opened(settings) as service:
        return _told(service.documents.bring_back(OPERATOR, wanted, cancel=Cancel(), base=base.id), language)


def _deleted(document: Deleted, language: Language) -> str:
    when = datetime.fromtimestamp(document.deleted_at).astimezone().isoformat(" ", "minutes")
    return text(reason("inventory.deleted", name=document.name, when=when), language)


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
