"""Checks of a model folder: complete, of the right family, its version. Reads headers and samples, loads no model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from rag.errors import ModelRejected, ModelsError
from rag.messages import reason

FAMILY = "qwen3"
SMALL = ("config.json", "tokenizer.json")
SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
SAMPLES = 64
SAMPLE_BYTES = 4096


def missing_files(folder: Path) -> list[str]:
    """Names of the files still needed to load a Qwen3 model from `folder`; empty when it is complete.

    A weight file that was cut short, or is the small text file git leaves where its large files were not fetched,
    counts as missing.
    """
    absent = [name for name in SMALL if not (folder / name).is_file()]
    return absent + [name for name in weight_names(folder) if not is_whole(folder / name)]


def check_family(folder: Path, name: str) -> None:
    """Raise ModelRejected when the folder's model is not a Qwen3, ModelsError when its config cannot be read.

    Another family would load, and score nonsense with this one's prompts.
    """
    try:
        family = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type", "")
    except (OSError, ValueError, AttributeError) as e:
        raise ModelsError(reason("models.unreadable", model=name, error=f"{type(e).__name__}: {e}")) from e
    if family != FAMILY:
        raise ModelRejected(reason("models.family", model=name, family=str(family)))


def weight_names(folder: Path) -> list[str]:
    """Names of the weight files the folder should hold."""
    try:
        placed = json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"]
        return sorted(set(placed.values()))
    except FileNotFoundError:
        return [SINGLE]
    except (ValueError, KeyError, AttributeError, TypeError):
        return [INDEX]


def is_whole(path: Path) -> bool:
    """True if a safetensors file is as long as its own header says."""
    try:
        with path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
            size = path.stat().st_size
            if header > size:
                return False
            tensors = json.loads(file.read(header))
        ends = [entry["data_offsets"][1] for name, entry in tensors.items() if name != "__metadata__"]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return False
    return bool(ends) and size == 8 + header + max(ends)


def local_revision(folder: Path) -> str:
    """A name for the version of a folder that has none: the same files give the same, other weights another.

    Small files count whole, weight files by their size and evenly spread samples, so gigabytes take milliseconds.
    """
    digest = hashlib.sha256()
    names = {*SMALL, *weight_names(folder)}
    for name in sorted(names):
        path = folder / name
        if path.is_file():
            digest.update(f"{name}:{path.stat().st_size}\n".encode())
            for piece in _samples(path):
                digest.update(piece)
    return f"local-{digest.hexdigest()[:12]}"


def _samples(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    with path.open("rb") as file:
        if path.suffix != ".safetensors" or size <= SAMPLES * SAMPLE_BYTES:
            yield file.read()
            return
        for sample in range(SAMPLES):
            file.seek((size - SAMPLE_BYTES) * sample // (SAMPLES - 1))
            yield file.read(SAMPLE_BYTES)
