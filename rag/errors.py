"""The errors a user may meet. Each carries a `Reason`: what happened, with which value, what to do next.

RagError
├── SettingsError        a setting is out of bounds or not understood
├── ModelsError          a model is not there, not ready, or not what it should be
│   ├── ModelsNotReady   still loading: ask again in a moment
│   └── ModelRejected    a start-up check failed: wrong pooling, dimension, token ids, checksum
├── StoreError           Milvus said no
│   ├── StoreUnavailable nothing answers, access denied, or too slow
│   │   └── StoreSilent  it took the call and did not answer in time
│   ├── StoreLocked      another process holds the embedded database
│   └── IndexMismatch    the collection was made with another model or schema
├── TransferError        a knowledge base cannot be copied, exported or imported
├── DocumentRefused      one file cannot be ingested; the others go on
├── GenerationError      the chat model gave no (whole) answer
├── ChatChoiceRefused    a language model cannot be chosen like that, or not by whoever asks
├── KeepingError         a conversation cannot be kept, or is not there
├── LibraryError         a knowledge base is not there, or cannot be as asked
├── BundleRefused        a file holds no saved evidence
└── Stopped              the user pressed stop
"""

from __future__ import annotations

from .messages import Reason


class RagError(Exception):
    """An error shown to the user. `str()` is the English sentence, `reason` gives it in any language."""

    def __init__(self, why: Reason) -> None:
        super().__init__(why)
        self.reason = why

    def __str__(self) -> str:
        return str(self.reason)


class SettingsError(RagError):
    """A setting is out of bounds or not understood."""


class ModelsError(RagError):
    """A model is not there, not ready, or not what it should be."""


class ModelsNotReady(ModelsError):
    """Models are still loading; the same call works later."""


class ModelRejected(ModelsError):
    """A start-up check of a model failed; it must not be used."""


class StoreError(RagError):
    """Milvus refused an operation."""


class StoreUnavailable(StoreError):
    """Milvus does not answer, denies access, or is too slow."""


class StoreSilent(StoreUnavailable):
    """Milvus took a call and did not answer in time: another call would be waited for just as long."""


class StoreLocked(StoreError):
    """Another process holds the embedded database."""


class IndexMismatch(StoreError):
    """The collection was made with another model, dimension, chunker or schema."""


class TransferError(RagError):
    """A knowledge base cannot be copied, exported or imported."""


class DocumentRefused(RagError):
    """One file cannot be ingested."""


class GenerationError(RagError):
    """The chat model gave no answer, or not a whole one."""


class ChatChoiceRefused(RagError):
    """A language model cannot be chosen like that, or not by whoever asks."""


class KeepingError(RagError):
    """A conversation cannot be kept, or is not there."""


class LibraryError(RagError):
    """A knowledge base is not there, or cannot be as asked."""


class BundleRefused(RagError):
    """A file holds no saved evidence, or not as it was saved."""


class Stopped(RagError):
    """The user pressed stop."""
