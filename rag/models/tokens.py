"""Token ids of texts: untrusted text stays plain text, and batches waste little on padding.

Knows tokenizers, not models.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from rag.errors import ModelsError
from rag.messages import reason

CUT_AT_ONCE = 100_000
"""Characters of the texts whose pieces are held at a time: each piece takes some hundred bytes until it is a number."""
LOOK_AHEAD = 8
"""Batches' worth of texts sorted together where the first texts should be done first."""


class FileTokenizer:
    """`tokenizer.json` of a model folder, read without transformers."""

    def __init__(self, folder: Path) -> None:
        try:
            self.backend_tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # the library raises bare Exception for a missing or broken file
            raise ModelsError(
                reason("models.unreadable", model=folder.name, error=f"{type(error).__name__}: {error}")
            ) from error

    def published(self, text: str) -> list[int]:
        """The ids with special tokens recognised, and with those that the folder's own rules add."""
        ids: list[int] = self.backend_tokenizer.encode(text).ids
        return ids

    def template(self, text: str) -> list[int]:
        """The ids of our own text, special tokens recognised and none added."""
        ids: list[int] = self.backend_tokenizer.encode(text, add_special_tokens=False).ids
        return ids


class PlainTokenizer:
    """Text to ids with nothing in the text special.

    The tokenizers' own switch covers only tokens marked special; Qwen3 leaves `<think>` and the tool tags unmarked, so
    text could still produce them. Here the whole table of added tokens is taken away: such strings become ordinary
    pieces. All other text gives the ids of the tokenizer it was made from. Safe for many threads.
    """

    def __init__(self, tokenizer: Any) -> None:
        state = json.loads(tokenizer.backend_tokenizer.to_str())
        state.update(added_tokens=[], post_processor=None, truncation=None, padding=None)
        self._plain = Tokenizer.from_str(json.dumps(state))

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, without any special token."""
        encoded = self._plain.encode_batch_fast([_valid(text) for text in texts], add_special_tokens=False)
        return [each.ids for each in encoded]

    def counts(self, texts: Sequence[str]) -> list[int]:
        """The number of ids of each text."""
        return [len(ids) for part in portions(texts) for ids in self.ids(part)]

    def cut(self, text: str, limit: int) -> str:
        """The beginning of `text` that holds its first `limit` tokens; all of it where there are no more."""
        encoded = self._plain.encode(_valid(text), add_special_tokens=False)
        return text if len(encoded.ids) <= limit else text[: encoded.offsets[limit - 1][1]]


def _valid(text: str) -> str:
    # A browser can send half of a surrogate pair, which has no UTF-8 form and so no tokens.
    return text.encode("utf-8", "replace").decode("utf-8")


def portions(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """The texts in order, so many at a time that they hold `CUT_AT_ONCE` characters; a longer one is alone."""
    start, held = 0, 0
    for position, text in enumerate(texts):
        if position > start and held + len(text) > CUT_AT_ONCE:
            yield texts[start:position]
            start, held = position, 0
        held += len(text)
    if start < len(texts):
        yield texts[start:]


def batches(
    lengths: Sequence[int], *, budget: int, rows: int | None = None, in_order: bool = False
) -> Iterator[list[int]]:
    """Positions in groups of similar length, every position once.

    A group's longest text times its size stays within `budget` tokens (a longer text goes alone); it closes as soon as
    it holds `rows` tokens. With `in_order` only near neighbours are sorted, so that the first texts come first.
    """
    enough = min(rows or budget, budget)
    for span in _spans(lengths, LOOK_AHEAD * enough if in_order else None):
        group: list[int] = []
        for position in sorted(span, key=lengths.__getitem__):
            held = sum(lengths[p] for p in group)
            if group and (held >= enough or lengths[position] * (len(group) + 1) > budget):
                yield group
                group = []
            group.append(position)
        yield group


def _spans(lengths: Sequence[int], limit: int | None) -> Iterator[range]:
    start, held = 0, 0
    for position, length in enumerate(lengths):
        if limit is not None and position > start and held + length > limit:
            yield range(start, position)
            start, held = position, 0
        held += length
    if start < len(lengths):
        yield range(start, len(lengths))


def left_padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[list[list[int]], list[list[int]]]:
    """Ids and attention mask of equal length, padding on the left so that the last token ends every row."""
    width = max(map(len, rows))
    ids = [[pad] * (width - len(row)) + list(row) for row in rows]
    mask = [[0] * (width - len(row)) + [1] * len(row) for row in rows]
    return ids, mask
