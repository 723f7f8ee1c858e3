"""How far Milvus Lite goes with the product's settings: ingest, search, recall, memory and reopening by size."""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.retrieval.fusion import fuse
from rag.store import MilvusStore, connect
from rag.types import Chunk, Document, Fingerprint, Fusion, Vectors

from . import machine
from .corpus import blocks

DIMENSION = 1024
CHUNKS_PER_DOCUMENT = 50
CLUSTERS = 200
SPREAD = 0.6
"""Length of a vector's own part against its cluster's: neighbours are near, as with real embeddings, but distinct."""
WORDS = 120
QUERIES = 60
DELETED = 20
"""Documents listed, opened, searched in and removed, one by one."""
LIMIT = 20
TOP = 10
COLLECTION = "benchmark"
FINGERPRINT = Fingerprint("random", "1", DIMENSION, "1", "1")


def main(options: argparse.Namespace) -> None:
    """One process per size, so that memory is each size's own; then JSON and a table."""
    path = options.json or Path(__file__).parent / "results" / f"store-{datetime.now(UTC):%Y%m%d-%H%M}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    run: dict[str, Any] = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine.describe(), "sizes": []}
    for rows in options.rows:
        print(f"store with {rows} chunks", file=sys.stderr, flush=True)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            run["sizes"].append(pool.submit(measure, rows).result())
        path.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    print(table(run))
    print(f"written: {path}", file=sys.stderr)


def measure(rows: int) -> dict[str, Any]:
    """Everything about one size, in a database of its own."""
    with tempfile.TemporaryDirectory(prefix="plainsight-store-") as folder:
        uri = str(Path(folder) / "milvus.db")
        store = MilvusStore.open(connect(uri), COLLECTION, FINGERPRINT)
        vectors = random_vectors(rows, seed=rows)
        started, cpu_started = time.perf_counter(), time.process_time()
        for number, start in enumerate(range(0, rows, CHUNKS_PER_DOCUMENT)):
            part = vectors[start : start + CHUNKS_PER_DOCUMENT]
            store.put(*_document(number, len(part)), part)
        put, put_cpu = time.perf_counter() - started, time.process_time() - cpu_started
        store.flush()
        flushed = time.perf_counter() - started - put
        found = _searches(store, vectors, rows)
        managed = _documents(store, vectors, rows)
        memory = _resident_gb()
        store.close()
        started = time.perf_counter()
        again = MilvusStore.open(connect(uri), COLLECTION, FINGERPRINT)
        opened = time.perf_counter() - started
        again.search_dense(vectors[:1], limit=LIMIT)
        first = time.perf_counter() - started - opened
        again.close()
        disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return {
        "chunks": rows,
        "put_per_s": rows / put,
        "put_per_core_s": rows / put_cpu,
        "flush_s": flushed,
        **found,
        "documents": managed,
        "memory_gb": memory,
        "disk_mb": disk / 1e6,
        "reopen_s": opened,
        "first_search_s": first,
    }


def random_vectors(rows: int, *, seed: int) -> Vectors:
    """Unit vectors `[rows, DIMENSION]` around random centres."""
    draw = np.random.default_rng(seed)
    centres = draw.standard_normal((CLUSTERS, DIMENSION), dtype=np.float32)
    vectors = SPREAD * draw.standard_normal((rows, DIMENSION), dtype=np.float32)
    vectors += centres[draw.integers(0, CLUSTERS, rows)]
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _name(number: int) -> str:
    return f"document-{number:05}.md"


def _document(number: int, count: int) -> tuple[Document, list[Chunk]]:
    draw = random.Random(number)
    words = " ".join(blocks()).split()
    texts = [" ".join(draw.choices(words, k=WORDS)) for _ in range(count)]
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)]).tolist()
    chunks = [
        Chunk(i, start, start + len(text), (f"Part {i}",), text, WORDS)
        for i, (start, text) in enumerate(zip(starts, texts, strict=False))
    ]
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    size = starts[-1]
    document = Document(_name(number), digest, f"Document {number}", "en", size, count, WORDS * count, 0.0)
    return document, chunks


def _searches(store: MilvusStore, vectors: Vectors, rows: int) -> dict[str, Any]:
    queries = random_vectors(QUERIES, seed=1)
    draw = random.Random(1)
    # Questions near stored chunks: a question about nothing in the collection has no right neighbours.
    queries = queries * 0.3 + vectors[[draw.randrange(rows) for _ in range(QUERIES)]]
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    words = sorted({word for block in blocks() for word in block.split() if word.isascii() and len(word) > 4})
    questions = [" ".join(draw.choices(words, k=8)) for _ in range(QUERIES)]
    exact = _exact(queries, vectors)
    hits = 0

    def dense(i: int) -> None:
        nonlocal hits
        found = store.search_dense(queries[i : i + 1], limit=LIMIT)
        places = {int(h.stored.document[9:14]) * CHUNKS_PER_DOCUMENT + h.stored.chunk.index for h in found[:TOP]}
        hits += len(places & set(exact[i].tolist()))

    def full_text(i: int) -> None:
        store.search_full_text(questions[i], limit=LIMIT)

    def hybrid(i: int) -> None:
        near = store.search_dense(queries[i : i + 1], limit=LIMIT)
        fuse(near, store.search_full_text(questions[i], limit=LIMIT), Fusion(60))

    timed = {"dense": _latency(dense), "full_text": _latency(full_text), "hybrid": _latency(hybrid)}
    return {**timed, "recall_at_10": hits / (TOP * QUERIES)}


