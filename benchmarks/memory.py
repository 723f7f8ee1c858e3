"""Peak memory and start-up, each number type in a process of its own, both models loaded and used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = """
import json, sys, time
start, cpu = time.perf_counter(), time.process_time()
from pathlib import Path
import torch
torch.set_num_threads(1)
imported = time.perf_counter() - start
from rag.models.device import DeviceLock
from rag.models.engine.embedding import PackedEmbedder
from rag.models.numbers import NumberType
from rag.models.engine.reranking import PackedReranker
folder, kind = Path(sys.argv[1]), NumberType(sys.argv[2])
lock = DeviceLock()
options = dict(name="benchmark", revision="", number_type=kind, lock=lock)
embedder = PackedEmbedder.load(folder / "embedding", **options)
reranker = PackedReranker.load(folder / "reranker", **options)
ready, ready_cpu = time.perf_counter() - start, time.process_time() - cpu
text = "A passage of some length about vectors and passages. " * 40
embedder.embed_query("What is stored?", instruction="")
embedder.embed_documents([text])
list(reranker.score("What is stored?", [text], instruction=""))
# VmHWM, not ru_maxrss: that one begins at the size of the process that started this one.
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps({
    "import_torch_s": imported, "ready_s": ready, "ready_cpu_s": ready_cpu,
    "peak_gb": int(status["VmHWM"].split()[0]) / 2**20,
    "after_gb": int(status["VmRSS"].split()[0]) / 2**20,
    "transformers_imported": "transformers" in sys.modules,
}))
"""
LIBRARY = """
import json, sys, time
start, cpu = time.perf_counter(), time.process_time()
import transformers, sentence_transformers
print(json.dumps({"wall_s": time.perf_counter() - start, "cpu_s": time.process_time() - cpu}))
"""


def measure(folder: Path, number_types: list[str]) -> dict[str, Any]:
    """By number type; and what importing the libraries alone would cost. Linux only."""
    if not Path("/proc/self/status").is_file():
        return {}
    ours = {kind: _run(SCRIPT, str(folder), kind) for kind in number_types}
    return {**ours, "libraries": _run(LIBRARY)}


def _run(script: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
