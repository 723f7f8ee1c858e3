"""The packaged models, real ones, loaded once in a process whose tests open the product again and again."""

from __future__ import annotations

from functools import cache

import pytest

from rag.models.device import DeviceLock
from rag.models.numbers import NumberType
from rag.models.offline import E5Embedder, MiniLmEmbedder, PackagedEmbedder

LOAD = {kind: kind.load for kind in (E5Embedder, MiniLmEmbedder)}
"""How each is loaded, which takes a second."""


def keep_loaded(patch: pytest.MonkeyPatch) -> None:
    """Whoever loads one of the models gets the one that was loaded before, which keeps no vectors on the disk: a model
    for each folder of a test would fill the memory.
    """
    for kind in LOAD:
        patch.setattr(kind, "load", lambda *, lock, number_type, kept, kind=kind: _loaded(kind, number_type))


@cache
def _loaded(kind: type[E5Embedder] | type[MiniLmEmbedder], number_type: NumberType) -> PackagedEmbedder:
    return LOAD[kind](lock=DeviceLock(), number_type=number_type)
