"""A tiny random model in the layout of the packed multilingual model, with the fp32 weights it stands for."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HIDDEN, LAYERS, HEADS, WIDE, POSITIONS, BLOCK = 64, 2, 4, 96, 300, 32
EPSILON = 1e-12
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
PIECES = ("▁", "▁query", "▁passage", ":", "▁ab", "▁a", "a", "b", "c", "é", "<", "/", ">", "s", "▁<s>x", "<mask>")
"""Cut from texts, but for the last one, which is special, too."""
CHARACTERS = {"\n": " ", "Ａ": "a", "½": "1⁄2", "\x01": ""}

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TinyModel:
    """The file, and its tensors by the names of published BERT checkpoints."""

    path: Path
    weights: dict[str, Array]


def write_packed_model(path: Path, *, seed: int = 7) -> TinyModel:
    """A file of some 100 kB."""
    random = np.random.default_rng(seed)
    weights: dict[str, Array] = {}
    table: list[tuple[str, int, bytes, int]] = []

    def matrix(own: str, name: str, rows: int, columns: int) -> None:
        codes = random.integers(0, 16, (rows * columns // BLOCK, BLOCK), dtype=np.uint8)
        scales = random.uniform(0.01, 0.03, len(codes)).astype("<f2")
        weights[name] = ((codes.astype(np.float32) - 8) * scales[:, None].astype(np.float32)).reshape(rows, columns)
        packed = codes[:, :16] | codes[:, 16:] << 4
        data = b"".join(scale.tobytes() + row.tobytes() for scale, row in zip(scales, packed, strict=True))
        table.append((own, 1, data, rows * columns))

    def plain(own: str, name: str, *shape: int, around: float = 0.0) -> None:
        weights[name] = random.normal(around, 0.1, shape).astype(np.float32)
        table.append((own, 0, weights[name].astype("<f4").tobytes(), weights[name].size))

    pieces = SPECIAL + PIECES
    matrix("emb.word", "embeddings.word_embeddings.weight", len(pieces), HIDDEN)
    plain("emb.pos", "embeddings.position_embeddings.weight", POSITIONS, HIDDEN)
    plain("emb.type", "embeddings.token_type_embeddings.weight", 2, HIDDEN)
    plain("emb.ln.w", "embeddings.LayerNorm.weight", HIDDEN, around=1.0)
    plain("emb.ln.b", "embeddings.LayerNorm.bias", HIDDEN)
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        for own, name, rows, columns in (
            ("q", "attention.self.query", HIDDEN, HIDDEN),
            ("k", "attention.self.key", HIDDEN, HIDDEN),
            ("v", "attention.self.value", HIDDEN, HIDDEN),
            ("ao", "attention.output.dense", HIDDEN, HIDDEN),
            ("fi", "intermediate.dense", WIDE, HIDDEN),
            ("fo", "output.dense", HIDDEN, WIDE),
        ):
            matrix(f"l{layer}.{own}.w", f"{at}.{name}.weight", rows, columns)
            plain(f"l{layer}.{own}.b", f"{at}.{name}.bias", rows)
        for own, name in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            plain(f"l{layer}.{own}.w", f"{at}.{name}.weight", HIDDEN, around=1.0)
            plain(f"l{layer}.{own}.b", f"{at}.{name}.bias", HIDDEN)
    path.write_bytes(_file(pieces, table))
    return TinyModel(path, weights)


def _file(pieces: tuple[str, ...], table: list[tuple[str, int, bytes, int]]) -> bytes:
    special = {*SPECIAL, PIECES[-1]}
    scores = [0.0 if piece in special else -1.0 - 0.1 * number for number, piece in enumerate(pieces)]
    texts = [piece.encode() for piece in pieces]
    bounds = np.cumsum([0, *map(len, texts)]).astype("<u4")
    characters = b"".join(
        struct.pack(f"<IB{len(other)}I", ord(one), len(other), *map(ord, other)) for one, other in CHARACTERS.items()
    )
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, HEADS, WIDE, len(pieces), POSITIONS, 2, EPSILON, BLOCK)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, sum(map(len, texts)))
    head += bounds.tobytes() + np.array(scores, "<f4").tobytes() + b"".join(texts)
    head += struct.pack("<iI", len(CHARACTERS), len(characters)) + characters + struct.pack("<i", len(table))
    start = len(head) + sum(2 + len(own.encode()) + struct.calcsize("<BIQQ") for own, *_ in table)
    data = b""
    for own, kind, content, values in table:
        place = struct.pack("<BIQQ", kind, values, start + len(data), len(content))
        head += struct.pack("<H", len(own.encode())) + own.encode() + place
        data += content
    return head + data
