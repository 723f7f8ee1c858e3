"""What `doctor` says of Milvus: every collection, its documents and rows, and the files of its documents."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.knowledge.inventory_check import most, some
from rag.messages import reason
from rag.settings import Settings

from .doctor_finding import DoctorFinding

if TYPE_CHECKING:
    from rag.knowledge.originals import Originals
    from rag.store import Connection, StoreReport
    from rag.types import Document

NAMES_SHOWN = 5


def milvus(settings: Settings, *, deep: bool) -> Iterator[DoctorFinding]:
    from rag.store import diagnose
    from rag.store.from_settings import connected

    try:
        connection = connected(settings)
    except RagError as e:
        yield DoctorFinding("milvus", False, e.reason)
        return
    with closing(connection):
        yield DoctorFinding(
            "milvus", True, reason("doctor.answers", uri=connection.address.shown, version=connection.version)
        )
        for number, (collection, option) in enumerate(_collections(settings)):
            try:
                found = diagnose(connection, collection, deep=deep)
            except RagError as e:
                yield DoctorFinding("milvus", False, e.reason)
                continue
            if number == 0:
                yield DoctorFinding("full_text", True, found.full_text or reason("doctor.full_text_there"))
            yield from _collection(collection, option, found)
            yield from _documents(settings, connection, collection, option)


def _collections(settings: Settings) -> list[tuple[str, str]]:
    """Collections of all knowledge bases, the default one first, and the option that names each to a command."""
    from rag.data_folder import kept_in, opened_library

    if not kept_in(settings).path.is_file():
        return [(settings.collection, "")]
    try:
        with opened_library(settings) as library:
            default, *others = library.catalogue.all()
    except RagError:
        return [(settings.collection, "")]
    return [(default.live, ""), *((base.live, f" --kb {shlex.quote(base.name or base.id)}") for base in others)]


def _collection(collection: str, option: str, found: StoreReport) -> Iterator[DoctorFinding]:
    """Check one collection: what it holds, what is too much or too little of it, and whether it is indexed."""
    if not found.exists:
        yield DoctorFinding("collection", True, reason("doctor.none_yet", collection=collection))
        return
    made_with = f"{found.fingerprint.model}, {found.fingerprint.dimension}" if found.fingerprint else "-"
    counts = reason(
        "doctor.counts",
        collection=collection,
        documents=found.documents,
        chunks=found.chunks,
        index=found.index or "-",
        made_with=made_with,
    )
    yield DoctorFinding("collection", not found.damage, found.damage or counts)
    yield from _rows(collection, option, found)
    if found.pending:
        yield DoctorFinding(
            "index", True, reason("doctor.pending", collection=collection, rows=found.pending, index=found.index)
        )


def _documents(settings: Settings, connection: Connection, collection: str, option: str) -> Iterator[DoctorFinding]:
    """Check that every document is there that should be, and the original of each."""
    from rag.data_folder import inventory_in, kept_in, originals_in
    from rag.knowledge.inventory import lost
    from rag.store import read_held

    with closing(kept_in(settings)) as kept:
        if not kept.path.is_file():
            return
        inventory, originals = inventory_in(settings, kept), originals_in(settings, kept)
        try:
            held = {document.name: document for document in read_held(connection, collection) or ()}
            recorded, others = inventory.recorded(collection), inventory.elsewhere(collection)
        except RagError as e:
            yield DoctorFinding("documents", False, e.reason)
            return
        where = {"collection": collection, "option": option}
        if gone := lost(recorded, held):
            files = sum(originals.has(each.sha256) for each in gone)
            names = some([each.name for each in gone])
            yield DoctorFinding(
                "documents", False, reason("doctor.lost", count=len(gone), files=files, names=names, **where)
            )
        elif not held and not recorded and others:
            milvus, theirs = most(others)
            why = reason("doctor.elsewhere", milvus=milvus, count=len(theirs), **where)
            yield DoctorFinding("documents", False, why)
        if settings.keep_originals:
            yield from _files(originals, list(held.values()), where)


def _files(originals: Originals, documents: Sequence[Document], where: Mapping[str, str]) -> Iterator[DoctorFinding]:
    """Documents whose file is not there, or is not what it was. Reads every file."""
    missing = [document.name for document in documents if not originals.has(document.sha256)]
    damaged = [d.name for d in documents if d.name not in missing and not originals.sound(d.sha256)]
    for code, names in (("files_missing", missing), ("files_damaged", damaged)):
        if names:
            why = reason(f"doctor.{code}", count=len(names), names=some(names), **where)
            yield DoctorFinding("originals", False, why)


def _rows(collection: str, option: str, found: StoreReport) -> Iterator[DoctorFinding]:
    """Check that rows and documents add up: by their numbers alone, unless every row was looked at."""
    census = found.census
    if census is None and found.spare:
        code = "doctor.spare" if found.spare > 0 else "doctor.missing"
        why = reason(code, collection=collection, rows=abs(found.spare), option=option)
        yield DoctorFinding("rows", found.spare > 0, why)
    elif census and census.strays:
        names = ", ".join(dict.fromkeys(name for name, _ in census.strays[:NAMES_SHOWN]))
        more = ", …" if len(census.strays) > NAMES_SHOWN else ""
        count = len(census.strays)
        why = reason("doctor.strays", collection=collection, count=count, names=f"{names}{more}", option=option)
        yield DoctorFinding("rows", True, why)
    elif census and not census.incomplete:
        yield DoctorFinding("rows", True, reason("doctor.accounted", collection=collection))
