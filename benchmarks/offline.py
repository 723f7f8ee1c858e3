"""The packaged models of the offline profile: passages read per second of CPU time, in each number type.

Beside them in the same rounds: Sentence-Transformers with the English model, given the list as other pipelines do.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from . import machine

PASSAGES, SEED = 20, 7
REFERENCE = "sentence-transformers, English"


def main(options: argparse.Namespace) -> None:
    """Measure, write JSON, print the table."""
    from rag.models.device import prepare_environment

    from .__main__ import RESULTS

    prepare_environment(os.environ)
    os.environ["HF_HUB_OFFLINE"] = "1"
    run = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine.describe(), **measure(options.rounds or 5)}
    path = options.json or RESULTS / f"offline-{datetime.now(UTC):%Y%m%d-%H%M}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    print(table(run))
    print(f"written: {path}", file=sys.stderr)


def measure(rounds: int) -> dict[str, Any]:
    """CPU seconds for the passages and tokens of them, by method, on one thread."""
    from rag.models.device import DeviceLock
    from rag.models.offline import E5, E5Embedder, MiniLmEmbedder
    from rag.models.offline.affine import TYPES

    from . import timing

    timing.use_threads(1)
    models: dict[str, type[MiniLmEmbedder | E5Embedder]] = {"plainsight, English": MiniLmEmbedder}
    if E5.installed():
        models["plainsight, multilingual"] = E5Embedder
    methods: dict[str, Callable[[], Any]] = {REFERENCE: _reference()}
    tokens = {}
    for name, model in models.items():
        for kind in TYPES:
            loaded = model.load(lock=DeviceLock(), number_type=kind)
            passages = _passages(loaded)
            tokens[f"{name}, {kind}"] = sum(min(n, loaded.max_tokens) for n in loaded.count_tokens(passages))
            methods[f"{name}, {kind}"] = _reading(loaded, passages)
    tokens[REFERENCE] = tokens["plainsight, English, fp32"]
    timed = timing.interleaved(methods, rounds=rounds)
    return {"methods": {name: {"cpu": each.cpu, "tokens": tokens[name]} for name, each in timed.items()}}


def _passages(model: Any) -> list[str]:
    from . import corpus

    return corpus.chunks(PASSAGES, lambda text: model.count_tokens([text])[0], seed=SEED)


def _reading(model: Any, passages: list[str]) -> Callable[[], Any]:
    """Reads the passages as if for the first time: each round they begin with another number."""
    rounds = count()

    def read() -> Any:
        number = next(rounds)
        return model.embed_documents([f"{number} {text}" for text in passages])

    return read


def _reference() -> Callable[[], Any]:
    from sentence_transformers import SentenceTransformer

    from rag.models.device import DeviceLock
    from rag.models.offline import MINILM, MiniLmEmbedder

    ours = MiniLmEmbedder.load(lock=DeviceLock())
    passages = _passages(ours)
    model = SentenceTransformer(str(MINILM.find().parent), device="cpu", local_files_only=True)
    model.max_seq_length = ours.max_tokens + 2  # as much of each as ours reads
    return lambda: model.encode(passages)


def table(run: dict[str, Any]) -> str:
    """Rows of the methods, each beside the first."""
    rows = run["methods"]
    first = rows[REFERENCE]["cpu"] / rows[REFERENCE]["tokens"]
    lines = ["| method | ms CPU per 140 tokens | ratio |", "|---|---:|---:|"]
    for name, row in rows.items():
        each = row["cpu"] / row["tokens"]
        lines.append(f"| {name} | {1000 * 140 * each:.1f} | {first / each:.2f} |")
    return "\n".join(lines)
