"""multilingual-e5-small: a hundred languages, and questions in one about passages in another."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from rag.status import ModelInfo

from ..device import DeviceLock
from .embedder import Framing, PackagedEmbedder
from .encoder import Encoder
from .package import E5
from .packed_file import PackedFile
from .pieces import PieceTokenizer

QUESTION, PASSAGE = "query:", "passage:"
"""What the model was trained to find before a question and before a passage."""
INFO = ModelInfo(E5.name, E5.revision, "cpu", "float32")


class E5Embedder(PackagedEmbedder):
    """Vectors of multilingual-e5-small."""

    @classmethod
    def load(cls, path: Path | None = None, *, lock: DeviceLock) -> Self:
        """From the installed package, whose file is read as data: none of its code runs.

        `path` is a file to be taken unchecked. Raises ModelsError when the package is not there, ModelRejected when its
        file is not the one that was measured, or is not laid out as it should be.
        """
        file = PackedFile(path or E5.find())
        vocabulary = file.vocabulary()
        tokenizer = PieceTokenizer(vocabulary)
        question, passage = (
            Framing((vocabulary.start, *ids), (vocabulary.end,)) for ids in tokenizer.ids([QUESTION, PASSAGE])
        )
        return cls(Encoder(file), tokenizer, question=question, passage=passage, lock=lock)

    @property
    def info(self) -> ModelInfo:
        return INFO
