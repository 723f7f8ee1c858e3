"""Loads the models of the chosen profile: finds or fetches them, and takes the fastest honest way to run them.

The Qwen3 models run on the packed engine where it knows their architecture, else on the libraries' own path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rag.events import Cancel
from rag.messages import Reason, reason
from rag.protocols import Embedder, Extractor, Reranker
from rag.settings import Settings
from rag.status import PartState, PartStatus
from rag.text.language import detect
from rag.types import Fingerprint

from .device import DeviceLock, Placement, choose_placement, limit_threads
from .kept_vectors import KeptVectors
from .loaded import Afterwards, Models, Report
from .profiles import Choice, Sought, choose

if TYPE_CHECKING:
    from .engine.serving import LoadedEmbedder, LoadedReranker, Serving
    from .hub.locate import Downloadable, ModelFolder

Model = TypeVar("Model", bound=Embedder | Reranker)


def load_models(
    settings: Settings,
    indexed: Fingerprint | None,
    report: Report,
    cancel: Cancel,
    *,
    extractor: Callable[[Embedder, Reranker | None], Extractor],
    kept: KeptVectors | None = None,
) -> Models:
    """Choose the profile, fetch what is missing, load. Raises ModelsError, or Stopped when cancelled.

    `kept` has the vectors of passages that offline models read before.
    """
    from .offline import E5, MINILM

    for part in ("embedder", "reranker"):
        report(PartStatus(part, PartState.LOADING))
    choice: Choice[ModelFolder | Downloadable] = choose(
        settings.profile, indexed, offline_models=(E5.name, MINILM.name), seek=lambda: _seek(settings)
    )
    placement = choose_placement(device=settings.device, threads=settings.threads)
    limit_threads(placement.threads)
    afterwards: Afterwards = _nothing
    if choice.profile == "offline":
        embedder, reranker = _load_offline(report, settings.number_type, kept)
    else:
        folders = {
            part: _fetched(part, place, report, cancel)
            for part, place in (("embedder", choice.embedder), ("reranker", choice.reranker))
            if place
        }
        embedder, reranker, afterwards = _load_qwen3(settings, folders, placement, report)
    detect("warm up")  # its table takes a second to load, which is better spent here than on the first question
    judge = reranker if choice.profile == "offline" else None  # a large model would read quotes for seconds
    return Models(choice.profile, choice.why, embedder, reranker, extractor(embedder, judge), afterwards)


def _seek(settings: Settings) -> tuple[Sought[ModelFolder | Downloadable], Sought[ModelFolder | Downloadable]]:
    from .hub.locate import Missing, ModelFolder, locate

    def seek(model: str, revision: str) -> Sought[ModelFolder | Downloadable]:
        place = locate(model, revision)
        if isinstance(place, Missing):
            return Sought(None, missing=place.why)
        return Sought(place, here=isinstance(place, ModelFolder))

    embedder = seek(settings.embedding_model, settings.embedding_revision)
    if embedder.missing:  # an unreachable hub is waited for once, not twice
        return embedder, embedder
    return embedder, seek(settings.reranker_model, settings.reranker_revision)


def _load_offline(report: Report, wanted: str, kept: KeptVectors | None) -> tuple[Embedder, Reranker]:
    """The multilingual model where its package is installed, with the English one beside it; else that one alone.

    In the number type that is `wanted`, or in the fastest where it has no such.
    """
    from .numbers import NumberType
    from .offline import E5, E5Embedder, MaxSimReranker, MiniLmEmbedder
    from .offline.affine import fast_type

    lock = DeviceLock()
    kind = NumberType(wanted) if wanted in (NumberType.FP32, NumberType.BF16) else fast_type()
    every = E5Embedder.load(lock=lock, number_type=kind, kept=kept) if E5.installed() else None
    if every:
        _ready(report, "embedder", every)
    english = MiniLmEmbedder.load(lock=lock, number_type=kind, kept=kept)
    if not every:
        _ready(report, "embedder", english, reason("offline.english_only", package=E5.package))
    reranker = MaxSimReranker(english, every)
    _ready(report, "reranker", reranker)
    return every or english, reranker


def _load_qwen3(
    settings: Settings, found: Mapping[str, ModelFolder], placement: Placement, report: Report
) -> tuple[Embedder, Reranker, Afterwards]:
    from .engine.serving import Serving, refusal

    refused = refusal(found["embedder"].path) or refusal(found["reranker"].path)
    if refused:
        return *_load_by_library(settings, found, placement, report, refused), _nothing
    serving = Serving(
        device=placement.device,
        number_type=settings.number_type,
        lock=DeviceLock(),
        data=Path(settings.data_dir),
    )
    embedder = serving.embedder(
        found["embedder"].path,
        name=_shown(settings.embedding_model),
        revision=found["embedder"].revision,
        dimension=settings.embedding_dimension,
        max_tokens=settings.embedding_max_tokens,
    )
    _ready(report, "embedder", embedder.model, embedder.plan.why)
    reranker = serving.reranker(
        found["reranker"].path,
        name=_shown(settings.reranker_model),
        revision=found["reranker"].revision,
        max_tokens=settings.reranker_max_tokens,
    )
    _ready(report, "reranker", reranker.model, reranker.plan.why)
    return embedder.model, reranker.model, lambda cancel: _check(serving, (embedder, reranker), report, cancel)


def _check(serving: Serving, loaded: Sequence[LoadedEmbedder | LoadedReranker], report: Report, cancel: Cancel) -> None:
    """Find out in the background whether a faster number type may be used from the next start on, and show it."""
    for one in loaded:
        why = serving.check(one, cancel=cancel)
        if why:
            _ready(report, one.subject.part, one.model, why)


def _nothing(cancel: Cancel) -> None:
    """There is nothing to do after loading."""


def _load_by_library(
    settings: Settings, found: Mapping[str, ModelFolder], placement: Placement, report: Report, refused: Reason
) -> tuple[Embedder, Reranker]:
    from .qwen3.embedding import Qwen3Embedder
    from .qwen3.reranking import Qwen3Reranker
    from .score_cache import RememberingReranker, ScoreCache

    lock = DeviceLock()
    embedding = partial(
        Qwen3Embedder.load,
        lock=lock,
        dimension=settings.embedding_dimension,
        max_tokens=settings.embedding_max_tokens,
        batch_tokens=settings.batch_tokens,
    )
    embedder, moved = _placed(embedding, settings.embedding_model, found["embedder"], placement)
    _ready(report, "embedder", embedder, moved or refused)
    reranking = partial(
        Qwen3Reranker.load,
        lock=lock,
        max_tokens=settings.reranker_max_tokens,
        batch_tokens=settings.batch_tokens,
    )
    scored, moved = _placed(reranking, settings.reranker_model, found["reranker"], placement)
    reranker = RememberingReranker(scored, ScoreCache())
    _ready(report, "reranker", reranker, moved or refused)
    return embedder, reranker


def _placed(
    load: Callable[..., Model], name: str, found: ModelFolder, placement: Placement
) -> tuple[Model, Reason | None]:
    """The model that `load` makes on the device, or where it has room, with the reason in that case."""
    from .memory import placed

    shown = _shown(name)
    return placed(
        placement.device,
        shown,
        lambda device: load(
            found.path,
            name=shown,
            revision=found.revision,
            placement=choose_placement(device=device, threads=placement.threads),
        ),
    )


def _ready(report: Report, part: str, model: Embedder | Reranker, why: Reason | None = None) -> None:
    report(PartStatus(part, PartState.READY, model.info.name, model.info, why))


def _shown(model: str) -> str:
    """The name of a model: its hub id, or the last part of a folder's path."""
    folder = Path(model).expanduser()
    return folder.resolve().name if folder.is_dir() else model


def _fetched(part: str, place: ModelFolder | Downloadable, report: Report, cancel: Cancel) -> ModelFolder:
    """The model's folder, downloaded first where it is not here."""
    from .hub.download import download
    from .hub.locate import ModelFolder

    if isinstance(place, ModelFolder):
        report(PartStatus(part, PartState.LOADING, place.path.name))
        return place

    def progress(done: int, total: int) -> None:
        report(PartStatus(part, PartState.DOWNLOADING, place.model_id, done=done, total=total))

    found = download(place, progress=progress, cancel=cancel)
    report(PartStatus(part, PartState.LOADING, place.model_id))
    return found
