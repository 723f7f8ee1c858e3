"""The packaged models, real ones, loaded once in a process whose tests open the product again and again."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from rag.models.device import DeviceLock
from rag.models.offline import E5Embedder, MiniLmEmbedder, PackagedEmbedder

LOAD = {kind: kind.load for kind in (E5Embedder, MiniLmEmbedder)}
"""How each is loaded, which takes a second."""


def keep_loaded(patch: pytest.MonkeyPatch) -> None:
    """Whoever loads one of the models gets the one that was loaded before."""
    for kind in LOAD:
        patch.setattr(kind, "load", lambda *, lock, kind=kind, **how: _loaded(kind, **how))


@cache
def _loaded(kind: type[E5Embedder] | type[MiniLmEmbedder], **how: Any) -> PackagedEmbedder:
    return LOAD[kind](lock=DeviceLock(), **how)
