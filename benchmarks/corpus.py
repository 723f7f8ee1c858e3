"""Markdown passages of realistic length, cut and joined from the documents that ship with the product."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("assets/handbook", "README.md", "benchmarks/README.md", "CHANGELOG.md")
QUERIES = (
    "How does the reranker decide which passages are kept?",
    "Which database stores the vectors, and how do I move to a server?",
    "What happens when no document answers my question?",
    "怎样限制每次提问使用的上下文数量？",
)
RERANK_TOKENS = (150, 400)
"""Least and most tokens of a passage to rerank; their mean is near 275."""
CHUNK_QUANTILES = ((0.0, 40), (0.05, 79), (0.5, 266), (0.95, 449), (1.0, 520))
"""Token counts of 1,000 chunks of real Markdown of at most 1,500 characters."""

Count = Callable[[str], int]


def blocks() -> list[str]:
    """Paragraphs, lists, tables and code fences of the shipped Markdown, in file order."""
    files = [path for name in FOLDERS for path in _markdown(ROOT / name)]
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in files)
    return [block.strip() for block in re.split(r"\n\s*\n", text) if len(block.strip()) > 20]


def _markdown(path: Path) -> list[Path]:
    return sorted(path.rglob("*.md")) if path.is_dir() else [path] if path.is_file() else []


def passages(number: int, count: Count, *, seed: int) -> list[str]:
    """Passages to rerank, uniform within `RERANK_TOKENS`."""
    draw = random.Random(seed)
    return [_passage(draw.randint(*RERANK_TOKENS), count, draw) for _ in range(number)]


def chunks(number: int, count: Count, *, seed: int) -> list[str]:
    """Chunks to embed, with the spread of `CHUNK_QUANTILES`."""
    draw = random.Random(seed)
    # Evenly spread quantiles in random order: a dozen chunks already have the shape of thousands.
    levels = [(i + 0.5) / number for i in range(number)]
    draw.shuffle(levels)
    return [_passage(_quantile(level), count, draw) for level in levels]


def _quantile(level: float) -> int:
    for (low, small), (high, large) in pairwise(CHUNK_QUANTILES):
        if level <= high:
            return round(small + (level - low) / (high - low) * (large - small))
    return CHUNK_QUANTILES[-1][1]


def _passage(tokens: int, count: Count, draw: random.Random) -> str:
    """Random blocks until there are enough tokens, the last block cut at a word."""
    parts: list[str] = []
    pool = blocks()
    while count("\n\n".join(parts)) < tokens:
        parts.append(draw.choice(pool))
    words = re.split(r"(?<=\s)", "\n\n".join(parts))
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count("".join(words[:middle])) <= tokens else (low, middle - 1)
    return "".join(words[:low]).strip()
