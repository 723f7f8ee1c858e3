"""The JSON of a run -> the tables README quotes."""

from __future__ import annotations

from typing import Any

from . import embed, goals, rerank, start, store
from .machine import title


def tables(run: dict[str, Any]) -> str:
    """Markdown, whatever was measured."""
    if "sizes" in run:
        return store.table(run) + "\n"
    if "methods" in run:
        return start.table(run) + "\n"
    parts = [
        f"Machine: {title(run['machine'])}; load at the start {run['machine']['load_at_start']}; "
        f"torch {run['machine']['packages']['torch']}; {run['layers']} layers; "
        f"medians of {_rounds(run['rounds'])}; {run['date']}.",
        _ceilings(run),
    ]
    fp32 = goals.ceiling(run)
    clock = "wall_s" if run["device"] != "cpu" else "cpu_s"
    for table in run["rerank"]:
        parts.append(_rerank(table, fp32, clock))
    for table in run["embed"]:
        parts.append(_embed(table, fp32, clock, f"Embedding {table.get('chunks')} chunks", embed.ONE_BY_ONE))
    for table in run["query"]:
        parts.append(_embed(table, fp32, clock, f"Embedding {table['queries']} queries", embed.LIBRARY))
    if run.get("memory"):
        parts.append(_memory(run["memory"]))
    reached = list(goals.outcomes(run))
    if reached:
        parts.append(_goals(reached))
    return "\n\n".join(parts) + "\n"


def _known(value: float | None, form: str) -> str:
    return "—" if value is None else f"{value:{form}}"


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.4f}"


def _rounds(number: int) -> str:
    return "one round" if number == 1 else f"{number} rounds"


def _goals(reached: list[tuple[goals.Goal, float]]) -> str:
    rows = [
        [goal.name, f"{goal.must:g}", "—" if goal.aim is None else f"{goal.aim:g}", f"{value:.3g}", goal.verdict(value)]
        for goal, value in reached
    ]
    return "What this run reached:\n\n" + _table(["goal", "must", "aim", "reached", "met"], rows)


def _ceilings(run: dict[str, Any]) -> str:
    unit = "GFLOP/s per core-second" if run["device"] == "cpu" else "GFLOP/s"
    rows = [[name, f"{value:.0f}"] for name, value in run["ceilings"].items()]
    return f"Matrix products at the model's shapes, {unit}:\n\n" + _table(["number type", unit], rows)


def _rerank(table: dict[str, Any], ceiling: float, clock: str) -> str:
    methods = table["methods"]
    base = methods.get(rerank.TUTORIAL)
    rows = [
        [
            name,
            _seconds(row["cpu_s"]),
            _seconds(row["wall_s"]),
            f"{base[clock] / row[clock]:.2f}" if base else "—",
            f"{table['needed_gflops'] / row[clock] / ceiling:.2f}",
            _known(row.get("max_dp"), ".1e"),
            _known(row.get("rank_correlation"), ".3f"),
            _known(row.get("top_overlap"), ".2f"),
        ]
        for name, row in methods.items()
    ]
    tokens = table["prompt_tokens"]
    head = (
        f"Reranking {table['passages']} passages ({sum(tokens)} prompt tokens, mean {sum(tokens) / len(tokens):.0f}), "
        f"{table['threads']} thread{'s' * (table['threads'] > 1)}:\n\n"
    )
    names = ["method", "core-s", "wall s", "R", "U", "max \\|ΔP\\|", "rank corr.", "top-5 kept"]
    return head + _table(names, rows)


def _embed(table: dict[str, Any], ceiling: float, clock: str, what: str, base: str) -> str:
    rows = [
        [
            name,
            f"{row['cpu_s']:.2f}",
            f"{row['wall_s']:.2f}",
            f"{table['methods'][base][clock] / row[clock]:.2f}",
            f"{table['needed_gflops'] / row[clock] / ceiling:.2f}",
            f"{row['min_cosine']:.5f}",
        ]
        for name, row in table["methods"].items()
    ]
    head = f"{what} ({sum(table['tokens'])} tokens), {table['threads']} thread{'s' * (table['threads'] > 1)}:\n\n"
    return head + _table(["method", "core-s", "wall s", "R", "U", "min cosine"], rows)


def _memory(memory: dict[str, Any]) -> str:
    rows = [
        [kind, f"{row['peak_gb']:.2f}", f"{row['after_gb']:.2f}", f"{row['ready_s']:.1f}", f"{row['ready_cpu_s']:.1f}"]
        for kind, row in memory.items()
        if kind != "libraries"
    ]
    head = "Both models in one process, files cached:\n\n"
    seconds = memory["libraries"]["wall_s"]
    foot = f"\n\nImporting transformers and sentence-transformers alone: {seconds:.1f} s."
    return head + _table(["number type", "peak GB", "GB after", "ready, s", "ready, core-s"], rows) + foot


def _table(names: list[str], rows: list[list[str]]) -> str:
    lines = [names, ["---"] + ["---:"] * (len(names) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
