"""State of the running parts and models, as the page's header and the ledger name them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .messages import Reason


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A running model as the page names it."""

    name: str
    revision: str
    device: str
    dtype: str
    languages: tuple[str, ...] = ()
    """ISO 639-1 codes the model knows; empty means many."""
    score_name: str = ""
    """Kind of a reranker's scores: `p_yes` or `offline_estimate`."""


class PartState(StrEnum):
    """State of a part of the product, from waiting to ready or failed."""

    WAITING = "waiting"
    DOWNLOADING = "downloading"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One line of the status panel. `part` is embedder, reranker, chat or store; `done`/`total` bytes of a download."""

    part: str
    state: PartState
    name: str = ""
    info: ModelInfo | None = None
    reason: Reason | None = None
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """State of all parts. `profile` is "" until chosen, then "qwen3" or "offline"; `why` says why that one."""

    profile: str
    why: Reason | None
    parts: tuple[PartStatus, ...]

    @property
    def score_name(self) -> str:
        """Kind of the running reranker's scores; "" while there is none."""
        return next((p.info.score_name for p in self.parts if p.part == "reranker" and p.info), "")

    @property
    def ready(self) -> bool:
        """True while questions and files are accepted."""
        needed = {p.part: p.state for p in self.parts}
        return all(needed.get(part) is PartState.READY for part in ("embedder", "reranker", "store"))
