"""`python -m rag doctor`: looks at everything the product stands on, changes nothing, and says what to fix."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rag import ROOT
from rag.errors import RagError
from rag.knowledge.inventory_check import some
from rag.messages import reason
from rag.settings import Settings

from .doctor_finding import DoctorFinding
from .doctor_milvus import milvus

REQUIREMENTS = ROOT / "requirements.txt"
LEAST_PYTHON = (3, 11)
LEAST_DISK = 2_000_000_000
"""Bytes; a small knowledge base with its indexes. The Qwen3 weights need another 2.4 GB."""


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
        partial(milvus, deep=deep),
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
