"""The models of a profile once they are loaded, and what whoever loads them reports meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rag.events import Cancel
from rag.messages import Reason
from rag.protocols import Embedder, Extractor, Reranker
from rag.status import PartStatus

Afterwards = Callable[[Cancel], None]
"""Work that is left once the models answer, such as checking a faster number type; ends when cancelled."""


Report = Callable[[PartStatus], None]
"""Called by whoever loads a part, whenever its state changes."""


@dataclass(frozen=True, slots=True)
class Models:
    """The loaded models of a profile, and why that profile was chosen."""

    profile: str
    why: Reason
    embedder: Embedder
    reranker: Reranker
    extractor: Extractor
    afterwards: Afterwards
