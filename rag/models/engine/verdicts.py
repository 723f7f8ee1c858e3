"""Verdicts of the gate, kept in the data folder: one file per model, machine and set of questions."""

from __future__ import annotations

import hashlib
import json
import logging
import platform
from dataclasses import asdict
from pathlib import Path

import torch

from ..numbers import NumberType
from .gate import GateResult, Measurement

log = logging.getLogger(__name__)
ENGINE = 1
"""Raise when the engine's eight-bit arithmetic changes: earlier verdicts then no longer count."""

SAMPLES = 64
SAMPLE_BYTES = 4096


class GateResults:
    """Kept verdicts of one data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "engine"

    def get(self, key: str) -> GateResult | None:
        """The verdict kept under `key`; None when there is none that can be read."""
        path = self._path(key)
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            return GateResult(
                NumberType(kept["number_type"]),
                tuple(Measurement(**check) for check in kept["checks"]),
                float(kept["epsilon"]),
                int(kept["pairs"]),
                float(kept["seconds"]),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("the kept check %s cannot be read and will be made again: %s", path.name, error)
            return None

    def put(self, key: str, verdict: GateResult) -> None:
        """Keep a verdict. Written beside and moved into place, so that a crash leaves no half file."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(key)
        beside = path.with_suffix(".part")
        beside.write_text(json.dumps({**asdict(verdict), "passed": verdict.passed}, indent=1), encoding="utf-8")
        beside.replace(path)

    def _path(self, key: str) -> Path:
        return self._folder / f"gate-{key}.json"


def verdict_key(folder: Path, *, part: str, revision: str, sets: str) -> str:
    """Key of a verdict: a digest of part and model files, processor, torch, engine, and the sets' digest."""
    files = sorted(folder.glob("*.safetensors"))
    weights = [_sample(path) for path in files]
    config = (folder / "config.json").read_text(encoding="utf-8")
    parts = [part, revision, config, *weights, _processor(), torch.__version__, str(ENGINE), sets]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _sample(path: Path) -> str:
    """A digest of the file's size and of pieces spread over it: told apart in milliseconds, not in seconds."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for piece in range(SAMPLES):
            file.seek(size * piece // SAMPLES)
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if path.is_file():
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(sorted({line for line in lines if line.startswith(("model", "flags", "Features"))}))
    return f"{platform.machine()} {platform.processor()}"
