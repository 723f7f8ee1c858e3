"""How soon the page answers: a bare Gradio page against the product, each in a process of its own.

What counts is the difference: importing Gradio and launching a page take seconds that no Gradio app can save.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import machine

ROOT = Path(__file__).parent.parent
BARE = """
import sys
import gradio as gr
with gr.Blocks(analytics_enabled=False) as page:
    gr.Markdown("hello")
page.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
"""
EMPTY, FULL = "plainsight", "plainsight, handbook indexed"
REFERENCE = "gradio, one line of text"
PATIENCE = 180.0
BETWEEN_LOOKS = 0.01


Command = tuple[list[str], dict[str, str]]
"""A command line and the settings it is given."""


def main(options: argparse.Namespace) -> None:
    """Measure, write JSON, print the table."""
    from .__main__ import RESULTS

    run = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine.describe(),
        "methods": measure(options.rounds or 5),
    }
    path = options.json or RESULTS / f"start-{datetime.now(UTC):%Y%m%d-%H%M}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    print(table(run))
    print(f"written: {path}", file=sys.stderr)


def measure(rounds: int) -> dict[str, dict[str, Any]]:
    """Seconds from starting the process to its first complete page, by method; one round after the other."""
    with tempfile.TemporaryDirectory(prefix="plainsight-start-") as folder:
        empty, full = Path(folder, "empty"), Path(folder, "full")
        _fill(full)
        methods: dict[str, Callable[[int], Command]] = {
            REFERENCE: lambda port: ([sys.executable, "-c", BARE, str(port)], {}),
            EMPTY: lambda port: _app(port, empty),
            FULL: lambda port: _app(port, full),
        }
        bytecode = {"PYTHONPYCACHEPREFIX": str(Path(folder, "bytecode"))}
        runs: dict[str, list[tuple[float, float | None]]] = {name: [] for name in methods}
        for number in range(rounds + 1):
            for name, command in methods.items():
                port = free_port()
                arguments, settings = command(port)
                found = first_answer((arguments, settings | bytecode), port)
                if number:  # the first round fills the system's file cache and compiles, as a user's first start does
                    runs[name].append(found)
                print(f"round {number}/{rounds}  {name}: {found[0]:.2f} s", file=sys.stderr, flush=True)
    return {name: _row(found) for name, found in runs.items()}


def _app(port: int, data: Path) -> Command:
    settings = {"RAG_PORT": str(port), "RAG_DATA_DIR": str(data), "RAG_PROFILE": "offline", "RAG_LOG_LEVEL": "ERROR"}
    return [sys.executable, str(ROOT / "app.py")], settings


def _fill(data: Path) -> None:
    """A database as an earlier run leaves it: opening it must not stand in the page's way either."""
    ingest = [sys.executable, "-m", "rag", "ingest", str(ROOT / "assets" / "handbook")]
    settings = {"RAG_DATA_DIR": str(data), "RAG_PROFILE": "offline"}
    subprocess.run(ingest, cwd=ROOT, env={**_clean(), **settings}, stdout=subprocess.DEVNULL, check=True)


def first_answer(command: Command, port: int) -> tuple[float, float | None]:
    """Wall seconds until the page is there, and the CPU seconds its process has used by then."""
    with _running(command) as process:
        start = time.perf_counter()
        while not answers(port):
            if process.poll() is not None or time.perf_counter() - start > PATIENCE:
                raise SystemExit(f"{' '.join(command[0][:2])} did not answer on port {port}")
            time.sleep(BETWEEN_LOOKS)
        return time.perf_counter() - start, _cpu_seconds(process.pid)


@contextmanager
def _running(command: Command) -> Iterator[subprocess.Popen[bytes]]:
    arguments, settings = command
    quiet = subprocess.DEVNULL
    # From a folder without .env: the measurement must not depend on what the user set.
    process = subprocess.Popen(
        arguments, cwd=tempfile.gettempdir(), env={**_clean(), **settings}, stdout=quiet, stderr=quiet
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _clean() -> dict[str, str]:
    """The environment without settings of the product, and without what keeps Python from keeping what it compiled."""
    ours = ("RAG_", "MILVUS_", "OPENAI_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE) as answer:
            return answer.status == 200 and bool(answer.read())
    except (urllib.error.URLError, ConnectionError):
        return False


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _cpu_seconds(pid: int) -> float | None:
    """What the process has used so far; None where the system does not say."""
    path = Path(f"/proc/{pid}/stat")
    if not path.is_file():
        return None
    fields = path.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def _row(runs: list[tuple[float, float | None]]) -> dict[str, Any]:
    cpu = [seconds for _, seconds in runs if seconds is not None]
    return {
        "wall_s": statistics.median(wall for wall, _ in runs),
        "cpu_s": statistics.median(cpu) if cpu else None,
        "runs_wall_s": [wall for wall, _ in runs],
    }


def table(run: dict[str, Any]) -> str:
    """Markdown."""
    base = run["methods"][REFERENCE]
    lines = [
        f"Machine: {machine.title(run['machine'])}; load {run['machine']['load_at_start']}; {run['date']}.",
        "",
        "| first page | wall s | core-s | more than Gradio, wall s | more, core-s |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, row in run["methods"].items():
        cells = [f"{row['wall_s']:.2f}", _seconds(row["cpu_s"]), f"{row['wall_s'] - base['wall_s']:+.2f}"]
        more = None if row["cpu_s"] is None else row["cpu_s"] - base["cpu_s"]
        lines.append(f"| {name} | {' | '.join(cells)} | {_seconds(more, sign='+')} |")
    return "\n".join(lines)


def _seconds(value: float | None, *, sign: str = "") -> str:
    return "—" if value is None else f"{value:{sign}.2f}"
