"""all-MiniLM-L6-v2: small, quick, and English only."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Self

from safetensors import SafetensorError, safe_open
from torch import Tensor

from rag.errors import ModelRejected, ModelsError
from rag.messages import reason
from rag.status import ModelInfo

from ..device import DeviceLock
from ..kept_vectors import KeptVectors
from ..numbers import NumberType
from ..tokens import FileTokenizer, PlainTokenizer
from .embedder import Framing, PackagedEmbedder
from .encoder import Encoder
from .package import MINILM, check

BEFORE, AFTER = "[CLS]", "[SEP]"
"""What the model was trained to find around a text."""
INFO = ModelInfo(MINILM.name, MINILM.revision, "cpu", "float32", languages=("en",))


class PublishedWeights:
    """The weights of a published model folder. Raises ModelsError when they cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            config = json.loads((path / "config.json").read_text(encoding="utf-8"))
            self.layers, self.heads = int(config["num_hidden_layers"]), int(config["num_attention_heads"])
            self.epsilon = float(config["layer_norm_eps"])
            with self._open() as file:
                self._names = frozenset(file.keys())
        except (OSError, ValueError, KeyError, SafetensorError) as e:
            raise ModelsError(reason("offline.unreadable", path=str(path), error=f"{type(e).__name__}: {e}")) from e
        self._table = self.tensor("embeddings.word_embeddings.weight")

    def words(self, ids: Tensor) -> Tensor:
        """`[len(ids), hidden]` rows of the embedding table."""
        return self._table[ids].float()

    def tensor(self, name: str) -> Tensor:
        """The tensor of this name, in fp32. It is mapped for itself: what nobody holds any more leaves the memory."""
        if name not in self._names:
            raise ModelRejected(reason("engine.no_tensor", folder=self._path.name, tensor=name))
        with self._open() as file:
            found: Tensor = file.get_tensor(name)
        return found

    def _open(self) -> safe_open:
        return safe_open(self._path / "model.safetensors", framework="pt")


class MiniLmEmbedder(PackagedEmbedder):
    """Vectors of all-MiniLM-L6-v2."""

    @classmethod
    def load(
        cls,
        folder: Path | None = None,
        *,
        lock: DeviceLock,
        number_type: NumberType = NumberType.FP32,
        kept: KeptVectors | None = None,
    ) -> Self:
        """From the installed package, without a network and without running code of the package.

        Raises ModelsError when the package is not there or not readable, ModelRejected when its weights are not the
        ones that were measured.
        """
        if folder is None:
            folder = MINILM.find().parent
        else:
            check(folder / Path(MINILM.weights).name, sha256=MINILM.sha256)
        tokenizer = FileTokenizer(folder)
        tokenizer.backend_tokenizer.no_padding()  # the file asks for 128 pieces, whatever the text
        frame = Framing(tuple(tokenizer.template(BEFORE)), tuple(tokenizer.template(AFTER)))
        encoder = Encoder(PublishedWeights(folder), number_type)
        return cls(encoder, PlainTokenizer(tokenizer), question=frame, passage=frame, lock=lock, kept=kept)

    @property
    def info(self) -> ModelInfo:
        return replace(INFO, dtype=self._encoder.dtype)
