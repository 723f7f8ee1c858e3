"""The packed file of multilingual-e5-small, in which a third party keeps the model: matrices in four bits.

Layout, all numbers little endian: `E5S1` and a version; the shape; the vocabulary with its scores; the characters that
are written otherwise before a text is cut; a table of tensors; their data. A matrix lies in blocks of 32 values: one
scale in half precision and 16 bytes, whose low halves are the first 16 values.

The file is mapped and stays as it is. The embedding table is read row by row, so most of it never reaches memory.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rag.errors import ModelRejected
from rag.messages import reason

MAGIC = b"E5S1\x01\x00\x00\x00"
BLOCK = 32
NOUGHT = 8
"""Code of 0: four bits count from -8 to 7."""
PACKED = np.dtype([("scale", "<f2"), ("codes", "u1", BLOCK // 2)])
FOUR_BITS = 1
"""Kind of a matrix in the table of tensors; the others are fp32."""

NAMES = {
    "embeddings.position_embeddings": "emb.pos",
    "embeddings.token_type_embeddings": "emb.type",
    "embeddings.LayerNorm": "emb.ln",
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi",
    "output.dense": "fo",
    "output.LayerNorm": "oln",
}
"""Names of published BERT checkpoints -> names in the file; those of a layer without its number."""
WORDS = "emb.word"
WIDE = "fi.w"
"""The one matrix with more rows than the model is wide."""
TABLES = ("emb.pos", "emb.type")
"""Matrices in fp32."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Pieces that a text is cut into, with the log-probability of each, and the ids of the special ones."""

    pieces: tuple[tuple[str, float], ...]
    start: int
    end: int
    unknown: int
    written_as: Mapping[str, str]
    """Character -> what stands for it in the text that is cut."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a tensor's data lie."""

    kind: int
    values: int
    start: int
    size: int


class PackedFile:
    """One such file, open for reading. Raises ModelRejected when it is not laid out like this."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._read(_Cursor(self._bytes))
        except (OSError, ValueError, struct.error) as error:
            raise ModelRejected(reason("offline.unreadable", path=str(path), error=str(error))) from error

    def _read(self, cursor: _Cursor) -> None:
        magic = cursor.bytes(len(MAGIC))
        if magic != MAGIC:
            raise ValueError(f"it begins with {magic!r}, expected {MAGIC!r}")
        self.hidden, self.layers, self.heads, self.intermediate, *_ = cursor.take("7i")
        (self.epsilon,), (block,) = cursor.take("f"), cursor.take("i")
        if block != BLOCK:
            raise ValueError(f"blocks of {block} values, expected {BLOCK}")
        self._vocabulary = cursor.at
        _skip_vocabulary(cursor)
        self._places = dict(_places(cursor))
        needed = max(place.start + place.size for place in self._places.values())
        if needed > len(self._bytes):
            raise ValueError(f"{len(self._bytes)} bytes, expected {needed}")
        self._words = self._blocks(WORDS).reshape(-1, self.hidden // BLOCK)

    def vocabulary(self) -> Vocabulary:
        """The vocabulary, read anew: a quarter of a million pieces are not kept here."""
        return _vocabulary(_Cursor(self._bytes, at=self._vocabulary))

    def words(self, ids: Tensor) -> Tensor:
        """`[len(ids), hidden]` fp32 rows of the embedding table."""
        return torch.from_numpy(_unpacked(self._words[ids.numpy()]).reshape(-1, self.hidden))

    def tensor(self, name: str) -> Tensor:
        """The tensor that published BERT checkpoints call `name`, in fp32."""
        own = _own(name)
        place = self._places.get(own)
        if place is None:
            raise ModelRejected(reason("engine.no_tensor", folder=str(self._path), tensor=name))
        if place.kind == FOUR_BITS:
            rows = self.intermediate if own.endswith(WIDE) else self.hidden
            return torch.from_numpy(_unpacked(self._blocks(own)).reshape(rows, -1))
        flat = torch.from_numpy(np.frombuffer(self._bytes, "<f4", place.values, place.start).copy())
        return flat.view(-1, self.hidden) if own in TABLES else flat

    def _blocks(self, own: str) -> NDArray[Any]:
        place = self._places[own]
        return np.frombuffer(self._bytes, PACKED, place.size // PACKED.itemsize, place.start)


def _own(name: str) -> str:
    """`encoder.layer.3.output.dense.weight` -> `l3.fo.w`."""
    stem, _, kind = name.rpartition(".")
    layer = ""
    if stem.startswith("encoder.layer."):
        number, _, stem = stem.removeprefix("encoder.layer.").partition(".")
        layer = f"l{number}."
    own = f"{layer}{NAMES.get(stem, stem)}"
    return own if own in TABLES else f"{own}.{kind[:1]}"


def _unpacked(blocks: NDArray[Any]) -> NDArray[np.float32]:
    """`[..., 32]`: the values of each block."""
    codes = blocks["codes"]
    values = np.concatenate([codes & 15, codes >> 4], axis=-1).astype(np.float32)
    values -= NOUGHT
    values *= blocks["scale"][..., None]
    return values


class _Cursor:
    """Reads one thing after the other."""

    def __init__(self, data: mmap.mmap, *, at: int = 0) -> None:
        self._data = data
        self.at = at

    def take(self, kinds: str) -> tuple[Any, ...]:
        """The next numbers, as `struct` names their kinds."""
        found = struct.unpack_from(f"<{kinds}", self._data, self.at)
        self.at += struct.calcsize(f"<{kinds}")
        return found

    def bytes(self, size: int) -> bytes:
        """The next `size` bytes."""
        found = self._data[self.at : self.at + size]
        if len(found) != size:
            raise ValueError(f"{len(self._data)} bytes, expected {self.at + size}")
        self.at += size
        return found

    def array(self, kind: str, count: int) -> NDArray[Any]:
        """The next `count` numbers of one kind."""
        return np.frombuffer(self.bytes(count * np.dtype(kind).itemsize), kind)


def _skip_vocabulary(cursor: _Cursor) -> None:
    (count, *_), (size,) = cursor.take("5i"), cursor.take("Q")
    cursor.bytes((2 * count + 1) * 4 + size)
    _, size = cursor.take("iI")
    cursor.bytes(size)


def _vocabulary(cursor: _Cursor) -> Vocabulary:
    (count, start, end, _, unknown), (size,) = cursor.take("5i"), cursor.take("Q")
    bounds = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).tolist()
    text = cursor.bytes(size)
    pieces = (text[first:last].decode("utf-8") for first, last in pairwise(bounds))
    return Vocabulary(tuple(zip(pieces, scores, strict=True)), start, end, unknown, dict(_characters(cursor)))


def _characters(cursor: _Cursor) -> Iterator[tuple[str, str]]:
    count, _ = cursor.take("iI")
    for _ in range(count):
        character, length = cursor.take("IB")
        yield chr(character), "".join(map(chr, cursor.take(f"{length}I")))


def _places(cursor: _Cursor) -> Iterator[tuple[str, _Place]]:
    (count,) = cursor.take("i")
    for _ in range(count):
        (length,) = cursor.take("H")
        name = cursor.bytes(length).decode("utf-8")
        yield name, _Place(*cursor.take("BIQQ"))