def _documents(store: MilvusStore, vectors: Vectors, rows: int) -> dict[str, Any]:
    """What the page does with documents: list them, open one, search in one alone, remove one."""
    draw = random.Random(2)
    numbers = draw.sample(range(rows // CHUNKS_PER_DOCUMENT), DELETED)
    names = [_name(number) for number in numbers]
    words = sorted({word for block in blocks() for word in block.split() if word.isascii() and len(word) > 4})

    def in_one(i: int) -> None:
        first = numbers[i] * CHUNKS_PER_DOCUMENT
        near = store.search_dense(vectors[first : first + 1], limit=LIMIT, documents=names[i : i + 1])
        written = store.search_full_text(" ".join(draw.choices(words, k=8)), limit=LIMIT, documents=names[i : i + 1])
        assert {hit.stored.document for hit in near + written} == {names[i]}

    return {
        "list": _latency(lambda _: store.documents(), DELETED),
        "open": _latency(lambda i: store.chunks(names[i]), DELETED),
        "search_in_one": _latency(in_one, DELETED),
        "delete": _latency(lambda i: store.delete([names[i]]), DELETED),
    }


def _exact(queries: Vectors, vectors: Vectors) -> NDArray[np.int64]:
    return np.argsort(-(queries @ vectors.T), axis=1)[:, :TOP]


def _latency(call: Callable[[int], object], times: int = QUERIES) -> dict[str, float]:
    """Milliseconds; the questions differ, so nothing is answered from a cache. CPU time counts all threads."""
    wall, cpu = [], []
    for i in range(times):
        start, cpu_start = time.perf_counter(), time.process_time()
        call(i)
        cpu.append((time.process_time() - cpu_start) * 1000)
        wall.append((time.perf_counter() - start) * 1000)
    ordered = sorted(wall)
    return {
        "median_ms": statistics.median(wall),
        "p95_ms": ordered[int(0.95 * len(ordered))],
        "median_cpu_ms": statistics.median(cpu),
    }


def _resident_gb() -> float | None:
    path = Path("/proc/self/status")
    if not path.is_file():
        return None
    fields = dict(line.split(":", 1) for line in path.read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 2**20


def table(run: dict[str, Any]) -> str:
    """Markdown."""
    names = (
        *("chunks", "chunks/s", "per core-s", "flush s", "dense ms (CPU)", "full text ms (CPU)", "hybrid ms (CPU)"),
        *("hybrid 95 % ms", "recall@10", "memory GB", "disk MB", "reopen s"),
    )
    about = run["machine"]
    lines = [
        f"Machine: {machine.title(about)}; load {about['load_at_start']}; {run['date']}; {DIMENSION} dimensions.",
        "",
        "| " + " | ".join(names) + " |",
        "| " + " | ".join(["---:"] * len(names)) + " |",
    ]
    for size in run["sizes"]:
        cells = (
            f"{size['chunks']:,}",
            f"{size['put_per_s']:.0f}",
            f"{size['put_per_core_s']:.0f}",
            f"{size['flush_s']:.1f}",
            *(f"{size[k]['median_ms']:.0f} ({size[k]['median_cpu_ms']:.0f})" for k in ("dense", "full_text", "hybrid")),
            f"{size['hybrid']['p95_ms']:.0f}",
            f"{size['recall_at_10']:.3f}",
            "—" if size["memory_gb"] is None else f"{size['memory_gb']:.2f}",
            f"{size['disk_mb']:.0f}",
            f"{size['reopen_s'] + size['first_search_s']:.1f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *_documents_table(run["sizes"])])


def _documents_table(sizes: list[dict[str, Any]]) -> list[str]:
    """Of the sizes that were measured with it."""
    calls = ("list", "open", "search_in_one", "delete")
    lines = [
        "| chunks | list documents ms (CPU) | open one | hybrid search in one | delete one |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for size in sizes:
        if found := size.get("documents"):
            cells = [f"{found[call]['median_ms']:.0f} ({found[call]['median_cpu_ms']:.0f})" for call in calls]
            lines.append(f"| {size['chunks']:,} | {' | '.join(cells)} |")
    return lines
