"""`python -m rag doctor`: looks at everything the product stands on, changes nothing, and says what to fix."""

from __future__ import annotations

import platform
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from rag import ROOT
from rag.errors import RagError
from rag.knowledge.inventory_check import most, some
from rag.messages import Language, Reason, label, reason, text
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.knowledge.originals import Originals
    from rag.store import Connection, StoreReport
    from rag.types import Document

REQUIREMENTS = ROOT / "requirements.txt"
LEAST_PYTHON = (3, 11)
LEAST_DISK = 2_000_000_000
"""Bytes; a small knowledge base with its indexes. The Qwen3 weights need another 2.4 GB."""

NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One thing that was looked at; `well` is False when the product cannot work like that."""

    what: str
    well: bool
    why: Reason

    def line(self, language: Language) -> str:
        """`ok` or `FIX`, what was looked at, and the finding."""
        mark = label("doctor.well" if self.well else "doctor.fix", language)
        return f"{mark:<4} {label(f'doctor.{self.what}', language)}: {text(self.why, language)}"


def examine(settings: Settings, *, deep: bool = False) -> list[DoctorFinding]:
    """All findings, in the order in which a problem would be met. `deep` also looks at every row in Milvus."""
    checks: tuple[Callable[[Settings], Iterator[DoctorFinding]], ...] = (
        _python,
        _packages,
        _disk,
        _kept,
        _originals,
        _offline_models,
        _qwen3_models,
        partial(_milvus, deep=deep),
        _chat,
    )
    return [finding for check in checks for finding in check(settings)]


def _python(settings: Settings) -> Iterator[DoctorFinding]:
    found = platform.python_version()
    least = ".".join(map(str, LEAST_PYTHON))
    yield DoctorFinding(
        "python", sys.version_info >= LEAST_PYTHON, reason("doctor.version", found=found, wanted=f">= {least}")
    )


def _packages(settings: Settings) -> Iterator[DoctorFinding]:
    wrong = []
    for name, wanted in required(REQUIREMENTS):
        try:
            found = version(name).partition("+")[0]
        except PackageNotFoundError:
            found = "-"
        if found != wanted:
            wrong.append(f"{name} {found} ({wanted})")
    why = reason("doctor.packages_wrong", names=", ".join(wrong)) if wrong else reason("doctor.packages_well")
    yield DoctorFinding("packages", not wrong, why)


def required(path: Path) -> Iterator[tuple[str, str]]:
    """(name, version) of every pinned line that is meant for this machine."""
    from packaging.requirements import Requirement

    for line in path.read_text(encoding="utf-8").splitlines():
        pinned = line.partition("#")[0].strip()
        if "==" not in pinned:
            continue
        one = Requirement(pinned)
        if one.marker is None or one.marker.evaluate():
            yield one.name, str(one.specifier).removeprefix("==")


def _disk(settings: Settings) -> Iterator[DoctorFinding]:
    folder = Path(settings.data_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as e:
        yield DoctorFinding("disk", False, reason("doctor.folder", path=str(folder), detail=e.strerror or str(e)))
        return
    why = reason("doctor.free", path=str(folder), free=free / 1e9, least=LEAST_DISK / 1e9)
    yield DoctorFinding("disk", free >= LEAST_DISK, why)


def _kept(settings: Settings) -> Iterator[DoctorFinding]:
    """Check that the file with conversations, marks and jobs is sound, reading it from its first page to its last."""
    from rag.data_folder import kept_in

    with closing(kept_in(settings)) as kept:
        if not kept.path.is_file():
            return
        damage = kept.damage()
    values = {"path": str(kept.path), "detail": damage}
    why = reason("doctor.kept_damaged" if damage else "doctor.kept_sound", **values)
    yield DoctorFinding("kept", not damage, why)


def _originals(settings: Settings) -> Iterator[DoctorFinding]:
    from rag.data_folder import ORIGINALS
    from rag.knowledge.originals import usage, waste

    folder = Path(settings.data_dir) / ORIGINALS
    try:
        used, aside = usage(folder), waste(folder)
    except OSError as e:
        yield DoctorFinding("originals", False, reason("doctor.folder", path=str(folder), detail=e.strerror or str(e)))
        return
    code = "doctor.originals_kept" if settings.keep_originals else "doctor.originals_off"
    yield DoctorFinding("originals", True, reason(code, path=str(folder), files=used.files, megabytes=used.size / 1e6))
    if aside.files:
        values = {"files": aside.files, "megabytes": aside.size / 1e6, "days": settings.waste_days}
        yield DoctorFinding("originals", True, reason("doctor.waste", **values))


def _offline_models(settings: Settings) -> Iterator[DoctorFinding]:
    from rag.models.offline import E5, MINILM

    for packaged in (MINILM, E5):
        if packaged is E5 and not E5.installed():
            yield DoctorFinding("offline_models", True, reason("offline.english_only", package=E5.package))
            continue
        try:
            packaged.find()
        except RagError as e:
            yield DoctorFinding("offline_models", settings.profile == "qwen3", e.reason)
        else:
            yield DoctorFinding("offline_models", True, reason("doctor.checked", model=packaged.name))


def _qwen3_models(settings: Settings) -> Iterator[DoctorFinding]:
    from rag.models.hub.locate import Missing, ModelFolder, locate

    for part, model, revision in (
        ("embedder", settings.embedding_model, settings.embedding_revision),
        ("reranker", settings.reranker_model, settings.reranker_revision),
    ):
        place = locate(model, revision)
        if isinstance(place, Missing):
            yield DoctorFinding(part, settings.profile != "qwen3", place.why)
        elif isinstance(place, ModelFolder):
            yield DoctorFinding(part, True, reason("doctor.model_here", model=model, revision=place.revision[:12]))
        else:
            yield DoctorFinding(part, True, reason("doctor.model_there", model=model, gigabytes=place.size / 1e9))


def _milvus(settings: Settings, *, deep: bool) -> Iterator[DoctorFinding]:
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


def _chat(settings: Settings) -> Iterator[DoctorFinding]:
    """Ask the language model's server for its models, which costs nothing; no answer is asked for."""
    from rag.models.chat.desk import ChatDesk
    from rag.models.chat.openai_chat import OpenAIChat

    desk = ChatDesk(settings, OpenAIChat)
    if desk.chat is None:
        yield DoctorFinding("chat", True, reason("runtime.no_chat_model"))
        return
    found, used = desk.look(), desk.in_use()
    if found.failure:
        yield DoctorFinding("chat", False, found.failure)
        return
    model, where = used.choice.model, {"model": used.choice.model, "server": used.host}
    yield DoctorFinding("chat", True, reason("doctor.chat_there", **where))
    if found.models and model not in found.models:
        names = some(found.models)
        yield DoctorFinding("chat", True, reason("doctor.chat_without", count=len(found.models), names=names, **where))
    if said := used.abilities and used.abilities.said():
        yield DoctorFinding("chat", True, said)
