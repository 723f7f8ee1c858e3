"""Text to the pieces of multilingual-e5-small's vocabulary: the likeliest way to cut it (a unigram model)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from tokenizers import Tokenizer, models, pre_tokenizers

from ..tokens import portions
from .packed_file import Vocabulary

SPACE = "▁"
NO_PIECE = " "
"""Put behind the name of a special piece: text that is cut holds no blank, so it never holds that piece."""


class PieceTokenizer:
    """Text to the ids of its pieces. `<s>` in a text is four characters, not the piece that begins every text."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._written_as = str.maketrans(dict(vocabulary.written_as))
        # only special pieces have no logarithm of a probability, but 0
        named = [(piece if score else piece + NO_PIECE, score) for piece, score in vocabulary.pieces]
        self._pieces = Tokenizer(models.Unigram(named, unk_id=vocabulary.unknown, byte_fallback=False))
        self._pieces.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always", split=True)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, without any special piece but the one for the unknown."""
        return [each.ids for each in self._pieces.encode_batch_fast([self._written(text) for text in texts])]

    def counts(self, texts: Sequence[str]) -> list[int]:
        """The number of pieces of each text."""
        return [len(ids) for part in portions(texts) for ids in self.ids(part)]

    def _written(self, text: str) -> str:
        """The text as it is cut: characters composed, then as the model's file has them, blanks single."""
        whole = text.encode("utf-8", "replace").decode("utf-8")  # half of a surrogate pair has no pieces
        return " ".join(unicodedata.normalize("NFC", whole).translate(self._written_as).split())
