"""`python -m benchmarks`: speed of reranking and embedding on this machine, without a network."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
SIZES = {"quick": ((4,), 1, 6), "standard": ((10, 30), 2, 12), "full": ((10, 30, 100), 3, 24)}
"""Passages per reranking table, rounds, and chunks to embed."""


def main(arguments: list[str]) -> None:
    """Measure, write JSON, print tables."""
    options = _options(arguments)
    if options.report:
        from .report import tables

        print(tables(json.loads(options.report.read_text(encoding="utf-8"))))
        return
    if options.what == "store":
        from .store import main as store

        store(options)
        return
    from rag.device import prepare_environment

    # Timings must not depend on how long idle threads spin, and nothing may look for a hub.
    prepare_environment(os.environ)
    os.environ["HF_HUB_OFFLINE"] = "1"
    run = _measure(options)
    from .report import tables

    name = options.json or RESULTS / f"{options.size}-{options.device}-{datetime.now(UTC):%Y%m%d-%H%M}.json"
    name.parent.mkdir(parents=True, exist_ok=True)
    name.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    print("\n" + tables(run))
    _say(f"written: {name}")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("models", "store"), default="models")
    parser.add_argument("--size", choices=SIZES, default="standard", help="quick: minutes; full: hours")
    parser.add_argument("--passages", type=int, nargs="+", help="passages per reranking table, instead of the size's")
    parser.add_argument("--rounds", type=int, help="rounds, instead of the size's")
    parser.add_argument("--threads", type=int, nargs="+", default=[1], help="thread counts; 0 is all cores")
    parser.add_argument("--types", nargs="+", default=["fp32", "bf16", "int8"], help="number types of the engine")
    parser.add_argument("--only", nargs="+", default=["rerank", "embed", "query", "memory"], help="parts to measure")
    parser.add_argument("--layers", type=int, default=28, help="fewer for a try; results then say so")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--models", type=Path, help="folder to keep the random models in (2.4 GB)")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 50_000], help="store: chunks")
    parser.add_argument("--json", type=Path, help="where the result goes; default benchmarks/results/")
    parser.add_argument("--report", type=Path, help="print the tables of an earlier result and do nothing else")
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="plainsight-benchmark-") as scratch:
        return _measure_in(options.models or Path(scratch), options)


def _measure_in(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    from . import machine, memory, model, timing, work

    passages, rounds, chunks = SIZES[options.size]
    passages, rounds = tuple(options.passages or passages), options.rounds or rounds
    described, shape = machine.describe(), model.shape(options.layers)
    _say("writing random models")
    model.write_embedding(folder / "embedding", layers=options.layers)
    model.write_reranker(folder / "reranker", layers=options.layers)
    run: dict[str, Any] = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": described,
        "device": options.device,
        "layers": options.layers,
        "size": options.size,
        "rounds": rounds,
        "rerank": [],
        "embed": [],
        "query": [],
    }
    timing.use_threads(1)
    _say("timing matrix products")
    before = work.ceilings(1.0, options.device)
    threads = [count or described["cores"] for count in options.threads]
    if "rerank" in options.only:
        run["rerank"] = _rerank(folder, options, threads, passages, rounds, shape)
    if {"embed", "query"} & set(options.only):
        run |= _embed(folder, options, threads, chunks, rounds, shape)
    timing.use_threads(1)
    after = work.ceilings(1.0, options.device)
    # Clocks wander: the ceiling is the better of two readings, so that shares are never flattered.
    run["ceilings"] = {name: max(value, after[name]) for name, value in before.items()}
    run["ceilings_read"] = [before, after]
    if "memory" in options.only and options.device == "cpu":
        _say("measuring memory")
        run["memory"] = memory.measure(folder, options.types)
    return run


def _rerank(
    folder: Path, options: argparse.Namespace, threads: list[int], passages: tuple[int, ...], rounds: int, shape: Any
) -> list[dict[str, Any]]:
    from rag.engine.numbers import NumberType

    from . import rerank, timing

    types = [NumberType(name) for name in options.types]
    rerankers = rerank.Rerankers(folder / "reranker", number_types=types, device=options.device)
    found = []
    for count in threads:
        timing.use_threads(count)
        for number in passages:
            _say(f"reranking {number} passages, {count} threads")
            found.append(rerank.measure(rerankers, number=number, rounds=rounds, progress=_say, shape=shape))
    return found


def _embed(
    folder: Path, options: argparse.Namespace, threads: list[int], chunks: int, rounds: int, shape: Any
) -> dict[str, Any]:
    from rag.engine.numbers import NumberType

    from . import embed, timing

    types = [NumberType(name) for name in options.types]
    embedders = embed.Embedders(folder / "embedding", number_types=types, device=options.device)
    found: dict[str, Any] = {"embed": [], "query": []}
    for count in threads:
        timing.use_threads(count)
        given = {"rounds": rounds, "progress": _say, "shape": shape}
        if "embed" in options.only:
            _say(f"embedding {chunks} chunks, {count} threads")
            found["embed"].append(embed.measure_documents(embedders, number=chunks, **given))
        if "query" in options.only:
            found["query"].append(embed.measure_query(embedders, **given))
    return found


START = time.monotonic()


def _say(line: str) -> None:
    print(f"[{time.monotonic() - START:7.1f} s] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
