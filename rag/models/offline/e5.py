"""multilingual-e5-small: a hundred languages, and questions in one about passages in another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Self

from rag.status import ModelInfo
from rag.text.language import detect

from ..device import DeviceLock
from ..kept_vectors import KeptVectors
from ..numbers import NumberType
from .centres import VERSION, sentences
from .embedder import Centre, Encoded, Framing, PackagedEmbedder
from .encoder import Encoder
from .package import E5
from .packed_file import PackedFile
from .pieces import PieceTokenizer

QUESTION, PASSAGE = "query:", "passage:"
"""What the model was trained to find before a question and before a passage."""
JUDGED_ELSEWHERE = ("en",)
"""Languages whose passages another model judges, but where the question is in another language."""
INFO = ModelInfo(E5.name, f"{E5.revision}, centres {VERSION}", "cpu", "float32")


class E5Embedder(PackagedEmbedder):
    """Vectors of multilingual-e5-small without what tells their language."""

    def __init__(
        self,
        encoder: Encoder,
        tokenizer: PieceTokenizer,
        *,
        question: Framing,
        passage: Framing,
        lock: DeviceLock,
        kept: KeptVectors | None = None,
        detect_language: Callable[[str], str] = detect,
    ) -> None:
        self._detect_language = detect_language
        self._centres: dict[tuple[str, Framing], Centre] = {}
        super().__init__(encoder, tokenizer, question=question, passage=passage, lock=lock, kept=kept)

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        *,
        lock: DeviceLock,
        number_type: NumberType = NumberType.FP32,
        kept: KeptVectors | None = None,
    ) -> Self:
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
        encoder = Encoder(file, number_type)
        return cls(encoder, tokenizer, question=question, passage=passage, lock=lock, kept=kept)

    @property
    def info(self) -> ModelInfo:
        return replace(INFO, dtype=self._encoder.dtype)

    def _judges(self, text: str) -> bool:
        return self._detect_language(text) not in JUDGED_ELSEWHERE

    def _settled(self, encoded: Encoded, text: str, frame: Framing) -> Encoded:
        return encoded.without(self._centre(self._detect_language(text), frame))

    def _centre(self, language: str, frame: Framing) -> Centre:
        """What texts of a language have in common, computed when the first of them is met."""
        known = self._centres.get((language, frame))
        if known is None:
            rows = self._framed(sentences(language), frame)
            with self._lock.turn(urgent=True):
                known = self._centres[language, frame] = Centre.of(self._run(rows, frame))
        return known
