"""Loading of the models: each in the number type this machine runs best, on the device that has room for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from rag.events import Cancel
from rag.messages import Reason
from rag.protocols import Embedder, Reranker

from ..device import DeviceLock
from ..memory import placed
from ..numbers import NumberType
from ..score_cache import RememberingReranker, ScoreCache
from .architecture import read_config, supports
from .choice import Plan, Subject, check, plan
from .embedding import PackedEmbedder
from .gate import Progress
from .gate_sets import GateSet, gate_sets
from .repair import RepairedReranker
from .reranking import PackedReranker
from .verdicts import GateResults

Model = TypeVar("Model")


def refusal(folder: Path) -> Reason | None:
    """The reason why the engine must not run this model, so that the library's path has to; None when it may."""
    return supports(read_config(folder))


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model, the plan it was loaded by, and what the gate would check it as."""

    plan: Plan
    subject: Subject


@dataclass(frozen=True, slots=True)
class LoadedEmbedder(Loaded):
    model: Embedder


@dataclass(frozen=True, slots=True)
class LoadedReranker(Loaded):
    model: Reranker


@dataclass(frozen=True, slots=True)
class Serving:
    """The loader of models. `number_type` is `auto`, fp32, bf16 or int8; verdicts are kept in `data`.

    `sets` are what int8 is checked with.
    """

    device: str
    number_type: str
    lock: DeviceLock
    data: Path
    sets: tuple[GateSet, ...] = field(default_factory=lambda: tuple(gate_sets()))

    def embedder(
        self, folder: Path, *, name: str, revision: str, dimension: int = 0, max_tokens: int = 8192
    ) -> LoadedEmbedder:
        """Raises ModelsError, ModelRejected among them."""
        subject = Subject(folder, "embedder", revision, self.sets)

        def load(device: str, number_type: NumberType) -> PackedEmbedder:
            return PackedEmbedder.load(
                folder,
                name=name,
                revision=revision,
                number_type=number_type,
                lock=self.lock,
                device=device,
                dimension=dimension,
                max_tokens=max_tokens,
            )

        made, model = self._load(subject, name, load)
        return LoadedEmbedder(made, subject, model)

    def reranker(self, folder: Path, *, name: str, revision: str, max_tokens: int = 4096) -> LoadedReranker:
        """int8 scores near the caller's cut are computed again in fp32 (`repair.py`). Scores are remembered.

        Raises ModelsError, ModelRejected among them.
        """
        subject, cache = Subject(folder, "reranker", revision, self.sets), ScoreCache()

        def load(device: str, number_type: NumberType, streamed: bool = False) -> PackedReranker:
            return PackedReranker.load(
                folder,
                name=name,
                revision=revision,
                number_type=number_type,
                lock=self.lock,
                device=device,
                max_tokens=max_tokens,
                streamed=streamed,
            )

        made, loaded = self._load(subject, name, load)
        model = RememberingReranker(loaded, cache)
        if made.number_type is not NumberType.INT8 or made.verdict is None:
            return LoadedReranker(made, subject, model)
        exact = RememberingReranker(load("cpu", NumberType.FP32, streamed=True), cache)
        return LoadedReranker(made, subject, RepairedReranker(model, exact, epsilon=made.verdict.epsilon))

    def check(self, loaded: Loaded, *, cancel: Cancel, progress: Progress = lambda done, total: None) -> Reason | None:
        """Find out whether the plan's pending faster type, if it has one, may be used from the next start on.

        Minutes of CPU time in packs that wait for everyone else's turn. Returns the outcome, None where nothing was
        pending or it was cancelled. Raises ModelsError.
        """
        if loaded.plan.pending is None:
            return None
        verdict = check(
            loaded.subject, verdicts=GateResults(self.data), lock=self.lock, cancel=cancel, progress=progress
        )
        return None if verdict is None else verdict.why

    def _load(self, subject: Subject, name: str, load: Callable[[str, NumberType], Model]) -> tuple[Plan, Model]:
        def planned(device: str) -> tuple[Plan, Model]:
            made = plan(subject, device=device, wanted=self.number_type, verdicts=GateResults(self.data))
            return made, load(device, made.number_type)

        (made, model), moved = placed(self.device, name, planned)
        return (made if moved is None else replace(made, why=moved)), model
