"""The values that travel between the parts. Knows no library but numpy.

documents   documents and chunks, as files and indexes hold them
retrieval   options, candidates and outcome of a search
steps       the steps by which the contexts of one answer are gathered
chat        messages to and from a language model

Words are those of the README: a *candidate* is a chunk any first stage returned, a *context* is a candidate sent to
the model, *evidence* is all candidates of one answer.
"""

from __future__ import annotations

from .chat import Exchange, Message, ReplyForm, ReplyWay, Usage
from .documents import (
    HEADING_SEPARATOR,
    Chunk,
    Document,
    Fields,
    Fingerprint,
    IndexedDocument,
    PassagePart,
    PlacedDocument,
    Source,
    StoredChunk,
    Vectors,
)
from .retrieval import (
    Candidate,
    Conflict,
    DenseRank,
    Fusion,
    Hit,
    Mode,
    Named,
    Narrowing,
    Ranked,
    RerankLimits,
    Retrieval,
    RetrievalOptions,
    logit,
    sigmoid,
    within,
)

__all__ = [
    "HEADING_SEPARATOR",
    "Candidate",
    "Chunk",
    "Conflict",
    "DenseRank",
    "Document",
    "Exchange",
    "Fields",
    "Fingerprint",
    "Fusion",
    "Hit",
    "IndexedDocument",
    "Message",
    "Mode",
    "Named",
    "Narrowing",
    "PassagePart",
    "PlacedDocument",
    "Ranked",
    "ReplyForm",
    "ReplyWay",
    "RerankLimits",
    "Retrieval",
    "RetrievalOptions",
    "Source",
    "StoredChunk",
    "Usage",
    "Vectors",
    "logit",
    "sigmoid",
    "within",
]
