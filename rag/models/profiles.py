"""The choice of a profile: the Qwen3 models where they can be had, else the packaged ones. Made once, with its reason.

Knows neither torch nor the hub: where the weights are is told by the functions it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from rag.errors import ModelsError
from rag.messages import Reason, reason
from rag.types import Fingerprint

Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Sought(Generic[Place]):
    """Location of a model's weights, or in `missing` why they cannot be had; `here` when nothing must be fetched."""

    place: Place | None
    here: bool = False
    missing: Reason | None = None


@dataclass(frozen=True, slots=True)
class Choice(Generic[Place]):
    """The profile, why, and for `qwen3` where embedder and reranker are."""

    profile: str
    why: Reason
    embedder: Place | None = None
    reranker: Place | None = None


def choose(
    wanted: str,
    indexed: Fingerprint | None,
    *,
    offline_models: Collection[str],
    seek: Callable[[], tuple[Sought[Place], Sought[Place]]],
) -> Choice[Place]:
    """The profile for the setting `wanted` (auto, qwen3 or offline) and an index that may already be there.

    `auto` stays with the models an existing index was made with: documents do not fall silent because a network came
    or went. `seek` looks for embedder and reranker and is called only where it matters. Raises ModelsError when
    `qwen3` is forced and cannot be had.
    """
    if wanted == "offline":
        return Choice("offline", reason("runtime.profile_forced"))
    if wanted == "auto" and indexed and indexed.model in offline_models:
        return Choice("offline", reason("runtime.profile_indexed", model=indexed.model))
    embedder, reranker = seek()
    missing = embedder.missing or reranker.missing
    if missing is None:
        here = embedder.here and reranker.here
        found = reason("runtime.profile_cached" if here else "runtime.profile_downloadable")
        why = reason("runtime.profile_forced") if wanted == "qwen3" else found
        return Choice("qwen3", why, embedder.place, reranker.place)
    if wanted == "qwen3":
        raise ModelsError(missing)
    return Choice("offline", missing)
