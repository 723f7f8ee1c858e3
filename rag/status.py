"""What is running now, as the page's header and the ledger name it."""

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
    """Rerankers: `p_yes` or `offline_estimate`."""


class PartState(StrEnum):
    """Where a part of the product is on its way to work."""

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
    """What is running now. `profile` is "" until chosen, then "qwen3" or "offline"; `why` says why that one."""

    profile: str
    why: Reason | None
    parts: tuple[PartStatus, ...]

    @property
    def score_name(self) -> str:
        """What the numbers of the running reranker are; "" while there is none."""
        return next((p.info.score_name for p in self.parts if p.part == "reranker" and p.info), "")

    @property
    def ready(self) -> bool:
        """Questions and files are accepted."""
        needed = {p.part: p.state for p in self.parts}
        return all(needed.get(part) is PartState.READY for part in ("embedder", "reranker", "store"))
