"""`python -m benchmarks`: speed of reranking and embedding on this machine, without a network."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
SIZES = {"quick": ((4,), 1, 6), "standard": ((10, 30), 2, 12), "full": ((10, 30, 100), 3, 24)}
"""Passages per reranking table, rounds, and chunks to embed."""
CEILING_SECONDS = 0.5


def main(arguments: list[str]) -> None:
    """Measure, write JSON, print tables."""
    options = _options(arguments)
    if options.report:
        from .report import tables

        print(tables(json.loads(options.report.read_text(encoding="utf-8"))))
        return
    if options.what != "models":
        import_module(f".{options.what}", __package__).main(options)
        return
    from rag.models.device import prepare_environment

    # Timings must not depend on how long idle threads spin, and nothing may look for a hub.
    prepare_environment(os.environ)
    os.environ["HF_HUB_OFFLINE"] = "1"
    from .report import tables

    path = options.json or RESULTS / f"{options.size}-{options.device}-{datetime.now(UTC):%Y%m%d-%H%M}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="plainsight-benchmark-") as scratch:
        for run in _measure(options.models or Path(scratch), options):
            # After every table: a run of hours that is interrupted keeps what it measured.
            path.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    print("\n" + tables(json.loads(path.read_text(encoding="utf-8"))))
    _say(f"written: {path}")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=("models", "offline", "store", "start", "relevance"),
        default="models",
        help="offline: the packaged models; start: how soon the page answers; relevance: fit the offline curves",
    )
    parser.add_argument("--size", choices=SIZES, default="standard", help="quick: minutes; full: hours")
    parser.add_argument("--passages", type=int, nargs="+", help="passages per reranking table, instead of the size's")
    parser.add_argument("--rounds", type=int, help="rounds, instead of the size's")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 0], help="thread counts; 0 is all cores")
    parser.add_argument("--types", nargs="+", default=["fp32", "bf16", "int8"], help="number types of the engine")
    parser.add_argument(
        "--only", nargs="+", default=["rerank", "embed", "query", "memory"], help="rerank, peers, embed, query, memory"
    )
    parser.add_argument("--ours", action="store_true", help="rerank: the engine alone, without what it is compared to")
    parser.add_argument("--layers", type=int, default=28, help="fewer for a try; results then say so")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--models", type=Path, help="folder to keep the random models in (2.4 GB)")
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 50_000, 100_000], help="store: chunks")
    parser.add_argument("--sets", type=Path, default=Path(), help="relevance: folder of the labelled sets")
    parser.add_argument("--json", type=Path, help="where the result goes; default benchmarks/results/")
    parser.add_argument("--report", type=Path, help="print the tables of an earlier result and do nothing else")
    return parser.parse_args(arguments)


def _measure(folder: Path, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """The result so far, after every table."""
    from . import machine, memory, model, timing, work

    passages, rounds, chunks = SIZES[options.size]
    described = machine.describe()
    _say("writing random models")
    model.write_embedding(folder / "embedding", layers=options.layers)
    model.write_reranker(folder / "reranker", layers=options.layers)
    timing.use_threads(1)
    _say("timing matrix products")
    before = work.ceilings(CEILING_SECONDS, options.device)
    run: dict[str, Any] = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": described,
        "device": options.device,
        "layers": options.layers,
        "rounds": options.rounds or rounds,
        "ceilings": before,
        "rerank": [],
        "embed": [],
        "query": [],
    }
    plan = Plan(
        folder,
        options.device,
        tuple(options.types),
        tuple(count or described["cores"] for count in options.threads),
        tuple(options.passages or passages),
        options.rounds or rounds,
        chunks,
        model.shape(options.layers),
        references=not options.ours,
    )
    parts = (
        ("rerank", "rerank", _rerank),
        ("peers", "rerank", _peers),
        ("embed", "embed", _embed),
        ("query", "query", _query),
    )
    for part, place, measure in parts:
        if part in options.only:
            for table in measure(plan):
                run[place].append(table)
                yield run
    timing.use_threads(1)
    after = work.ceilings(CEILING_SECONDS, options.device)
    # Clocks wander: the ceiling is the better of two readings, so that shares are never flattered.
    run["ceilings"] = {name: max(value, after[name]) for name, value in before.items()}
    run["ceilings_read"] = [before, after]
    if "memory" in options.only and options.device == "cpu":
        _say("measuring memory")
        run["memory"] = memory.measure(folder, options.types)
    yield run


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, on which folder of models."""

    folder: Path
    device: str
    types: tuple[str, ...]
    threads: tuple[int, ...]
    passages: tuple[int, ...]
    rounds: int
    chunks: int
    shape: Any
    references: bool

    def number_types(self) -> Any:
        """The engine's number types."""
        from rag.models.numbers import NumberType

        return [NumberType(name) for name in self.types]


def _rerank(plan: Plan) -> Iterator[dict[str, Any]]:
    from . import rerank, timing

    rerankers = rerank.Rerankers(
        plan.folder / "reranker",
        number_types=plan.number_types(),
        device=plan.device,
        references=plan.references,
    )
    for count in plan.threads:
        timing.use_threads(count)
        for number in plan.passages:
            _say(f"reranking {number} passages, {count} threads")
            yield rerank.measure(rerankers, number=number, rounds=plan.rounds, progress=_say, shape=plan.shape)


def _peers(plan: Plan) -> Iterator[dict[str, Any]]:
    """The same passages with other engines, too; those are loaded anew for every number of threads."""
    from . import peers, rerank, timing

    rerankers = rerank.Rerankers(plan.folder / "reranker", number_types=plan.number_types(), device=plan.device)
    for count in plan.threads:
        timing.use_threads(count)
        _say("converting for other engines")
        others = peers.Peers(plan.folder / "reranker", plan.folder / "peers", limit=rerank.LIMIT)
        for number in plan.passages:
            _say(f"reranking {number} passages with other engines, {count} threads")
            yield rerank.measure(
                rerankers,
                number=number,
                rounds=plan.rounds,
                progress=_say,
                shape=plan.shape,
                others=others.methods,
            )


def _embed(plan: Plan) -> Iterator[dict[str, Any]]:
    from . import embed, timing

    embedders = embed.Embedders(plan.folder / "embedding", number_types=plan.number_types(), device=plan.device)
    for count in plan.threads:
        timing.use_threads(count)
        _say(f"embedding {plan.chunks} chunks, {count} threads")
        yield embed.measure_documents(
            embedders, number=plan.chunks, rounds=plan.rounds, progress=_say, shape=plan.shape
        )


def _query(plan: Plan) -> Iterator[dict[str, Any]]:
    from . import embed, timing

    embedders = embed.Embedders(plan.folder / "embedding", number_types=plan.number_types(), device=plan.device)
    for count in plan.threads:
        timing.use_threads(count)
        _say(f"embedding single queries, {count} threads")
        yield embed.measure_query(embedders, rounds=2 * plan.rounds + 1, progress=_say, shape=plan.shape)


START = time.monotonic()


def _say(line: str) -> None:
    print(f"[{time.monotonic() - START:7.1f} s] {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
